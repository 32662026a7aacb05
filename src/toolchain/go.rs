//! Go: a library for `wasip1`. Its runtime imports WASI, which the adapter answers.

use crate::domain::hinted::HintedError;

use super::command::Tool;
use super::scratch::Scratch;
use super::{Project, output};

pub(super) fn build(project: &Project<'_>) -> Result<Vec<u8>, HintedError> {
    let go = Tool::named("go", "install Go 1.24 or later from https://go.dev/dl");
    let scratch = Scratch::new()?;
    let core = scratch.path().join("core.wasm");
    // Bindings of wit-bindgen link to a function of the runtime, which the linker refuses otherwise.
    let fixed =
        ["build", "-buildmode=c-shared", "-trimpath", "-buildvcs=false", "-ldflags=-s -w -checklinkname=0", "-o"];
    let mut command = go.command(project, fixed);
    command.arg(&core).args(project.arguments).arg(".").env("GOOS", "wasip1").env("GOARCH", "wasm");
    go.run(project, &mut command)?;
    output(&core)
}
