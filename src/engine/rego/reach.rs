//! Which files the rules of a configuration can reach, told from the tokens of their texts before any is parsed.
//!
//! A policy can use what lies in its own package, above it and beneath it, and what a path below `data` leads to. In
//! doubt there is more than it uses: a path ends where it is no longer plain, and then stands for all beneath, and a
//! text that is not understood makes every file one that is reached. So what is left out has no part in a decision.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use regorus::unstable::{Lexer, Source, Span, Token, TokenKind};

use super::files::PolicyFile;

/// The lexer calls itself for each `set(` that follows another.
const MOST_SETS: usize = 200;

/// The parts of a path, from below `data`.
type Path = Vec<String>;

/// What the tokens of a file tell.
struct Outline {
    source: Source,
    package: Path,
    /// The paths that it uses, once somebody asks; nothing when the text is none that could be parsed.
    references: OnceCell<Option<BTreeSet<Path>>>,
}

/// Whether the policies of these names can reach each file: all of them when one of the policies is in none.
pub(super) fn reached(files: &[PolicyFile], policies: &BTreeSet<&str>) -> Vec<bool> {
    let outlines: Option<Vec<Outline>> = files.iter().map(Outline::new).collect();
    let reached = outlines.and_then(|outlines| reached_of(&outlines, policies));
    reached.unwrap_or_else(|| vec![true; files.len()])
}

fn reached_of(outlines: &[Outline], policies: &BTreeSet<&str>) -> Option<Vec<bool>> {
    let mut open: Vec<Path> = policies.iter().map(|policy| policy.split('.').map(str::to_owned).collect()).collect();
    if open.iter().any(|policy| !outlines.iter().any(|outline| outline.package == *policy)) {
        return None;
    }
    let mut reached = vec![false; outlines.len()];
    while let Some(path) = open.pop() {
        for (outline, reached) in outlines.iter().zip(&mut reached) {
            if related(&outline.package, &path) && !std::mem::replace(reached, true) {
                open.push(outline.package.clone());
                open.extend(outline.references()?.iter().cloned());
            }
        }
    }
    Some(reached)
}

/// Whether a name stands anywhere in a file but in its comments; in doubt it does.
pub(super) fn mentions(file: &PolicyFile, name: &str) -> bool {
    let in_tokens = || -> Option<bool> {
        let source = Source::from_contents(file.path.clone(), file.text.clone()).ok()?;
        let mut tokens = Tokens::new(&source)?;
        while tokens.kind() != Some(&TokenKind::Eof) {
            if tokens.text() == name {
                return Some(true);
            }
            tokens.advance()?;
        }
        Some(false)
    };
    file.text.contains(name) && in_tokens().unwrap_or(true)
}

/// Whether one path leads to the other, or through it.
fn related(one: &[String], other: &[String]) -> bool {
    one.iter().zip(other).all(|(one, other)| one == other)
}

impl Outline {
    /// Nothing when the text does not begin with a package.
    fn new(file: &PolicyFile) -> Option<Self> {
        let source = Source::from_contents(file.path.clone(), file.text.clone()).ok()?;
        let package = package(&source)?;
        Some(Self { source, package, references: OnceCell::new() })
    }

    fn references(&self) -> Option<&BTreeSet<Path>> {
        self.references.get_or_init(|| references(&self.source)).as_ref()
    }
}

fn package(source: &Source) -> Option<Path> {
    let mut tokens = Tokens::new(source)?;
    if tokens.text() != "package" {
        return None;
    }
    tokens.advance()?;
    let mut package = vec![tokens.text().to_owned()];
    tokens.path(&mut package)?;
    Some(package)
}

fn references(source: &Source) -> Option<BTreeSet<Path>> {
    if source.contents().matches("set(").count() > MOST_SETS {
        return None;
    }
    let mut tokens = Tokens::new(source)?;
    let mut references = BTreeSet::new();
    while tokens.kind() != Some(&TokenKind::Eof) {
        if tokens.kind() == Some(&TokenKind::Ident) && tokens.text() == "data" {
            let mut path = Path::new();
            tokens.path(&mut path)?;
            references.insert(path);
        } else {
            tokens.advance()?;
        }
    }
    Some(references)
}

/// The parser's own tokens, one at a time.
struct Tokens<'text> {
    lexer: Lexer<'text>,
    token: Option<Token>,
}

impl<'text> Tokens<'text> {
    /// At the first token.
    fn new(source: &'text Source) -> Option<Self> {
        let mut tokens = Self { lexer: Lexer::new(source), token: None };
        tokens.advance()?;
        Some(tokens)
    }

    fn advance(&mut self) -> Option<()> {
        self.token = Some(self.lexer.next_token().ok()?);
        Some(())
    }

    fn kind(&self) -> Option<&TokenKind> {
        self.token.as_ref().map(|token| &token.0)
    }

    fn span(&self) -> Option<&Span> {
        self.token.as_ref().map(|token| &token.1)
    }

    fn text(&self) -> &str {
        self.span().map(Span::text).unwrap_or_default()
    }

    /// Whether the token begins where another ended: with space between, it may be the beginning of something else.
    fn begins_at(&self, end: Option<u32>) -> bool {
        self.span().map(|span| span.start) == end
    }

    fn end(&self) -> Option<u32> {
        self.span().map(|span| span.end)
    }

    /// Reads on from the first part of a path, as far as it is `.name` or `["name"]`.
    fn path(&mut self, path: &mut Path) -> Option<()> {
        loop {
            let end = self.end();
            self.advance()?;
            if !self.begins_at(end) {
                return Some(());
            }
            let bracket = match self.text() {
                "." => false,
                "[" => true,
                _ => return Some(()),
            };
            let (wanted, end) = (if bracket { TokenKind::String } else { TokenKind::Ident }, self.end());
            self.advance()?;
            if self.kind() != Some(&wanted) || self.text().contains('\\') || !(bracket || self.begins_at(end)) {
                return Some(());
            }
            let part = self.text().to_owned();
            if bracket {
                self.advance()?;
                // Else it is an index that is computed.
                if self.text() != "]" {
                    return Some(());
                }
            }
            path.push(part);
        }
    }
}

#[cfg(test)]
mod tests;
