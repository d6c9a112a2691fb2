//! The one loop of everything that asks the system again and again: ask, hand on, wait.

use std::thread;
use std::time::Duration;

/// What follows a look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next<T> {
    /// Nothing: the watch is over, with this result.
    Done(T),
    /// Another look, after a pause.
    LookAgain(Duration),
}

/// Looks until `hand_on` is done.
///
/// `ask` asks the system. `finish` then completes what the look leaves behind, a recording for instance, even if asking
/// failed: the recording of a run that fails is the one that is needed most. `hand_on` shows or judges the answer.
///
/// ```
/// use netstat_engine::watch::{Next, watch};
/// use std::convert::Infallible;
/// use std::time::Duration;
///
/// let mut looks = 0;
/// let ask = |looks: &mut u32| {
///     *looks += 1;
///     Ok::<_, Infallible>(*looks)
/// };
/// let hand_on = |_: &mut u32, look| {
///     Ok(if look == 3 { Next::Done("enough") } else { Next::LookAgain(Duration::ZERO) })
/// };
/// assert_eq!(watch(&mut looks, ask, |_| Ok(()), hand_on), Ok("enough"));
/// assert_eq!(looks, 3);
/// ```
///
/// # Errors
/// The first error of any of the three.
pub fn watch<C, A, T, E>(
    context: &mut C,
    mut ask: impl FnMut(&mut C) -> Result<A, E>,
    mut finish: impl FnMut(&mut C) -> Result<(), E>,
    mut hand_on: impl FnMut(&mut C, A) -> Result<Next<T>, E>,
) -> Result<T, E> {
    loop {
        let answer = ask(context);
        finish(context)?;
        match hand_on(context, answer?)? {
            Next::Done(result) => return Ok(result),
            Next::LookAgain(pause) => thread::sleep(pause),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_that_fails_is_finished_before_the_watch_ends() {
        let mut steps = Vec::new();
        let asked = watch(
            &mut steps,
            |steps| {
                steps.push("ask");
                if steps.len() > 3 { Err("refused") } else { Ok(()) }
            },
            |steps| {
                steps.push("finish");
                Ok(())
            },
            |steps, ()| {
                steps.push("hand on");
                Ok(Next::<()>::LookAgain(Duration::ZERO))
            },
        );
        assert_eq!(asked, Err("refused"));
        assert_eq!(steps, ["ask", "finish", "hand on", "ask", "finish"]);
    }
}
