//! The policies as a table of rules, and what a name stands for.

use super::PolicyFault;
use regorus::Value;
use regorus::unstable::{BUILTINS, Expr, Import, Module, Ref, Rule, RuleHead, Span};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// One part of a path: a known name, or anything.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::engine::rego) enum Part {
    Name(String),
    Any,
}

/// What a rule makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine::rego) enum Kind {
    Complete,
    Set,
    Object,
    Function(usize),
}

impl Kind {
    pub(in crate::engine::rego) const fn word(self) -> &'static str {
        match self {
            Self::Complete => "a rule with one value",
            Self::Set => "a set",
            Self::Object => "an object",
            Self::Function(_) => "a function",
        }
    }
}

/// One definition of a rule. A rule may have several.
pub(in crate::engine::rego) struct Definition<'policy> {
    pub(in crate::engine::rego) rule: &'policy Rule,
    pub(in crate::engine::rego) file: &'policy Module,
    /// From below `data`.
    pub(in crate::engine::rego) path: Vec<Part>,
    /// The names of its package.
    pub(in crate::engine::rego) home: Rc<[String]>,
    /// How many parts of the path are the package's.
    pub(in crate::engine::rego) package: usize,
    pub(in crate::engine::rego) kind: Kind,
    pub(in crate::engine::rego) default: bool,
    pub(in crate::engine::rego) test: bool,
}

impl Definition<'_> {
    /// The path as `data.a.b`, for people.
    pub(in crate::engine::rego) fn shown(&self) -> String {
        shown(&self.path)
    }

    /// The name directly below the package, if the rule lies there.
    pub(in crate::engine::rego) fn name(&self) -> Option<&str> {
        match self.path.get(self.package..) {
            Some([Part::Name(name), ..]) => Some(name),
            _ => None,
        }
    }

    /// The file it is written in.
    pub(in crate::engine::rego) fn source(&self) -> &str {
        self.file.package.span.source.get_path()
    }

    pub(in crate::engine::rego) fn fault(
        &self,
        code: &'static str,
        message: impl Into<String>,
        hint: &str,
    ) -> PolicyFault {
        fault(self.rule.span(), code, message, hint)
    }
}

/// All policies of one engine.
pub(in crate::engine::rego) struct Program<'policy> {
    pub(in crate::engine::rego) files: Vec<&'policy Module>,
    pub(in crate::engine::rego) definitions: Vec<Definition<'policy>>,
    /// How many arguments each function takes, by its path below `data`.
    pub(in crate::engine::rego) functions: BTreeMap<Vec<Part>, usize>,
    /// The names that rules of a package start with, by the package's path.
    roots: BTreeMap<Vec<String>, BTreeSet<String>>,
    /// What a package's imports stand for. regorus shares them between the files of a package.
    pub(in crate::engine::rego) imports: BTreeMap<Vec<String>, BTreeMap<String, Vec<Part>>>,
}

impl<'policy> Program<'policy> {
    pub(in crate::engine::rego) fn new(policies: &'policy [Ref<Module>]) -> Result<Self, PolicyFault> {
        let files: Vec<&Module> = policies.iter().map(AsRef::as_ref).collect();
        let mut program = Self {
            files,
            definitions: Vec::new(),
            functions: BTreeMap::new(),
            roots: BTreeMap::new(),
            imports: BTreeMap::new(),
        };
        for file in policies.iter().map(AsRef::as_ref) {
            let package: Rc<[String]> = package_of(file)?.into();
            for import in &file.imports {
                if let Some((name, target)) = imported(import) {
                    program.imports.entry(package.to_vec()).or_default().insert(name, target);
                }
            }
            for rule in &file.policy {
                let definition = define(file, &package, rule);
                if let Some(name) = definition.name() {
                    program.roots.entry(package.to_vec()).or_default().insert(name.to_owned());
                }
                if let Kind::Function(arguments) = definition.kind {
                    program.functions.entry(definition.path.clone()).or_insert(arguments);
                }
                program.definitions.push(definition);
            }
        }
        Ok(program)
    }

    /// Whether a name is one of the package's rules or imports, so that it is no variable.
    pub(in crate::engine::rego) fn is_global(&self, package: &[String], name: &str) -> bool {
        matches!(name, "input" | "data")
            || self.roots.get(package).is_some_and(|roots| roots.contains(name))
            || self.imports.get(package).is_some_and(|imports| imports.contains_key(name))
    }

    pub(in crate::engine::rego) fn is_root(&self, package: &[String], name: &str) -> bool {
        self.roots.get(package).is_some_and(|roots| roots.contains(name))
    }

    /// Whether a call has one argument more than the function takes: that one is bound to its result.
    pub(super) fn takes_result(&self, package: &[String], function: &Expr, given: usize) -> bool {
        let Some(path) = parts(function) else { return false };
        let full = self.resolve(package, &path).unwrap_or_default();
        let user = self.functions.get(full.get(1..).unwrap_or_default()).copied();
        let takes = user.or_else(|| BUILTINS.get(function.span().text()).map(|(_, takes)| usize::from(*takes)));
        takes.is_some_and(|takes| given == takes + 1)
    }

    /// The full path that a reference stands for: it starts with `data` or `input`. None for a local variable.
    pub(in crate::engine::rego) fn resolve(&self, package: &[String], reference: &[Part]) -> Option<Vec<Part>> {
        let (first, rest) = reference.split_first()?;
        let Part::Name(name) = first else { return None };
        let mut path = if matches!(name.as_str(), "data" | "input") {
            vec![first.clone()]
        } else if self.is_root(package, name) {
            let package = package.iter().cloned().map(Part::Name);
            std::iter::once(Part::Name("data".to_owned())).chain(package).chain([first.clone()]).collect()
        } else {
            self.imports.get(package)?.get(name)?.clone()
        };
        path.extend_from_slice(rest);
        Some(path)
    }
}

pub(in crate::engine::rego) fn fault(
    span: &Span,
    code: &'static str,
    message: impl Into<String>,
    hint: &str,
) -> PolicyFault {
    PolicyFault::at(span.source.get_path(), (span.line, span.col), code, message, hint)
}

pub(in crate::engine::rego) fn shown(path: &[Part]) -> String {
    let mut shown = "data".to_owned();
    for part in path {
        match part {
            Part::Name(name) if identifier(name) => {
                shown.push('.');
                shown.push_str(name);
            }
            Part::Name(name) => {
                shown.push_str("[\"");
                shown.extend(name.escape_debug());
                shown.push_str("\"]");
            }
            Part::Any => shown.push_str("[_]"),
        }
    }
    shown
}

fn identifier(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|character| character.is_ascii_alphanumeric() || character == '_')
}

pub(in crate::engine::rego) fn package_of(file: &Module) -> Result<Vec<String>, PolicyFault> {
    let parts = parts(&file.package.refr).unwrap_or_default();
    let names: Option<Vec<String>> = parts.into_iter().map(name_of).collect();
    names.filter(|names| !names.is_empty()).ok_or_else(|| {
        fault(&file.package.span, "package_name", "the package's name has a part that is no text", "name it `a.b`")
    })
}

fn name_of(part: Part) -> Option<String> {
    match part {
        Part::Name(name) => Some(name),
        Part::Any => None,
    }
}

/// The parts of a reference, from its variable; None when it does not start with one.
pub(in crate::engine::rego) fn parts(expression: &Expr) -> Option<Vec<Part>> {
    let mut reversed = Vec::new();
    let mut rest = expression;
    loop {
        match rest {
            Expr::Var { span, .. } => {
                reversed.push(Part::Name(span.text().to_owned()));
                break;
            }
            Expr::RefDot { refr, field, .. } => {
                reversed.push(Part::Name(field.0.text().to_owned()));
                rest = refr;
            }
            Expr::RefBrack { refr, index, .. } => {
                reversed.push(index_part(index));
                rest = refr;
            }
            _ => return None,
        }
    }
    reversed.reverse();
    Some(reversed)
}

fn index_part(index: &Expr) -> Part {
    match index {
        Expr::String { value: Value::String(text), .. } | Expr::RawString { value: Value::String(text), .. } => {
            Part::Name(text.to_string())
        }
        _ => Part::Any,
    }
}

fn imported(import: &Import) -> Option<(String, Vec<Part>)> {
    let target = parts(&import.refr)?;
    let alias = match (&import.r#as, target.as_slice()) {
        (_, [Part::Name(root), ..]) if matches!(root.as_str(), "rego" | "future") => return None,
        (Some(alias), _) => alias.text().to_owned(),
        (None, [_, .., Part::Name(last)]) => last.clone(),
        (None, _) => return None,
    };
    Some((alias, target))
}

fn define<'policy>(file: &'policy Module, package: &Rc<[String]>, rule: &'policy Ref<Rule>) -> Definition<'policy> {
    let (kind, mut below, default) = match rule.as_ref() {
        Rule::Default { refr, args, .. } => {
            let kind = if args.is_empty() { Kind::Complete } else { Kind::Function(args.len()) };
            (kind, parts(refr).unwrap_or_default(), true)
        }
        Rule::Spec { head, .. } => {
            let (kind, below) = head_of(head);
            (kind, below, false)
        }
    };
    let mut path: Vec<Part> = package.iter().cloned().map(Part::Name).collect();
    let name = match below.first() {
        Some(Part::Name(name)) => name.clone(),
        _ => String::new(),
    };
    path.append(&mut below);
    let test = is_test(file, package, &name);
    Definition {
        rule: rule.as_ref(),
        file,
        path,
        home: Rc::clone(package),
        package: package.len(),
        kind,
        default,
        test,
    }
}

fn head_of(head: &RuleHead) -> (Kind, Vec<Part>) {
    match head {
        RuleHead::Func { refr, args, .. } => (Kind::Function(args.len()), parts(refr).unwrap_or_default()),
        RuleHead::Set { refr, key, .. } => {
            let mut path = parts(refr).unwrap_or_default();
            // `a.b { … }` of Rego v0 puts "b" into the set `a`.
            if key.is_none() {
                path.pop();
            }
            (Kind::Set, path)
        }
        RuleHead::Compr { refr, .. } => {
            let path = parts(refr).unwrap_or_default();
            let kind = if path.contains(&Part::Any) { Kind::Object } else { Kind::Complete };
            (kind, path)
        }
    }
}

/// Tests are rules that start with `test_` or `todo_`, and all rules of packages and files that end with `_test`,
/// but for the rules in such a file that decide.
fn is_test(file: &Module, package: &[String], name: &str) -> bool {
    let in_file = file.package.span.source.get_path().ends_with("_test.rego");
    name.starts_with("test_")
        || name.starts_with("todo_")
        || package.last().is_some_and(|last| last.ends_with("_test"))
        || (in_file && !super::entries::decides(name))
}
