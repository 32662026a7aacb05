//! What each rule reads, calls and loops over.

use std::collections::{BTreeMap, BTreeSet};

use regorus::unstable::{Expr, Literal, Query, Ref, Rule, RuleHead, Span};

use crate::engine::rego::analysis::program::{Definition, Part, Program, parts};
use crate::engine::rego::analysis::walk::{self, Here, Mention, Visitor};

mod scans;

use super::context::names;
use super::meaning::{self, Aliases, Frame, Meaning};

/// A line and a column of the engine, from 1.
pub(super) type Place = (u32, u32);

/// What one definition of a rule does.
#[derive(Default)]
pub(super) struct Facts {
    pub(super) reads: Vec<Read>,
    pub(super) calls: Vec<Call>,
    pub(super) scans: Vec<Scan>,
}

/// A part of `input` or `data` that is read.
pub(super) struct Read {
    /// From `input` or `data` on, whatever it is called where it is read.
    pub(super) path: Vec<Part>,
    /// As it is written.
    pub(super) text: String,
    pub(super) place: Place,
    /// Where the last parts of the path are written; fewer than the path has when names stand for its beginning.
    pub(super) places: Vec<Place>,
    /// Whether more than the named part is used: not when its type is asked for, or it only gets another name.
    pub(super) used: bool,
    /// Whether it has a default where it is undefined.
    pub(super) has_default: bool,
}

/// A function that is called.
pub(super) struct Call {
    /// As it is written.
    pub(super) name: String,
    /// The rule that it names, below `data`; none for a built-in function.
    pub(super) rule: Option<Vec<String>>,
    pub(super) place: Place,
    /// Whether it lies in a loop over all records.
    pub(super) in_scan: bool,
}

/// What a loop goes over.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Scanned {
    /// Every record of an environment, or every digest.
    Records,
    /// Every slot of a target.
    Slots,
}

/// A loop that grows with the number of records.
pub(super) struct Scan {
    pub(super) scanned: Scanned,
    pub(super) text: String,
    pub(super) place: Place,
}

/// The facts of each definition, in the program's order.
pub(super) fn of(program: &Program<'_>) -> Vec<Facts> {
    let aliases = meaning::aliases(program);
    let of_one = |definition: &Definition<'_>| {
        let package = &definition.home;
        let mut collector = Collector {
            program,
            aliases: &aliases,
            package,
            frames: vec![arguments(definition.rule)],
            every: BTreeMap::new(),
            scanning: vec![false],
            unused: renamed(definition, &aliases),
            facts: Facts::default(),
        };
        walk::definition(program, definition, &mut collector);
        collector.facts
    };
    program.definitions.iter().map(of_one).collect()
}

fn arguments(rule: &Rule) -> Frame {
    let arguments: &[Ref<Expr>] = match rule {
        Rule::Default { args, .. } | Rule::Spec { head: RuleHead::Func { args, .. }, .. } => args,
        Rule::Spec { .. } => &[],
    };
    let names = arguments.iter().flat_map(|argument| walk::pattern(argument));
    names.map(|name| (name.to_owned(), Meaning::Opaque)).collect()
}

/// The values of a rule that only gives a path another name.
fn renamed(definition: &Definition<'_>, aliases: &Aliases) -> BTreeSet<(u32, u32)> {
    let is_alias = names(&definition.path).is_some_and(|path| aliases.contains_key(&path));
    if !is_alias {
        return BTreeSet::new();
    }
    meaning::values(definition).into_iter().flatten().map(|value| extent(value.span())).collect()
}

fn extent(span: &Span) -> (u32, u32) {
    (span.start, span.end)
}

const fn place(span: &Span) -> Place {
    (span.line, span.col)
}

struct Collector<'check, 'policy> {
    program: &'check Program<'policy>,
    aliases: &'check Aliases,
    package: &'check [String],
    /// What local names stand for, outermost first.
    frames: Vec<Frame>,
    /// The names of `every`, by where its body begins.
    every: BTreeMap<(u32, u32), Frame>,
    /// For each open body, whether it lies in a loop over all records.
    scanning: Vec<bool>,
    /// Expressions of which nothing is used but their type, or that only get another name.
    unused: BTreeSet<(u32, u32)>,
    facts: Facts,
}

impl Collector<'_, '_> {
    /// The path that a reference stands for.
    fn resolve(&self, expression: &Expr, inner: &Frame) -> Option<Vec<Part>> {
        let written = parts(expression)?;
        let (first, rest) = written.split_first()?;
        let Part::Name(root) = first else { return None };
        let mut frames = std::iter::once(inner).chain(self.frames.iter().rev());
        let path = match frames.find_map(|frame| frame.get(root)) {
            Some(Meaning::Path(path)) => path.iter().chain(rest).cloned().collect(),
            Some(_) => return None,
            None => self.program.resolve(self.package, &written)?,
        };
        Some(meaning::unalias(path, self.aliases))
    }

    fn path(&self, expression: &Expr) -> Option<Vec<Part>> {
        self.resolve(expression, &Frame::new())
    }

    fn read(&mut self, expression: &Expr, path: Vec<Part>) {
        let mut places = places_of(expression);
        // The first part is a name that stands for the beginning of the path.
        let own = places.len().saturating_sub(1).min(path.len().saturating_sub(1));
        places.drain(..places.len().saturating_sub(own));
        let span = expression.span();
        let used = !self.unused.contains(&extent(span));
        let text = span.text().to_owned();
        let read = Read { path, text, place: beginning(expression), places, used, has_default: false };
        self.facts.reads.push(read);
    }

    /// The names of each `every` stand for the elements of what it goes over.
    fn remember_every(&mut self, query: &Query, frame: &Frame) {
        for statement in &query.stmts {
            let Literal::Every { key, value, domain, query, .. } = &statement.literal else { continue };
            let element = self.resolve(domain, frame).map(meaning::element);
            let mut names = Frame::new();
            names.extend(key.iter().map(|name| (name.text().to_owned(), Meaning::Opaque)));
            names.insert(value.text().to_owned(), element.map_or(Meaning::Opaque, Meaning::Path));
            self.every.insert(extent(&query.span), names);
        }
    }

    /// `:=` only gives what is on its right another name.
    fn remember_names(&mut self, query: &Query) {
        for statement in &query.stmts {
            let Literal::Expr { expr, .. } = &statement.literal else { continue };
            if let Expr::AssignExpr { lhs, rhs, .. } = expr.as_ref()
                && matches!(lhs.as_ref(), Expr::Var { .. })
            {
                self.unused.insert(extent(rhs.span()));
            }
        }
    }

    /// `object.get(x, "a", …)` reads `x.a`, and `object.get(x, ["a", "b"], …)` reads `x.a.b`.
    fn get(&mut self, object: &Expr, key: &Expr) {
        let keys: Option<Vec<(Part, Place)>> = match key {
            Expr::Array { items, .. } => items.iter().map(|item| literal(item)).collect(),
            key => literal(key).map(|key| vec![key]),
        };
        let (Some(path), Some(keys)) = (self.path(object), keys) else { return };
        self.unused.insert(extent(object.span()));
        let (keys, places): (Vec<Part>, Vec<Place>) = keys.into_iter().unzip();
        let path = path.into_iter().chain(keys).collect();
        let text = format!("object.get({}, {}, …)", object.span().text(), key.span().text());
        self.facts.reads.push(Read { path, text, place: place(key.span()), places, used: true, has_default: true });
    }
}

fn literal(key: &Expr) -> Option<(Part, Place)> {
    match key {
        Expr::String { span, value, .. } | Expr::RawString { span, value, .. } => {
            Some((Part::Name(value.as_string().ok()?.to_string()), place(span)))
        }
        _ => None,
    }
}

/// Where a reference begins; its span begins with the last part.
fn beginning(expression: &Expr) -> Place {
    places_of(expression).first().copied().unwrap_or_default()
}

/// Where each part of a reference is written.
fn places_of(expression: &Expr) -> Vec<Place> {
    let mut places = Vec::new();
    let mut rest = expression;
    loop {
        match rest {
            Expr::RefDot { refr, field, .. } => {
                places.push(place(&field.0));
                rest = refr;
            }
            Expr::RefBrack { refr, index, .. } => {
                places.push(place(index.span()));
                rest = refr;
            }
            other => {
                places.push(place(other.span()));
                places.reverse();
                return places;
            }
        }
    }
}

impl Visitor for Collector<'_, '_> {
    fn reference(&mut self, read: &Mention<'_>, _here: &Here<'_, '_>) {
        if let Some(path) = self.path(read.expression) {
            self.read(read.expression, path);
        }
    }

    fn call(&mut self, called: &Mention<'_>, arguments: &[Ref<Expr>], _statement: bool, _here: &Here<'_, '_>) {
        let function = called.expression;
        let name = function.span().text().to_owned();
        let rule = called.full.as_deref().and_then(|path| names(path.get(1..)?));
        match (name.as_str(), arguments) {
            ("object.get", [object, key, ..]) => self.get(object, key),
            (name, [argument]) if name.starts_with("is_") => {
                self.unused.insert(extent(argument.span()));
            }
            _ => {}
        }
        let in_scan = self.scanning.last().copied().unwrap_or(false);
        self.facts.calls.push(Call { name, rule, place: beginning(function), in_scan });
    }

    fn query(&mut self, query: &Query) {
        let mut outer = self.every.remove(&extent(&query.span)).unwrap_or_default();
        let own = meaning::declared(query, |expression, frame| {
            let mut known = outer.clone();
            known.extend(frame.clone());
            self.resolve(expression, &known)
        });
        outer.extend(own);
        self.remember_every(query, &outer);
        self.remember_names(query);
        let scans = self.scans(query, &outer);
        let outside = self.scanning.last().copied().unwrap_or(false);
        self.scanning.push(outside || scans.iter().any(|scan| scan.scanned == Scanned::Records));
        self.facts.scans.extend(scans);
        self.frames.push(outer);
    }

    fn leave(&mut self) {
        self.frames.pop();
        self.scanning.pop();
    }
}
