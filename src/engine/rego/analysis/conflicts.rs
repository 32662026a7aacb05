//! Rules, packages and imports that share a name: regorus takes the last one, or merges them, without a word.

use super::PolicyFault;
use super::program::{Definition, Kind, Part, Program, fault, package_of, parts, shown};
use regorus::Value;
use regorus::unstable::{Expr, Import, Rule, RuleHead};
use std::collections::BTreeMap;

/// What holdpoint keeps for itself below `data`.
pub(crate) const RESERVED: [&str; 3] = ["holdpoint", crate::engine::rego::package::ANSWERS, "system"];

pub(super) fn check(program: &Program<'_>, faults: &mut Vec<PolicyFault>) {
    let mut rules: BTreeMap<String, Vec<&Definition<'_>>> = BTreeMap::new();
    for definition in &program.definitions {
        rules.entry(definition.shown()).or_default().push(definition);
    }
    packages(program, faults);
    imports(program, faults);
    for same in rules.values() {
        same_path(same, faults);
    }
    let packages: Vec<Vec<String>> = program.files.iter().filter_map(|file| package_of(file).ok()).collect();
    for definition in &program.definitions {
        above(definition, &rules, &packages, faults);
        overlap(definition, program, faults);
    }
}

/// Below `p.a`, the engine sees what `p.a.x` makes and forgets what `p[name].y` makes.
fn overlap(definition: &Definition<'_>, program: &Program<'_>, faults: &mut Vec<PolicyFault>) {
    let Some(variable) = definition.path.iter().position(|part| *part == Part::Any) else { return };
    let (before, last) = (definition.path.get(..variable), definition.path.len() == variable + 1);
    let overlaps = |other: &&Definition<'_>| {
        let constant = matches!(other.path.get(variable), Some(Part::Name(_)));
        constant && other.path.get(..variable) == before && !(last && other.path.len() == variable + 1)
    };
    if let Some(other) = program.definitions.iter().find(overlaps) {
        let message =
            format!("`{}` and `{}` overlap, and the engine would miss one", definition.shown(), other.shown());
        faults.push(definition.fault("rules_overlap", message, "give one of them another name"));
    }
}

fn packages(program: &Program<'_>, faults: &mut Vec<PolicyFault>) {
    for file in &program.files {
        match package_of(file) {
            Err(found) => faults.push(found),
            Ok(package) => {
                if let Some(part) = package.iter().find(|part| !is_identifier(part)) {
                    let message = format!("the package has the part `{part}`, which is no plain name");
                    let hint = "use letters, digits and `_`, so that a rule can name the package";
                    faults.push(fault(&file.package.span, "package_name", message, hint));
                }
                if let Some(root) = package.first().filter(|root| RESERVED.contains(&root.as_str())) {
                    let message = format!("the package lies at `data.{root}`, which is reserved");
                    let hint = "records are there; give the package another name";
                    faults.push(fault(&file.package.span, "reserved_package", message, hint));
                }
            }
        }
        if file.target.is_some() {
            let message = "`__target__` is not supported";
            faults.push(fault(&file.package.span, "target", message, "remove it"));
        }
    }
}

fn is_identifier(part: &str) -> bool {
    let mut characters = part.chars();
    let starts = characters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_');
    starts && characters.all(|character| character.is_ascii_alphanumeric() || character == '_')
}

/// regorus keeps the imports of all files of a package in one table.
fn imports(program: &Program<'_>, faults: &mut Vec<PolicyFault>) {
    let mut seen: BTreeMap<(Vec<String>, String), Vec<Part>> = BTreeMap::new();
    for file in &program.files {
        let Ok(package) = package_of(file) else { continue };
        for import in &file.imports {
            let Some((name, target)) = named(import) else { continue };
            if program.is_root(&package, &name) {
                let message = format!("the import `{name}` has the name of a rule of this package");
                faults.push(fault(&import.span, "import_conflict", message, "import it `as` another name"));
            }
            let first = seen.entry((package.clone(), name.clone())).or_insert_with(|| target.clone());
            if *first != target {
                let message = format!("`{name}` is imported twice in this package, for different paths");
                faults.push(fault(&import.span, "import_conflict", message, "import one of them `as` another name"));
            }
        }
    }
}

fn named(import: &Import) -> Option<(String, Vec<Part>)> {
    let target = parts(&import.refr)?;
    if matches!(target.first(), Some(Part::Name(root)) if matches!(root.as_str(), "rego" | "future")) {
        return None;
    }
    let name = match (&import.r#as, target.last()) {
        (Some(alias), _) => alias.text().to_owned(),
        (None, Some(Part::Name(last))) => last.clone(),
        (None, _) => return None,
    };
    Some((name, target))
}

/// Definitions of one path must be of one kind.
fn same_path(same: &[&Definition<'_>], faults: &mut Vec<PolicyFault>) {
    let Some(first) = same.first() else { return };
    let mut default: Option<&Definition<'_>> = None;
    let mut constant: Option<&Value> = None;
    for definition in same {
        let name = definition.shown();
        if definition.default
            && let Some(earlier) = default.replace(definition)
        {
            let message = format!("`{name}` has a second default; the first is in line {}", line(earlier));
            faults.push(definition.fault("second_default", message, "keep one of them"));
        }
        match (definition.kind, first.kind) {
            (Kind::Function(here), Kind::Function(there)) if here != there => {
                let message = format!("the function `{name}` takes {here} arguments here, and {there} elsewhere");
                faults.push(definition.fault("conflicting_rules", message, "give one of them another name"));
            }
            // regorus evaluates such a clause by the plan it made for another file's.
            (Kind::Function(_), Kind::Function(_)) if definition.source() != first.source() => {
                let message = format!("the function `{name}` has clauses in two files, here and in {}", first.source());
                faults.push(definition.fault("function_in_two_files", message, "write all its clauses in one file"));
            }
            (here, there) if std::mem::discriminant(&here) != std::mem::discriminant(&there) => {
                let message = format!("`{name}` is {} here, and {} in line {}", here.word(), there.word(), line(first));
                faults.push(definition.fault("conflicting_rules", message, "give one of them another name"));
            }
            _ => {}
        }
        if let Some(value) = constant_of(definition) {
            if constant.is_some_and(|earlier| earlier != value) {
                let message = format!("`{name}` has two different values, whatever the input");
                faults.push(definition.fault("conflicting_rules", message, "keep one, or give them conditions"));
            }
            constant = Some(value);
        }
    }
}

fn line(definition: &Definition<'_>) -> u32 {
    definition.rule.span().line
}

/// The value of `name := constant` without a body.
fn constant_of<'policy>(definition: &Definition<'policy>) -> Option<&'policy Value> {
    let Rule::Spec { head: RuleHead::Compr { assign: Some(assign), .. }, bodies, .. } = definition.rule else {
        return None;
    };
    match assign.value.as_ref() {
        Expr::String { value, .. }
        | Expr::RawString { value, .. }
        | Expr::Number { value, .. }
        | Expr::Bool { value, .. }
        | Expr::Null { value, .. }
            if bodies.is_empty() =>
        {
            Some(value)
        }
        _ => None,
    }
}

/// A rule with one value, a set or a function has nothing beneath it: neither a rule nor a package.
fn above(
    definition: &Definition<'_>,
    rules: &BTreeMap<String, Vec<&Definition<'_>>>,
    packages: &[Vec<String>],
    faults: &mut Vec<PolicyFault>,
) {
    let known: Vec<&String> = definition
        .path
        .iter()
        .map_while(|part| match part {
            Part::Name(name) => Some(name),
            Part::Any => None,
        })
        .collect();
    for package in packages {
        let same = package.iter().zip(&known).take_while(|(here, there)| here == *there).count();
        if same == known.len() && known.len() > definition.package {
            let message = format!("`{}` has the path of the package `{}`", definition.shown(), package.join("."));
            faults.push(definition.fault("rule_over_package", message, "rename the rule or the package"));
            break;
        }
        // `b.deny` in package `a` is `data.a.b.deny`: package `a.b` would say what is not written in it.
        if same == package.len() && package.len() > definition.package {
            let message =
                format!("`{}` lies in the package `{}`, from outside it", definition.shown(), package.join("."));
            faults.push(definition.fault("rule_in_other_package", message, "write the rule in that package"));
            break;
        }
    }
    for length in definition.package + 1..definition.path.len() {
        let prefix = definition.path.get(..length).unwrap_or_default();
        let parent = rules.get(&shown(prefix)).and_then(|parents| parents.first());
        if let Some(parent) = parent.filter(|parent| parent.kind != Kind::Object) {
            let message =
                format!("`{}` lies beneath `{}`, which is {}", definition.shown(), parent.shown(), parent.kind.word());
            faults.push(definition.fault("conflicting_rules", message, "rename one of them"));
        }
    }
}
