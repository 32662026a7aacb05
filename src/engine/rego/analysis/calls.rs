//! Functions: each call must name one that exists and is allowed, with as many arguments as it takes.

use super::program::{Kind, Part, Program, fault};
use super::walk::{Here, Mention, Visitor};
use super::{MAX_STATEMENTS, PolicyFault};
use crate::domain::text::nearest;
use crate::engine::rego::builtins::FORBIDDEN;
use regorus::unstable::{BUILTINS, Expr, Query, Ref, Rule, Span, WithModifier};
use std::collections::BTreeMap;

/// regorus keeps the number of arguments in a byte.
const MAX_ARGUMENTS: usize = 64;

/// Built-ins of OPA that the engine lacks, alone or all that begin with a name.
const ABSENT: [&str; 14] = [
    "array.flatten",
    "crypto.",
    "graphql.",
    "io.jwt.",
    "json.match_schema",
    "json.verify_schema",
    "net.cidr_contains_matches",
    "net.cidr_intersects",
    "net.cidr_merge",
    "net.cidr_overlap",
    "providers.aws.",
    "regex.globs_match",
    "strings.render_template",
    "uuid.parse",
];

/// The calls of all rules.
pub(super) struct Calls<'check> {
    functions: BTreeMap<&'check [Part], Kind>,
    pub(super) faults: Vec<PolicyFault>,
}

/// What is wrong with functions themselves, and with defaults.
pub(super) fn check_definitions(program: &Program<'_>, faults: &mut Vec<PolicyFault>) {
    for definition in &program.definitions {
        if matches!(definition.kind, Kind::Function(arguments) if arguments > MAX_ARGUMENTS) {
            let message = format!("the function takes more than {MAX_ARGUMENTS} arguments");
            faults.push(definition.fault("too_many_arguments", message, "take an object instead"));
        }
        if let Rule::Default { value, .. } = definition.rule {
            walk_default(value, faults);
        }
    }
}

/// A default must have a value whatever happens.
fn walk_default(value: &Expr, faults: &mut Vec<PolicyFault>) {
    match value {
        Expr::Var { span, .. } | Expr::RefDot { span, .. } | Expr::RefBrack { span, .. } | Expr::Call { span, .. } => {
            let message = format!("the default value `{}` may be undefined", span.text());
            faults.push(fault(span, "default_value", message, "write a value, such as `false` or `\"\"`"));
        }
        Expr::Array { items, .. } | Expr::Set { items, .. } => {
            for item in items {
                walk_default(item, faults);
            }
        }
        Expr::Object { fields, .. } => fields.iter().for_each(|(_, _, field)| walk_default(field, faults)),
        _ => {}
    }
}

/// What a called name stands for.
enum Called {
    Takes(usize),
    Any,
    /// The built-in `walk`, which has many results.
    Walk,
    NoFunction(Kind),
    Forbidden(&'static str),
    Unknown,
}

impl<'check> Calls<'check> {
    pub(super) fn new(program: &'check Program<'_>) -> Self {
        let mut functions = BTreeMap::new();
        for definition in &program.definitions {
            functions.entry(definition.path.as_slice()).or_insert(definition.kind);
        }
        Self { functions, faults: Vec::new() }
    }

    fn resolve(&self, name: &str, called: &Mention<'_>, here: &Here<'_, '_>) -> Called {
        let root = called.written.as_deref().and_then(<[Part]>::first);
        let is_root = || matches!(root, Some(Part::Name(root)) if here.program.is_root(&here.definition.home, root));
        match called.below_data().map(|path| self.functions.get(path)) {
            Some(Some(Kind::Function(arguments))) => return Called::Takes(*arguments),
            Some(Some(&kind)) => return Called::NoFunction(kind),
            // A rule `time.x` does not hide the built-in `time.now_ns`; an import of the name `time` does, in OPA.
            Some(None) if !is_root() => return Called::Unknown,
            _ => {}
        }
        if let Some(&(_, reason)) = FORBIDDEN.iter().find(|(forbidden, _)| *forbidden == name) {
            return Called::Forbidden(reason);
        }
        if ABSENT.iter().any(|absent| name == *absent || (absent.ends_with('.') && name.starts_with(absent))) {
            return Called::Forbidden("it is not available");
        }
        if name == "walk" {
            return Called::Walk;
        }
        if name == "print" {
            return Called::Any;
        }
        BUILTINS.get(name).map_or(Called::Unknown, |(_, arguments)| Called::Takes(usize::from(*arguments)))
    }

    fn function(&mut self, called: &Mention<'_>, check_count: Option<(usize, bool)>, here: &Here<'_, '_>) {
        let span = called.expression.span();
        let Some(written) = &called.written else { return };
        let name = dotted(written);
        let found = match self.resolve(&name, called, here) {
            Called::Any => return,
            Called::Walk => match check_count {
                None | Some((2, true)) => return,
                // The engine makes one list of all pairs, so that `[path, value] := walk(x)` is never true.
                Some(_) => misused_walk(span, "used as a value, which the engine takes for one list of all pairs"),
            },
            Called::Takes(takes) => match check_count {
                Some((given, statement)) if given != takes && !(statement && given == takes + 1) => {
                    let message = format!("`{name}` takes {takes} arguments, and has {given}");
                    fault(span, "wrong_number_of_arguments", message, "give it the arguments it is defined with")
                }
                _ => return,
            },
            Called::NoFunction(kind) => {
                let message = format!("`{name}` is {}, and is called as a function", kind.word());
                fault(span, "not_a_function", message, "write it without the parentheses")
            }
            Called::Forbidden(reason) => {
                fault(span, "forbidden_function", format!("`{name}` is not allowed: {reason}"), "remove the call")
            }
            Called::Unknown => unknown(here.program, span, &name),
        };
        self.faults.push(found);
    }
}

fn unknown(program: &Program<'_>, span: &Span, name: &str) -> PolicyFault {
    let functions = program.definitions.iter().filter_map(super::program::Definition::name);
    let known = BUILTINS.keys().copied().chain(functions).filter(|known| *known != name);
    let hint = nearest(name, known).map_or_else(
        || "define the function in a package of these policies, or import it".to_owned(),
        |known| format!("did you mean `{known}`?"),
    );
    fault(span, "unknown_function", format!("there is no function `{name}`"), &hint)
}

fn dotted(path: &[Part]) -> String {
    let names = path.iter().map(|part| match part {
        Part::Name(name) => name.as_str(),
        Part::Any => "_",
    });
    names.collect::<Vec<_>>().join(".")
}

fn misused_walk(span: &Span, how: &str) -> PolicyFault {
    let hint = "write it as a line of its own, not under `not`: `walk(x, [path, value])`";
    fault(span, "misused_walk", format!("`walk` is {how}"), hint)
}

impl Visitor for Calls<'_> {
    fn negated_call(&mut self, called: &Mention<'_>, here: &Here<'_, '_>) {
        let name = dotted(called.written.as_deref().unwrap_or_default());
        if let Called::Walk = self.resolve(&name, called, here) {
            // The engine has no value for this, be it true or false.
            self.faults.push(misused_walk(called.expression.span(), "called under `not`, which is never true"));
        }
    }

    fn call(&mut self, called: &Mention<'_>, arguments: &[Ref<Expr>], statement: bool, here: &Here<'_, '_>) {
        self.function(called, Some((arguments.len(), statement)), here);
    }

    /// The target of `with` may be a function; so may its value.
    fn with(&mut self, with: &WithModifier, here: &Here<'_, '_>) {
        let target = here.called(&with.refr);
        // What a name of the policies stands for may be replaced by anything.
        if target.written.is_none() || target.full.is_some() {
            return;
        }
        self.function(&target, None, here);
        if let Expr::RefDot { .. } = with.r#as.as_ref() {
            let value = here.read(&with.r#as);
            if !value.is_local && value.full.is_none() {
                self.function(&value, None, here);
            }
        }
    }

    fn query(&mut self, query: &Query) {
        if query.stmts.len() > MAX_STATEMENTS {
            let message = format!("the body has more than {MAX_STATEMENTS} statements");
            self.faults.push(fault(&query.span, "too_many_statements", message, "split it into several rules"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ABSENT, BUILTINS};

    #[test]
    fn the_engine_has_none_of_what_is_absent() {
        for name in BUILTINS.keys() {
            assert!(!ABSENT.iter().any(|absent| name.starts_with(absent)), "{name}");
        }
    }
}
