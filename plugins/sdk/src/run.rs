//! From the component's exports to a rule, and from a rule to the component's imports. [`crate::export!`] uses it.

use std::marker::PhantomData;
use std::panic;

use crate::bindings::exports::holdpoint::plugin::rule::Guest;
#[cfg(feature = "secrets")]
use crate::bindings::holdpoint::plugin::secrets;
use crate::bindings::holdpoint::plugin::types::EvaluationInput;
use crate::bindings::holdpoint::plugin::{log, records};
use crate::{DeploymentRecord, Filter, Host, Input, Level, Metadata, Parameters, Records, Rule, Verdict};

/// A component whose rule is `R`.
pub struct Component<R>(PhantomData<R>);

impl<R: Rule> Guest for Component<R> {
    fn describe() -> Metadata {
        tell_panics();
        R::metadata()
    }

    fn check_parameters(parameters: String) -> Result<(), Vec<String>> {
        tell_panics();
        let parameters = R::Parameters::read(&parameters).map_err(|why| vec![why])?;
        R::check_parameters(&parameters)
    }

    fn evaluate(input: EvaluationInput) -> Result<Verdict, String> {
        tell_panics();
        R::evaluate(&Input::new(input)?, &Imports)
    }
}

/// A panic ends as a trap, which has no words. These go to the log, where holdpoint looks for them.
fn tell_panics() {
    panic::set_hook(Box::new(|panic| log::log(Level::Error, &panic.to_string())));
}

/// What the component imports.
struct Imports;

impl Records for Imports {
    fn count(&self, filter: &Filter) -> u32 {
        records::count(filter)
    }

    fn latest(&self, filter: &Filter) -> Option<DeploymentRecord> {
        records::latest(filter)
    }

    fn page(&self, filter: &Filter, offset: u32, limit: u32) -> Vec<DeploymentRecord> {
        records::page(filter, offset, limit)
    }
}

impl Host for Imports {
    fn records(&self) -> &(impl Records + ?Sized) {
        self
    }

    fn log(&self, level: Level, message: &str) {
        log::log(level, message);
    }

    #[cfg(feature = "http")]
    fn http(&self) -> &impl crate::http::Http {
        &crate::http::Granted
    }

    #[cfg(feature = "secrets")]
    fn secret(&self, name: &str) -> Option<String> {
        secrets::get(name)
    }
}
