//! What was told between two takes, as bytes: the form that the seam has and that a recording keeps.
//!
//! First [`HEAD`] bytes of numbers, then the events, each with its own head of [`EVENT`] bytes.

use crate::windows::memory::{array_at, u8_at, u16_at, u32_at, u64_at};

/// The size of [`Head`] and of what stands before each event.
const HEAD: usize = 48;
const EVENT: usize = 16;

/// Which provider tells: each has a session of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::windows) enum Provider {
    /// Microsoft-Windows-Kernel-Network.
    Network,
    /// Microsoft-Windows-Kernel-Process.
    Process,
}

/// What a session has lost since it began, as `ControlTrace` tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::windows) struct Losses {
    /// Events that there was no buffer for.
    pub(in crate::windows) events: u32,
    /// Buffers that were not written.
    pub(in crate::windows) log_buffers: u32,
    /// Buffers that nobody took in time.
    pub(in crate::windows) buffers: u32,
}

/// What is known of all events of one take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::windows) struct Head {
    /// The counter that times of events are readings of, when they were taken.
    pub(in crate::windows) counter: u64,
    /// Its steps in a second.
    pub(in crate::windows) frequency: u64,
    pub(in crate::windows) network: Losses,
    pub(in crate::windows) process: Losses,
    /// Events that were told and that this program had no room for, since it began.
    pub(in crate::windows) dropped: u64,
}

/// An event as it was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::windows) struct Raw<'a> {
    pub(in crate::windows) provider: Provider,
    pub(in crate::windows) version: u8,
    pub(in crate::windows) id: u16,
    /// When, as a reading of the counter.
    pub(in crate::windows) at: u64,
    pub(in crate::windows) payload: &'a [u8],
}

impl Head {
    pub(in crate::windows) fn decode(bytes: &[u8]) -> Option<Self> {
        let losses = |at| {
            Some(Losses {
                events: u32_at(bytes, at)?,
                log_buffers: u32_at(bytes, at + 4)?,
                buffers: u32_at(bytes, at + 8)?,
            })
        };
        Some(Self {
            counter: u64_at(bytes, 0)?,
            frequency: u64_at(bytes, 8)?,
            network: losses(16)?,
            process: losses(28)?,
            dropped: u64_at(bytes, 40)?,
        })
    }

    #[cfg(any(windows, test))]
    pub(in crate::windows) fn encode(&self) -> [u8; HEAD] {
        let mut bytes = [0; HEAD];
        let losses = |losses: &Losses| [losses.events, losses.log_buffers, losses.buffers];
        let numbers = losses(&self.network).into_iter().chain(losses(&self.process));
        let whole = [self.counter, self.frequency].map(u64::to_le_bytes).concat();
        let parts = numbers.flat_map(u32::to_le_bytes).chain(self.dropped.to_le_bytes());
        bytes.iter_mut().zip(whole.into_iter().chain(parts)).for_each(|(to, from)| *to = from);
        bytes
    }
}

/// The events of a take, up to the first that is cut short.
pub(in crate::windows) fn events(bytes: &[u8]) -> impl Iterator<Item = Raw<'_>> {
    let mut rest = bytes.get(HEAD..).unwrap_or_default();
    std::iter::from_fn(move || {
        let length = usize::try_from(u32_at(rest, 4)?).ok()?;
        let payload = rest.get(EVENT..)?.get(..length)?;
        let provider = match u8_at(rest, 0)? {
            0 => Provider::Network,
            1 => Provider::Process,
            _ => return None,
        };
        let raw = Raw {
            provider,
            version: u8_at(rest, 1)?,
            id: u16_at(rest, 2)?,
            at: array_at(rest, 8).map(u64::from_le_bytes)?,
            payload,
        };
        rest = rest.get(EVENT + length..)?;
        Some(raw)
    })
}

impl Raw<'_> {
    /// Adds it to the events of a take.
    #[cfg(any(windows, test))]
    pub(in crate::windows) fn encode(&self, into: &mut Vec<u8>) {
        let Ok(length) = u32::try_from(self.payload.len()) else { return };
        into.push(match self.provider {
            Provider::Network => 0,
            Provider::Process => 1,
        });
        into.push(self.version);
        into.extend(self.id.to_le_bytes());
        into.extend(length.to_le_bytes());
        into.extend(self.at.to_le_bytes());
        into.extend(self.payload);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_packed_comes_out_again(
            numbers: [u64; 3], losses: [u32; 6], told: Vec<(bool, u8, u16, u64, Vec<u8>)>, cut: prop::sample::Index
        ) {
            let [counter, frequency, dropped] = numbers;
            let of = |at: usize| Losses { events: losses[at], log_buffers: losses[at + 1], buffers: losses[at + 2] };
            let head = Head { counter, frequency, network: of(0), process: of(3), dropped };
            let mut bytes = head.encode().to_vec();
            let told: Vec<Raw<'_>> = told
                .iter()
                .map(|(is_network, version, id, at, payload)| Raw {
                    provider: if *is_network { Provider::Network } else { Provider::Process },
                    version: *version,
                    id: *id,
                    at: *at,
                    payload,
                })
                .collect();
            told.iter().for_each(|raw| raw.encode(&mut bytes));
            prop_assert_eq!(Head::decode(&bytes), Some(head));
            prop_assert_eq!(events(&bytes).collect::<Vec<_>>(), told.clone());
            // What is cut short has only whole events.
            let cut = &bytes[..cut.index(bytes.len())];
            let whole: Vec<_> = events(cut).collect();
            prop_assert!(whole.len() <= told.len() && whole[..] == told[..whole.len()]);
        }

        #[test]
        fn no_bytes_panic(bytes: Vec<u8>) {
            let _ = (Head::decode(&bytes), events(&bytes).count());
        }
    }
}
