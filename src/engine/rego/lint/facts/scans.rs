//! Loops that grow with the number of records.

use regorus::unstable::{Expr, Literal, Query};

use crate::engine::rego::analysis::program::Part;
use crate::engine::rego::lint::meaning::{Frame, Meaning};

use super::{Collector, Scan, Scanned, beginning};

impl Collector<'_, '_> {
    /// What a loop over this path goes over.
    fn scanned(path: &[Part]) -> Option<Scanned> {
        let name = |position: usize| match path.get(position) {
            Some(Part::Name(name)) => name.as_str(),
            _ => "",
        };
        match (name(0), name(1), name(2), name(3), path.len()) {
            ("data", "holdpoint", "records", "by_environment", 5)
            | ("data", "holdpoint", "records", "by_digest", 4) => Some(Scanned::Records),
            ("data", "holdpoint", "records", "by_slot", 6) => Some(Scanned::Slots),
            _ => None,
        }
    }

    /// What the statement loops over all of: the text and the place.
    fn scan_of(&self, collection: &Expr, frame: &Frame, whole: bool) -> Option<Scan> {
        let path = self.resolve(collection, frame)?;
        let mut lengths: Vec<usize> = self.looped(collection, frame, path.len());
        lengths.extend(whole.then_some(path.len()));
        let scanned = lengths.into_iter().find_map(|length| Self::scanned(path.get(..length)?))?;
        Some(Scan { scanned, text: collection.span().text().to_owned(), place: beginning(collection) })
    }

    /// How long the path is before each index that takes on every key.
    fn looped(&self, expression: &Expr, frame: &Frame, length: usize) -> Vec<usize> {
        let mut found = Vec::new();
        let (mut rest, mut before) = (expression, length);
        loop {
            before = before.saturating_sub(1);
            match rest {
                Expr::RefDot { refr, .. } => rest = refr,
                Expr::RefBrack { refr, index, .. } => {
                    if self.takes_every_key(index, frame) {
                        found.push(before);
                    }
                    rest = refr;
                }
                _ => return found,
            }
        }
    }

    fn takes_every_key(&self, index: &Expr, inner: &Frame) -> bool {
        let Expr::Var { span, .. } = index else { return false };
        let mut frames = std::iter::once(inner).chain(self.frames.iter().rev());
        span.text() == "_" || matches!(frames.find_map(|frame| frame.get(span.text())), Some(Meaning::Free))
    }

    /// The loops that a body begins with its own statements.
    pub(super) fn scans(&self, query: &Query, frame: &Frame) -> Vec<Scan> {
        let of_statement = |literal: &Literal| match literal {
            Literal::SomeIn { collection, .. } => self.scan_of(collection, frame, true),
            Literal::Every { domain, .. } => self.scan_of(domain, frame, true),
            Literal::Expr { expr, .. } => match expr.as_ref() {
                Expr::AssignExpr { rhs, .. } => self.scan_of(rhs, frame, false),
                Expr::BoolExpr { lhs, rhs, .. } => {
                    self.scan_of(lhs, frame, false).or_else(|| self.scan_of(rhs, frame, false))
                }
                other => self.scan_of(other, frame, false),
            },
            _ => None,
        };
        query.stmts.iter().filter_map(|statement| of_statement(&statement.literal)).collect()
    }
}
