//! Calls the built-in of regorus that a guard stands before.

use regorus::Value;
use regorus::unstable::{BUILTINS, BuiltinFcn, Expr, Ref, Source, Span};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A built-in of regorus.
#[derive(Clone, Copy)]
pub(super) struct Original {
    function: BuiltinFcn,
    /// How many arguments it takes.
    pub(super) arguments: u8,
}

impl Original {
    pub(super) fn find(name: &str) -> anyhow::Result<Self> {
        let function = *BUILTINS.get(name).ok_or_else(|| anyhow::anyhow!("regorus has no built-in `{name}`"))?;
        Ok(Self { function, arguments: function.1 })
    }

    /// Calls it with strict errors. The place in its errors is dropped: the engine adds the place of the call.
    pub(super) fn call(self, name: &str, arguments: &[Value]) -> anyhow::Result<Value> {
        let (span, parameters) = place(usize::from(self.arguments))?;
        let call = || (self.function.0)(&span, &parameters, arguments, true);
        match catch_unwind(AssertUnwindSafe(call)) {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => {
                let error = error.to_string();
                let cause = without_place(&error);
                if cause.contains(name) {
                    Err(anyhow::anyhow!("{cause}"))
                } else {
                    Err(anyhow::anyhow!("`{name}`: {cause}"))
                }
            }
            Err(_panic) => Err(anyhow::anyhow!("`{name}` failed on these arguments")),
        }
    }
}

/// A place and parameters that stand for the call's, which an extension is not told.
fn place(arguments: usize) -> anyhow::Result<(Span, Vec<Ref<Expr>>)> {
    let source = Source::from_contents("built-in".to_owned(), "built-in".to_owned())?;
    let span = Span { source, line: 1, col: 1, start: 0, end: 8 };
    let parameter = || Ref::new(Expr::Null { span: span.clone(), value: Value::Null, eidx: 0 });
    // `print` and errors about too many arguments ask for one more.
    let parameters = std::iter::repeat_with(parameter).take(arguments + 1).collect();
    Ok((span, parameters))
}

fn without_place(message: &str) -> &str {
    message.rsplit_once("error: ").map_or(message, |(_, cause)| cause).trim()
}
