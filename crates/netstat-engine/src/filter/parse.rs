//! Parses words to a filter: how tests are combined, and which tests. [`values`] parses their arguments.

mod values;

use super::Lookups;
use super::error::{FilterError, nearest};
use super::expression::{Expression, Side, Test};
use super::glob::Glob;
use super::lexer::{self, Kind, SIGN_WORDS, Token};
use super::quantity::{Comparison, Quantity};
use super::syntax::{self, JOINING, Keyword, PRIMARIES};
use crate::both;
use crate::enrich::Reach;
use crate::text::Text;
use netstat_model::Family;
use std::ffi::OsString;
use values::{Parsed, Value};

/// The limit on nested parentheses and `not`s, which keeps the recursion bounded.
const DEEPEST: usize = 100;

const A_TEST: Text = Text::fixed(
    "a test, such as port 80, state established, :8080 or 10.0.0.0/8",
    "port 80, state established, :8080, 10.0.0.0/8 같은 조건",
);

struct Parser<'t> {
    tokens: &'t [Token],
    next: usize,
    depth: usize,
    lookups: &'t dyn Lookups,
    /// What may stand at the end, if the parser has come there.
    expected: Option<Expected>,
}

/// What may stand at a place of a filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expected {
    /// A test, or what negates one.
    Test,
    /// What joins tests, or another test.
    Joint {
        /// Or the end of a parenthesis.
        closes: bool,
    },
    /// A comparison.
    Sign,
    /// A value of this keyword.
    Value(Keyword),
}

/// The token after the last one. There is none: the last token is an end, which is never consumed.
const END: Token = Token { kind: Kind::End, at: 0, len: 0 };

pub(super) fn parse(words: &[OsString], lookups: &dyn Lookups) -> Result<Expression, FilterError> {
    let mut text = String::new();
    let mut not_utf8 = None;
    for (at, word) in words.iter().enumerate() {
        if at > 0 {
            text.push(' ');
        }
        let shown = word.to_string_lossy();
        if word.to_str().is_none() {
            not_utf8.get_or_insert((text.len(), shown.len()));
        }
        text.push_str(&shown);
    }
    let parsed = match not_utf8 {
        Some((at, len)) => Err(FilterError::at(at, len, both!("valid UTF-8", "올바른 UTF-8"))),
        None => parse_text(&text, lookups),
    };
    parsed.map_err(|error| FilterError { text, ..error })
}

fn parse_text(text: &str, lookups: &dyn Lookups) -> Parsed<Expression> {
    let tokens = lexer::tokens(text).map_err(|at| {
        let expected = both!(
            "a closing quote (write a quote within quotes twice)",
            "닫는 큰따옴표(따옴표 안의 따옴표는 두 번 씁니다)"
        );
        FilterError::at(at, text.len() - at, expected)
    })?;
    let mut parser = Parser { tokens: &tokens, next: 0, depth: 0, lookups, expected: None };
    let expression = parser.any()?;
    match parser.peek().kind {
        Kind::End => Ok(expression),
        Kind::Close => Err(parser.error(both!("a ( before this )", "이 )의 앞에 ("))),
        _ => Err(parser.error(both!("and, or, or another test", "and, or, 또는 다른 조건"))),
    }
}

/// Returns what may stand behind the beginning of a filter; `None` if the filter is wrong before its end.
pub(super) fn expected(text: &str, lookups: &dyn Lookups) -> Option<Expected> {
    let tokens = lexer::tokens(text).ok()?;
    let mut parser = Parser { tokens: &tokens, next: 0, depth: 0, lookups, expected: None };
    // That there is no end yet is an error.
    let _ = parser.any();
    parser.expected.filter(|_| parser.peek().kind == Kind::End)
}

impl<'t> Parser<'t> {
    /// Notes what may stand here, if the filter ends here.
    fn note(&mut self, expected: Expected) {
        if self.peek().kind == Kind::End {
            self.expected = Some(expected);
        }
    }

    fn peek(&self) -> &'t Token {
        self.tokens.get(self.next).or(self.tokens.last()).unwrap_or(&END)
    }

    /// Returns an error at the next token.
    fn error(&self, expected: Text) -> FilterError {
        let token = self.peek();
        FilterError::at(token.at, token.len, expected)
    }

    /// Consumes the next token if it is this word or this sign.
    fn take(&mut self, word: &str, sign: &Kind) -> bool {
        let kind = &self.peek().kind;
        let is = kind == sign || matches!(kind, Kind::Word(next) if next.eq_ignore_ascii_case(word));
        self.next += usize::from(is);
        is
    }

    /// Parses tests joined by `or`.
    fn any(&mut self) -> Parsed<Expression> {
        let mut members = vec![self.all()?];
        while self.take("or", &Kind::Or) {
            members.push(self.all()?);
        }
        Ok(Expression::any(members))
    }

    /// Parses tests joined by `and`, or by nothing.
    fn all(&mut self) -> Parsed<Expression> {
        let mut members = vec![self.not()?];
        loop {
            self.note(Expected::Joint { closes: false });
            let joined = self.take("and", &Kind::And);
            let begins = match &self.peek().kind {
                Kind::Word(word) => !word.eq_ignore_ascii_case("or"),
                Kind::Open | Kind::Not | Kind::Quoted(_) => true,
                _ => false,
            };
            if !joined && !begins {
                return Ok(Expression::all(members));
            }
            members.push(self.not()?);
        }
    }

    /// Parses a test, a negation, or an expression in parentheses.
    fn not(&mut self) -> Parsed<Expression> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.error(both!(
                "at most {most} nested parentheses and nots",
                "{most}번 이하로 겹친 괄호와 not",
                most = DEEPEST
            )));
        }
        let expression = if self.take("not", &Kind::Not) {
            self.not()?.negated()
        } else if self.peek().kind == Kind::Open {
            self.next += 1;
            let inside = self.any()?;
            self.note(Expected::Joint { closes: true });
            if self.peek().kind != Kind::Close {
                return Err(self.error(both!(
                    "and, or, another test, or the missing )",
                    "and, or, 다른 조건, 또는 빠진 )"
                )));
            }
            self.next += 1;
            inside
        } else {
            self.test()?
        };
        self.depth -= 1;
        Ok(expression)
    }

    fn test(&mut self) -> Parsed<Expression> {
        self.note(Expected::Test);
        let token = self.peek();
        let Kind::Word(word) = &token.kind else {
            return Err(self.error(A_TEST));
        };
        if let Some(primary) = syntax::keyword(word) {
            return self.primary(primary.keyword, word);
        }
        if JOINING.iter().any(|joining| joining.eq_ignore_ascii_case(word)) {
            return Err(self.error(A_TEST));
        }
        let test = self.shorthand(&Value { text: word, quoted: false, at: token.at, len: token.len })?;
        self.next += 1;
        Ok(test)
    }

    /// Parses a word that is a test by itself.
    fn shorthand(&self, value: &Value<'_>) -> Parsed<Expression> {
        if let Some(states) = syntax::states(value.text) {
            return Ok(Expression::Test(Test::State(states)));
        }
        if let Some(protocol) = values::protocol(value.text) {
            return Ok(protocol);
        }
        if value.text.chars().all(|c| c.is_ascii_digit()) {
            return Err(value.error(both!(
                "a test: a port is written :{number} or port {number}",
                "조건: 포트는 :{number} 또는 port {number}",
                number = value.text
            )));
        }
        if let Some(end) = values::end(self.lookups, Side::Either, value, values::Names::Refused)? {
            return Ok(end);
        }
        let words =
            PRIMARIES.iter().flat_map(|primary| primary.words).chain(&JOINING).map(|word| (*word).to_owned());
        let protocols = syntax::PROTOCOLS.iter().map(|(word, ..)| (*word).to_owned());
        let known = words.chain(syntax::all_state_words()).chain(protocols);
        Err(value.error(A_TEST).with_nearest(nearest(value.text, known)))
    }

    /// Parses a test that begins with a keyword, which is the next token.
    fn primary(&mut self, keyword: Keyword, word: &str) -> Parsed<Expression> {
        if cfg!(not(feature = "geo")) && matches!(keyword, Keyword::Country | Keyword::Network) {
            return Err(self.error(both!(
                "another test: {word} needs the feature geo, which is not built in",
                "다른 조건: {word}에 필요한 geo 기능이 이 프로그램에 없음",
                word
            )));
        }
        self.next += 1;
        let flag = match keyword {
            Keyword::Ipv4 => Some(Test::Family(Family::V4)),
            Keyword::Ipv6 => Some(Test::Family(Family::V6)),
            Keyword::Loopback => Some(Test::Reach(Reach::Loopback)),
            Keyword::Private => Some(Test::Reach(Reach::Private)),
            Keyword::Public => Some(Test::Reach(Reach::Public)),
            _ => None,
        };
        if let Some(test) = flag {
            return Ok(Expression::Test(test));
        }
        self.note(match keyword {
            Keyword::Number(_) | Keyword::Time(_) => Expected::Sign,
            _ => Expected::Value(keyword),
        });
        let sign_token = self.next;
        let sign = self.sign();
        if sign.is_some() {
            self.note(Expected::Value(keyword));
        }
        let (comparison, negated) = sign.unwrap_or((Comparison::Equal, false));
        let expression = if let Keyword::Number(quantity) = keyword {
            if sign.is_none() {
                return Err(self.error(both!(
                    "a comparison: {word} > {example}",
                    "비교: {word} > {example}",
                    word,
                    example = quantity.example()
                )));
            }
            self.number(quantity, comparison)?
        } else if let Keyword::Time(event) = keyword {
            if sign.is_none() {
                return Err(self.error(both!(
                    "a comparison: {word} > \"10 minutes ago\"",
                    "비교: {word} > \"10분 전\"",
                    word
                )));
            }
            let value = self.value(word)?;
            Expression::Test(Test::Time(event, comparison, values::moment(self.lookups, &value)?))
        } else {
            if comparison != Comparison::Equal && !matches!(keyword, Keyword::Port(_) | Keyword::Host(_)) {
                self.next = sign_token;
                return Err(self.error(both!(
                    "= or != or nothing after {word}",
                    "{word} 뒤에 =, != 또는 기호 없이 값",
                    word
                )));
            }
            let value = self.value(word)?;
            self.with_value(keyword, &value, comparison)?
        };
        Ok(if negated { expression.negated() } else { expression })
    }

    /// Returns the test of a keyword and its value.
    fn with_value(&self, keyword: Keyword, value: &Value<'_>, comparison: Comparison) -> Parsed<Expression> {
        Ok(Expression::Test(match keyword {
            Keyword::Host(side) if comparison == Comparison::Equal => {
                if let Some(name) = values::unix_name(value.text) {
                    return Ok(Expression::Test(Test::Name(side, Glob::new(name))));
                }
                return values::ends(self.lookups, side, value);
            }
            // `sport >= :1024`, as in ss, to which `src >= :1024` is the same.
            Keyword::Port(side) | Keyword::Host(side) => {
                Test::Port(side, values::compared_ports(self.lookups, value, comparison)?)
            }
            Keyword::Protocol => return values::protocols(value),
            Keyword::Family => return values::families(value),
            Keyword::State => Test::State(values::states(value)?),
            Keyword::Country => Test::Country(values::countries(value)?),
            Keyword::Network => values::network(value),
            Keyword::Pid => Test::Pid(values::pids(value)?),
            Keyword::NamespacePid => Test::NamespacePid(values::pids(value)?),
            Keyword::User if self.lookups.has_accounts() => return values::accounts(value),
            Keyword::User => Test::User(values::users(self.lookups, value)?),
            Keyword::Reason => Test::Reason(values::reasons(value)?),
            Keyword::Process => Test::Process(Glob::new(value.text)),
            Keyword::Path => Test::Path(Glob::new(value.text)),
            Keyword::App => Test::App(values::applications(value)?),
            Keyword::AppName => Test::AppName(Glob::of_any_case(value.text)),
            Keyword::HostName => Test::HostName(Glob::of_any_case(value.text)),
            Keyword::Unit => Test::Unit(Glob::new(value.text)),
            Keyword::Container => Test::Container(Glob::new(value.text)),
            Keyword::Pod => Test::Pod(Glob::new(value.text)),
            Keyword::Namespace => Test::Namespace(values::namespaces(self.lookups, value)?),
            // The other keywords take no value.
            _ => return Err(value.error(A_TEST)),
        }))
    }

    /// Consumes a comparison. Returns it, and whether it is negated.
    fn sign(&mut self) -> Option<(Comparison, bool)> {
        let kind = match &self.peek().kind {
            Kind::Word(word) => &SIGN_WORDS.iter().find(|(known, _)| known.eq_ignore_ascii_case(word))?.1,
            kind => kind,
        };
        let sign = match kind {
            Kind::Compare(comparison) => (*comparison, false),
            Kind::NotEqual => (Comparison::Equal, true),
            _ => return None,
        };
        self.next += 1;
        Some(sign)
    }

    fn number(&mut self, quantity: Quantity, comparison: Comparison) -> Parsed<Expression> {
        let value = match &self.peek().kind {
            Kind::Word(_) | Kind::Quoted(_) => self.value(quantity.word())?,
            _ => return Err(self.error(quantity.expected())),
        };
        let number = quantity.parse(value.text).ok_or_else(|| value.error(quantity.expected()))?;
        Ok(Expression::Test(Test::Number(quantity, comparison, number)))
    }

    /// Consumes the value of the keyword `after`.
    fn value(&mut self, after: &str) -> Parsed<Value<'t>> {
        let token = self.peek();
        let (text, quoted) = match &token.kind {
            Kind::Word(word) if syntax::is_reserved(word) => {
                return Err(self.error(both!(
                    "a value after {after}; a name like this needs \"quotes\"",
                    "{after} 뒤에 값. 이런 이름은 \"따옴표\"로 묶음",
                    after
                )));
            }
            Kind::Word(word) => (word, false),
            Kind::Quoted(word) => (word, true),
            _ => {
                let argument = syntax::keyword(after).map_or("", |primary| primary.argument);
                return Err(self.error(both!(
                    "a value after {after}: {argument}",
                    "{after} 뒤에 값: {argument}",
                    after,
                    argument
                )));
            }
        };
        self.next += 1;
        Ok(Value { text, quoted, at: token.at, len: token.len })
    }
}
