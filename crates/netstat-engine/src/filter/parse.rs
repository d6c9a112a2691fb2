//! Words to a filter: the joints (`and`, `or`, `not`, parentheses) and the tests. Values are read in [`values`].

mod values;

use super::Lookups;
use super::error::{FilterError, nearest};
use super::expression::{Expression, Side, Test};
use super::glob::Glob;
use super::lexer::{self, Kind, SIGN_WORDS, Sign, Token};
use super::quantity::{Comparison, Quantity};
use super::syntax::{self, JOINING, Keyword, PRIMARIES};
use crate::enrich::Reach;
use netstat_model::Family;
use std::ffi::OsString;

/// Parentheses and `not`s in one another; a person needs three.
const DEEPEST: usize = 100;

const A_TEST: &str = "a test, such as port 80, state established, :8080 or 10.0.0.0/8";

/// What is wrong, before the text is known.
#[derive(Debug)]
struct Fault {
    at: usize,
    len: usize,
    expected: String,
    nearest: Option<String>,
}

type Parsed<T> = Result<T, Fault>;

/// A word, or text in quotes, where a value belongs.
struct Value<'t> {
    text: &'t str,
    quoted: bool,
    at: usize,
    len: usize,
}

impl Value<'_> {
    fn fault(&self, expected: impl Into<String>) -> Fault {
        Fault { at: self.at, len: self.len, expected: expected.into(), nearest: None }
    }

    /// What is between the commas.
    fn parts(&self) -> impl Iterator<Item = Value<'_>> {
        let mut at = self.at;
        self.text.split(',').map(move |text| {
            let part = if self.quoted {
                Value { text, quoted: true, at: self.at, len: self.len }
            } else {
                Value { text, quoted: false, at, len: text.len() }
            };
            at += text.len() + 1;
            part
        })
    }
}

struct Parser<'t> {
    tokens: &'t [Token],
    next: usize,
    depth: usize,
    lookups: &'t dyn Lookups,
}

/// What a comparison is compared with when the tokens are at their end, which they never are.
const END: Token = Token { kind: Kind::End, at: 0, len: 0 };

pub(super) fn parse(words: &[OsString], lookups: &dyn Lookups) -> Result<Expression, FilterError> {
    let (text, odd) = join(words);
    let outcome = match odd {
        Some((at, len)) => {
            let expected = "text in UTF-8: this word is none".to_owned();
            Err(Fault { at, len, expected, nearest: None })
        }
        None => parse_text(&text, lookups),
    };
    outcome.map_err(|Fault { at, len, expected, nearest }| FilterError { text, at, len, expected, nearest })
}

/// The words with one blank between them, and the place of the first that is not UTF-8.
fn join(words: &[OsString]) -> (String, Option<(usize, usize)>) {
    let (mut text, mut odd) = (String::new(), None);
    for (at, word) in words.iter().enumerate() {
        if at > 0 {
            text.push(' ');
        }
        let shown = word.to_string_lossy();
        if word.to_str().is_none() && odd.is_none() {
            odd = Some((text.len(), shown.len()));
        }
        text.push_str(&shown);
    }
    (text, odd)
}

fn parse_text(text: &str, lookups: &dyn Lookups) -> Parsed<Expression> {
    let tokens = lexer::tokens(text).map_err(|at| Fault {
        at,
        len: text.len() - at,
        expected: "a closing quote (a quote inside of quotes is written twice)".to_owned(),
        nearest: None,
    })?;
    let mut parser = Parser { tokens: &tokens, next: 0, depth: 0, lookups };
    let expression = parser.any()?;
    match parser.peek().kind {
        Kind::End => Ok(expression),
        Kind::Close => Err(parser.fault("a ( somewhere before this )")),
        _ => Err(parser.fault("and, or, or another test")),
    }
}

impl<'t> Parser<'t> {
    fn peek(&self) -> &'t Token {
        self.tokens.get(self.next).or(self.tokens.last()).unwrap_or(&END)
    }

    fn fault(&self, expected: impl Into<String>) -> Fault {
        let token = self.peek();
        Fault { at: token.at, len: token.len, expected: expected.into(), nearest: None }
    }

    /// Whether the next token is this word, which is then taken.
    fn take_word(&mut self, word: &str) -> bool {
        let is = matches!(&self.peek().kind, Kind::Word(next) if next.eq_ignore_ascii_case(word));
        self.next += usize::from(is);
        is
    }

    fn take(&mut self, kind: &Kind) -> bool {
        let is = self.peek().kind == *kind;
        self.next += usize::from(is);
        is
    }

    /// Tests joined by `or`.
    fn any(&mut self) -> Parsed<Expression> {
        let mut members = vec![self.all()?];
        while self.take(&Kind::Or) || self.take_word("or") {
            members.push(self.all()?);
        }
        Ok(Expression::any(members))
    }

    /// Tests joined by `and` or by nothing.
    fn all(&mut self) -> Parsed<Expression> {
        let mut members = vec![self.not()?];
        loop {
            let joined = self.take(&Kind::And) || self.take_word("and");
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

    fn not(&mut self) -> Parsed<Expression> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.fault(format!("no more than {DEEPEST} parentheses and nots in one another")));
        }
        let expression = if self.take(&Kind::Not) || self.take_word("not") {
            self.not()?.negated()
        } else if self.take(&Kind::Open) {
            let inside = self.any()?;
            if !self.take(&Kind::Close) {
                return Err(self.fault("and, or, another test, or the ) that is missing"));
            }
            inside
        } else {
            self.test()?
        };
        self.depth -= 1;
        Ok(expression)
    }

    fn test(&mut self) -> Parsed<Expression> {
        let token = self.peek();
        let Kind::Word(word) = &token.kind else {
            return Err(self.fault(A_TEST));
        };
        if let Some(primary) = syntax::keyword(word) {
            self.next += 1;
            return self.primary(primary.keyword, word);
        }
        if JOINING.iter().any(|joining| joining.eq_ignore_ascii_case(word)) {
            return Err(self.fault(A_TEST));
        }
        let value = Value { text: word, quoted: false, at: token.at, len: token.len };
        let test = self.shorthand(&value)?;
        self.next += 1;
        Ok(test)
    }

    /// A word that is a test by itself.
    fn shorthand(&self, value: &Value<'_>) -> Parsed<Expression> {
        if let Some(states) = syntax::states(value.text) {
            return Ok(Expression::Test(Test::State(states)));
        }
        if let Some(protocol) = values::protocol(value.text) {
            return Ok(protocol);
        }
        if value.text.chars().all(|c| c.is_ascii_digit()) {
            return Err(value.fault(format!("a test: a port is written :{0} or port {0}", value.text)));
        }
        if let Some(end) = values::end(self.lookups, Side::Either, value, values::Names::Refused)? {
            return Ok(end);
        }
        let words = PRIMARIES.iter().flat_map(|primary| primary.words.iter().map(|word| (*word).to_owned()));
        let joining = JOINING.iter().map(|word| (*word).to_owned());
        let protocols = syntax::PROTOCOLS.iter().map(|(word, ..)| (*word).to_owned());
        let candidates = words.chain(joining).chain(syntax::all_state_words()).chain(protocols);
        Err(Fault { nearest: nearest(value.text, candidates), ..value.fault(A_TEST) })
    }

    fn primary(&mut self, keyword: Keyword, word: &str) -> Parsed<Expression> {
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
        let sign_token = self.next;
        let sign = self.sign();
        if let Keyword::Number(quantity) = keyword {
            let Some(sign) = sign else {
                let expected = format!("a comparison: {word} > {}", example(quantity));
                return Err(self.fault(expected));
            };
            return self.number(quantity, sign);
        }
        let ordered = matches!(sign, Some(sign) if !matches!(sign, Sign::Equal | Sign::NotEqual));
        if ordered && !matches!(keyword, Keyword::Port(_) | Keyword::Host(_)) {
            self.next = sign_token;
            return Err(self.fault(format!("= or != after {word}, or nothing")));
        }
        let value = self.value(word)?;
        let sign = sign.unwrap_or(Sign::Equal);
        let expression = match keyword {
            // `sport >= :1024`, as ss has it; `src >= :1024` is the same to ss.
            Keyword::Port(side) => values::compared_ports(self.lookups, side, &value, sign)?,
            Keyword::Host(side) if ordered => values::compared_ports(self.lookups, side, &value, sign)?,
            Keyword::Host(side) => {
                let ends = value.parts().map(|part| {
                    let end = values::end(self.lookups, side, &part, values::Names::LookedUp)?;
                    end.ok_or_else(|| part.fault(values::AN_ADDRESS))
                });
                values::merged_ends(side, ends.collect::<Parsed<Vec<_>>>()?)
            }
            Keyword::State => values::state(&value)?,
            Keyword::Protocol => values::protocols(&value)?,
            Keyword::Country => values::countries(&value)?,
            Keyword::Network => values::network(&value),
            Keyword::Pid => Expression::Test(Test::Pid(values::numbers(&value, values::A_PID)?)),
            Keyword::User => Expression::Test(Test::User(values::users(self.lookups, &value)?)),
            Keyword::Process => Expression::Test(Test::Process(Glob::new(value.text))),
            Keyword::Path => Expression::Test(Test::Path(Glob::new(value.text))),
            Keyword::Unit => Expression::Test(Test::Unit(Glob::new(value.text))),
            // These take no value and are done above.
            _ => return Err(self.fault(A_TEST)),
        };
        Ok(if sign == Sign::NotEqual { expression.negated() } else { expression })
    }

    fn sign(&mut self) -> Option<Sign> {
        let sign = match &self.peek().kind {
            Kind::Sign(sign) => Some(*sign),
            Kind::Word(word) => {
                SIGN_WORDS.iter().find(|(known, _)| known.eq_ignore_ascii_case(word)).map(|(_, sign)| *sign)
            }
            _ => None,
        };
        self.next += usize::from(sign.is_some());
        sign
    }

    fn number(&mut self, quantity: Quantity, sign: Sign) -> Parsed<Expression> {
        let value = match &self.peek().kind {
            Kind::Word(_) | Kind::Quoted(_) => self.value(quantity.word())?,
            _ => return Err(self.fault(quantity.expected())),
        };
        let number = quantity.parse(value.text).ok_or_else(|| value.fault(quantity.expected()))?;
        let (comparison, negated) = match sign {
            Sign::Greater => (Comparison::Greater, false),
            Sign::GreaterOrEqual => (Comparison::GreaterOrEqual, false),
            Sign::Less => (Comparison::Less, false),
            Sign::LessOrEqual => (Comparison::LessOrEqual, false),
            Sign::Equal => (Comparison::Equal, false),
            Sign::NotEqual => (Comparison::Equal, true),
        };
        let test = Expression::Test(Test::Number(quantity, comparison, number));
        Ok(if negated { test.negated() } else { test })
    }

    /// The value of a primary, which `after` names.
    fn value(&mut self, after: &str) -> Parsed<Value<'t>> {
        let token = self.peek();
        let (text, quoted) = match &token.kind {
            Kind::Word(word) if syntax::is_reserved(word) => {
                return Err(self.fault(format!("a value after {after}; a name like this needs \"quotes\"")));
            }
            Kind::Word(word) => (word, false),
            Kind::Quoted(word) => (word, true),
            _ => {
                let argument = syntax::keyword(after).map_or("", |primary| primary.argument);
                return Err(self.fault(format!("a value after {after}: {argument}")));
            }
        };
        self.next += 1;
        Ok(Value { text, quoted, at: token.at, len: token.len })
    }
}

fn example(quantity: Quantity) -> &'static str {
    match quantity {
        Quantity::ReceiveQueue | Quantity::SendQueue => "64K",
        Quantity::RoundTripTime => "100ms",
        Quantity::Retransmissions => "0",
        Quantity::Age => "10s",
    }
}
