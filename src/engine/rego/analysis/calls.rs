//! Functions: each call must name one that exists and is allowed, with as many arguments as it takes.

use super::program::{Kind, Part, Program, fault, parts};
use super::walk::{self, Scopes, Visitor};
use super::{MAX_STATEMENTS, PolicyFault};
use crate::domain::text::nearest;
use crate::engine::rego::builtins::FORBIDDEN;
use regorus::unstable::{BUILTINS, Expr, Query, Rule, Span, WithModifier};
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

pub(super) fn check(program: &Program<'_>, faults: &mut Vec<PolicyFault>) {
    let mut functions = BTreeMap::new();
    for definition in &program.definitions {
        functions.entry(definition.shown()).or_insert(definition.kind);
    }
    for definition in &program.definitions {
        let mut calls = Calls { program, functions: &functions, package: &definition.home, faults };
        walk::rule(definition.rule, &mut calls);
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

struct Calls<'check, 'policy> {
    program: &'check Program<'policy>,
    functions: &'check BTreeMap<String, Kind>,
    package: &'check [String],
    faults: &'check mut Vec<PolicyFault>,
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

impl Calls<'_, '_> {
    fn resolve(&self, name: &str, path: &[Part]) -> Called {
        let user = self.program.resolve(self.package, path).and_then(|full| {
            let (root, below) = full.split_first()?;
            (*root == Part::Name("data".to_owned())).then(|| super::program::shown(below))
        });
        match user.map(|path| self.functions.get(&path)) {
            Some(Some(Kind::Function(arguments))) => return Called::Takes(*arguments),
            Some(Some(&kind)) => return Called::NoFunction(kind),
            // A rule `time.x` does not hide the built-in `time.now_ns`; an import of the name `time` does, in OPA.
            Some(None) if !matches!(path, [Part::Name(root), ..] if self.program.is_root(self.package, root)) => {
                return Called::Unknown;
            }
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

    fn function(&mut self, function: &Expr, check_count: Option<(usize, bool)>) {
        let span = function.span();
        let Some(path) = parts(function) else { return };
        let name = dotted(&path);
        let found = match self.resolve(&name, &path) {
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
            Called::Unknown => self.unknown(span, &name),
        };
        self.faults.push(found);
    }

    fn unknown(&self, span: &Span, name: &str) -> PolicyFault {
        let functions = self.program.definitions.iter().filter_map(super::program::Definition::name);
        let known = BUILTINS.keys().copied().chain(functions).filter(|known| *known != name);
        let hint = nearest(name, known).map_or_else(
            || "define the function in a package of these policies, or import it".to_owned(),
            |known| format!("did you mean `{known}`?"),
        );
        fault(span, "unknown_function", format!("there is no function `{name}`"), &hint)
    }
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

impl Visitor for Calls<'_, '_> {
    fn negated_call(&mut self, function: &Expr) {
        let path = parts(function).unwrap_or_default();
        if let Called::Walk = self.resolve(&dotted(&path), &path) {
            // The engine has no value for this, be it true or false.
            self.faults.push(misused_walk(function.span(), "called under `not`, which is never true"));
        }
    }

    fn call(&mut self, function: &Expr, arguments: usize, statement: bool, _scopes: &Scopes<'_>) {
        self.function(function, Some((arguments, statement)));
    }

    /// The target of `with` may be a function; so may its value.
    fn with(&mut self, with: &WithModifier, scopes: &Scopes<'_>) {
        let Some(target) = parts(&with.refr) else { return };
        // What a name of the policies stands for may be replaced by anything.
        if self.program.resolve(self.package, &target).is_some() {
            return;
        }
        self.function(&with.refr, None);
        if let (Expr::RefDot { .. }, Some(value)) = (with.r#as.as_ref(), parts(&with.r#as)) {
            let local = matches!(value.first(), Some(Part::Name(root)) if walk::is_local(scopes, root));
            if !local && self.program.resolve(self.package, &value).is_none() {
                self.function(&with.r#as, None);
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
