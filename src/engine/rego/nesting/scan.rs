//! The scanner: tokens of Rego, as far as the limits need them.

use super::{MAX_CHAIN, MAX_COLUMNS, MAX_COST, MAX_LINES, MAX_LITERALS, MAX_NESTING, PolicyFault};
use std::iter::Peekable;
use std::str::Chars;

mod words;

/// What the opening of a literal costs, in tokens: the parser saves its state and tries a comprehension first.
const OPENING_COST: u64 = 16;

/// How often the parser goes through the first element of a literal, and through a statement of a query.
const LITERAL_FACTOR: u64 = 2;
const QUERY_FACTOR: u64 = 3;

/// What the scanner saw last, as far as the next token's meaning hangs on it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Last {
    /// Nothing, a separator or an opening bracket.
    Start,
    /// An operator or a keyword that acts as one.
    Operator,
    /// The end of a term: a name, a number, a string or a closing bracket.
    Term,
    /// The dot before a field.
    Dot,
}

/// One open bracket.
#[derive(Clone, Copy)]
struct Level {
    bracket: char,
    /// Starts a literal, a comprehension or a body, so that its first element may be parsed several times.
    literal: bool,
    /// Whether what comes next here may be parsed again: the first element, or any statement of a query.
    again: bool,
    query: bool,
    chain: u32,
    indexes: u32,
}

impl Level {
    const fn new(bracket: char, literal: bool) -> Self {
        Self { bracket, literal, again: literal, query: false, chain: 0, indexes: 0 }
    }
}

pub(super) struct Scanner<'text> {
    path: &'text str,
    characters: Peekable<Chars<'text>>,
    line: u32,
    column: u32,
    levels: Vec<Level>,
    last: Last,
    /// Whether white space or a new line came just before.
    spaced: bool,
    new_line: bool,
    cost: u64,
    imports: u32,
}

impl<'text> Scanner<'text> {
    pub(super) fn new(path: &'text str, text: &'text str) -> Self {
        Self {
            path,
            characters: text.chars().peekable(),
            line: 1,
            column: 1,
            levels: vec![Level::new('\0', false)],
            last: Last::Start,
            spaced: true,
            new_line: true,
            cost: 0,
            imports: 0,
        }
    }

    pub(super) fn run(mut self) -> Result<(), PolicyFault> {
        while let Some(character) = self.next()? {
            match character {
                ' ' | '\t' | '\n' | '\r' => {
                    self.spaced = true;
                    self.new_line |= character == '\n';
                }
                '#' => self.comment()?,
                _ => self.token(character)?,
            }
        }
        Ok(())
    }

    fn fault(&self, code: &'static str, message: String, hint: &str) -> PolicyFault {
        PolicyFault::at(self.path, (self.line, self.column), code, message, hint)
    }

    /// The next character, counted; refuses those that no policy needs.
    fn next(&mut self) -> Result<Option<char>, PolicyFault> {
        let Some(character) = self.characters.next() else { return Ok(None) };
        match character {
            '\n' => {
                self.line += 1;
                self.column = 1;
                if self.line > MAX_LINES {
                    return Err(self.fault(
                        "too_many_lines",
                        format!("the policy has more than {MAX_LINES} lines"),
                        "split it into several files",
                    ));
                }
            }
            '\t' => self.column += 4,
            '\r' if self.characters.peek() == Some(&'\n') => {}
            character if refused(character) => {
                return Err(self.fault(
                    "hidden_character",
                    format!("the character U+{:04X} is not allowed in a policy", u32::from(character)),
                    "remove it; in a string, write it as an escape such as `\\u200e`",
                ));
            }
            _ => self.column += 1,
        }
        Ok(Some(character))
    }

    fn wide(&self) -> Result<(), PolicyFault> {
        if self.column <= MAX_COLUMNS {
            return Ok(());
        }
        Err(self.fault(
            "line_too_long",
            format!("the line is wider than {MAX_COLUMNS} columns"),
            "break it into several lines, or move long values into a rule's parameters",
        ))
    }

    fn token(&mut self, character: char) -> Result<(), PolicyFault> {
        self.wide()?;
        let attached = !self.spaced;
        let first_on_line = self.new_line;
        (self.spaced, self.new_line) = (false, false);
        self.spend(1)?;
        match character {
            '"' => self.string(first_on_line)?,
            '`' => self.raw_string(first_on_line)?,
            '[' | '{' | '(' => self.open(character, attached, first_on_line)?,
            ']' | '}' | ')' => self.close(character)?,
            ',' => self.separator(false),
            ';' => self.separator(true),
            '+' | '-' | '*' | '/' | '%' | '&' | '|' | '<' | '>' | '=' | '!' | ':' => self.operator(character)?,
            '.' => {
                self.chain(|level| &mut level.indexes)?;
                self.last = Last::Dot;
            }
            character if character.is_alphanumeric() || character == '_' => self.word(character, first_on_line)?,
            _ => {}
        }
        self.wide()
    }

    /// Adds work, doubled for each level that the parser may go through again.
    fn spend(&mut self, tokens: u64) -> Result<(), PolicyFault> {
        let factor = self.levels.iter().filter(|level| level.again).fold(1_u64, |factor, level| {
            factor.saturating_mul(if level.query { QUERY_FACTOR } else { LITERAL_FACTOR })
        });
        self.cost = self.cost.saturating_add(tokens.saturating_mul(factor));
        if self.cost <= MAX_COST {
            return Ok(());
        }
        Err(self.fault(
            "too_complex",
            "the policy's nested literals would keep the parser busy for too long".to_owned(),
            "move large or deeply nested values out of the policy into a rule's parameters",
        ))
    }

    fn open(&mut self, bracket: char, attached: bool, first_on_line: bool) -> Result<(), PolicyFault> {
        let index = bracket == '[' && attached && self.last == Last::Term;
        if index {
            self.chain(|level| &mut level.indexes)?;
        } else if !(bracket == '(' && attached) {
            self.term(first_on_line);
        }
        let literal = bracket != '(' && !index;
        self.levels.push(Level::new(bracket, literal));
        self.last = Last::Start;
        let literals = self.levels.iter().filter(|level| level.literal).count();
        if self.levels.len() > MAX_NESTING + 1 || literals > MAX_LITERALS {
            return Err(self.fault(
                "nested_too_deep",
                format!(
                    "brackets are nested deeper than {}",
                    if literals > MAX_LITERALS { MAX_LITERALS } else { MAX_NESTING }
                ),
                "give inner parts a rule or a variable of their own, or move large values into a rule's parameters",
            ));
        }
        if literal { self.spend(OPENING_COST) } else { Ok(()) }
    }

    /// Brackets that do not match are the parser's to report.
    fn close(&mut self, bracket: char) -> Result<(), PolicyFault> {
        let matching = match bracket {
            ']' => '[',
            '}' => '{',
            _ => '(',
        };
        if self.levels.last().is_some_and(|level| level.bracket == matching) {
            self.levels.pop();
        }
        self.last = Last::Term;
        self.spend(1)
    }

    /// A comma ends the first element of a literal; in a query nothing does.
    fn separator(&mut self, query: bool) {
        self.last = Last::Start;
        if let Some(level) = self.levels.last_mut() {
            level.query |= query;
            level.again = level.literal && level.query;
            (level.chain, level.indexes) = (0, 0);
        }
    }

    fn operator(&mut self, character: char) -> Result<(), PolicyFault> {
        // The second character of `:=`, `==`, `<=` and the like belongs to the first.
        if character != '-' {
            while self.characters.peek() == Some(&'=') {
                self.next()?;
            }
        }
        self.last = Last::Operator;
        if character == '|' {
            self.query();
        }
        self.chain(|level| &mut level.chain)
    }

    /// Marks the level as one that holds statements, each of which may be parsed again.
    fn query(&mut self) {
        if let Some(level) = self.levels.last_mut() {
            level.query = true;
            level.again = level.literal;
        }
    }

    fn chain(&mut self, counter: impl Fn(&mut Level) -> &mut u32) -> Result<(), PolicyFault> {
        let Some(level) = self.levels.last_mut() else { return Ok(()) };
        let count = counter(level);
        *count += 1;
        if *count <= MAX_CHAIN {
            return Ok(());
        }
        Err(self.fault(
            "chain_too_long",
            format!("more than {MAX_CHAIN} operators or indexes follow each other"),
            "use variables for parts of the expression, or a collection with `sum` or `in`",
        ))
    }

    /// A term that follows a term starts a new statement.
    fn term(&mut self, first_on_line: bool) {
        if self.last == Last::Dot {
            self.last = Last::Term;
            return;
        }
        let restarts = self.last == Last::Term && first_on_line;
        if let Some(level) = self.levels.last_mut() {
            if restarts {
                level.chain = 0;
            }
            level.indexes = 0;
        }
        self.last = Last::Term;
    }
}

/// Control characters, and those that change the direction in which text is shown.
const fn refused(character: char) -> bool {
    matches!(character, '\0'..='\x1f' | '\x7f'..='\u{9f}' | '\u{2028}' | '\u{2029}')
        || matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        || character == '\u{feff}'
}
