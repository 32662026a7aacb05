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
        PLACE.with(|place| {
            let (span, parameters) = place.as_ref().ok_or_else(|| anyhow::anyhow!("`{name}` cannot be called"))?;
            let call = || (self.function.0)(span, parameters, arguments, true);
            match catch_unwind(AssertUnwindSafe(call)) {
                Ok(Ok(value)) => Ok(value),
                Ok(Err(error)) => Err(reworded(name, &error.to_string())),
                Err(_panic) => Err(anyhow::anyhow!("`{name}` failed on these arguments")),
            }
        })
    }
}

/// More parameters than any built-in looks at.
const PARAMETERS: usize = 8;

thread_local! {
    /// A place and parameters that stand for the call's, which an extension is not told.
    static PLACE: Option<(Span, Vec<Ref<Expr>>)> = {
        Source::from_contents("built-in".to_owned(), "built-in".to_owned()).ok().map(|source| {
            let span = Span { source, line: 1, col: 1, start: 0, end: 8 };
            let parameter = || Ref::new(Expr::Null { span: span.clone(), value: Value::Null, eidx: 0 });
            let parameters = std::iter::repeat_with(parameter).take(PARAMETERS).collect();
            (span, parameters)
        })
    };
}

fn reworded(name: &str, error: &str) -> anyhow::Error {
    let cause = without_place(error);
    if cause.contains(name) { anyhow::anyhow!("{cause}") } else { anyhow::anyhow!("`{name}`: {cause}") }
}

fn without_place(message: &str) -> &str {
    message.rsplit_once("error: ").map_or(message, |(_, cause)| cause).trim()
}
