//! A filter in another language: what its tests are there, and how they are joined.

use super::Filter;
use super::expression::{Expression, Join, Test};

/// Another language, into which a filter is put from its tests up.
pub trait Algebra {
    /// An expression of it.
    type Of;

    /// Returns a test.
    fn test(&mut self, test: &Test) -> Self::Of;

    /// Returns the negation of an expression.
    fn not(&mut self, of: Self::Of) -> Self::Of;

    /// Returns what all of these have to say yes to.
    fn all(&mut self, of: Vec<Self::Of>) -> Self::Of;

    /// Returns what one of these has to say yes to.
    fn any(&mut self, of: Vec<Self::Of>) -> Self::Of;
}

impl Filter {
    /// Puts the filter into another language.
    pub fn fold<A: Algebra>(&self, algebra: &mut A) -> A::Of {
        fold(&self.expression, algebra)
    }
}

fn fold<A: Algebra>(expression: &Expression, algebra: &mut A) -> A::Of {
    match expression {
        Expression::Test(test) => algebra.test(test),
        Expression::Not(inner) => {
            let inner = fold(inner, algebra);
            algebra.not(inner)
        }
        Expression::Joined(join, members) => {
            let members = members.iter().map(|member| fold(member, algebra)).collect();
            match join {
                Join::All => algebra.all(members),
                Join::Any => algebra.any(members),
            }
        }
    }
}
