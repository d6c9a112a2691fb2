//! [`Preselection`]: what can be said of rows before they are unpacked, so that a filter is asked about few of them.
//!
//! It only saves work: a row that it leaves out does not match, and neither need one that it lets through.

use crate::block::{Damaged, Packed};
use crate::bloom;
use crate::error::StoreError;
use crate::reader::Reader;
use crate::row::{Address, Field, ProcessId};
use netstat_engine::filter::{Filter, Ports, Side, Test};
use netstat_model::{Missing, Prefix, Process, ProcessKey};
use rustc_hash::{FxHashMap, FxHashSet};
use std::net::IpAddr;

/// What rows have to pass. The default lets everything through.
#[derive(Debug, Clone, Default)]
pub struct Preselection {
    ports: Vec<(Side, Ports)>,
    hosts: Vec<(Side, Box<[Prefix]>)>,
    /// The processes that may match; `None` for all. A row whose process is unknown may match.
    processes: Option<FxHashSet<ProcessId>>,
}

impl Preselection {
    /// Returns what a filter asks of every row. `processes` are those of the store.
    pub fn of(filter: &Filter, processes: &FxHashMap<ProcessKey, Process>) -> Self {
        let mut selection = Self::default();
        for test in filter.required_tests() {
            match test {
                Test::Port(side, ports) => selection.ports.push((*side, ports.clone())),
                Test::Host(side, networks) => selection.hosts.push((*side, networks.clone())),
                Test::Pid(pids) => selection.keep(processes, |process| pids.contains(&process.id.pid)),
                Test::Process(glob) => selection
                    .keep(processes, |process| process.is_named(|name| glob.matches(name)) != Some(false)),
                Test::Path(glob) => selection.keep(processes, |process| {
                    may_be(&process.executable, |executable| glob.matches(executable.path.as_os_str()))
                }),
                Test::Unit(glob) => {
                    selection.keep(processes, |process| may_be(&process.unit, |unit| glob.matches(unit)));
                }
                _ => {}
            }
        }
        selection
    }

    fn keep(&mut self, processes: &FxHashMap<ProcessKey, Process>, passes: impl Fn(&Process) -> bool) {
        let before = self.processes.take();
        let stays = |id: &ProcessId| before.as_ref().is_none_or(|before| before.contains(id));
        let passing =
            processes.values().filter(|process| passes(process)).map(|process| process.id.start_time);
        self.processes = Some(passing.filter(stays).collect());
    }

    /// Returns false if no row of a block can match, by the bits that tell its addresses.
    pub(crate) fn may_be_in(&self, bits: Option<&[u8]>) -> bool {
        let Some(bits) = bits else { return true };
        // The wildcard of IPv6 may count as any address of IPv4, of a local end.
        let wildcard = |side: Side| side != Side::Remote && bloom::may_hold(bits, (IPV6_ANY, 0));
        self.hosts.iter().all(|(side, networks)| {
            wildcard(*side)
                || networks.iter().any(|network| {
                    // The scope of a link-local address is part of what was kept.
                    let is_one =
                        Prefix::host(network.address) == *network && !may_have_scope(network.address);
                    !is_one || bloom::may_hold(bits, (network.address, 0))
                })
        })
    }

    /// Takes the rows from `stay` that cannot match.
    pub(crate) fn narrow(&self, packed: &Packed<'_>, stay: &mut [bool]) -> Result<(), Damaged> {
        if let Some(processes) = &self.processes {
            retain(stay, &packed.column(Field::Process)?, |process| {
                process == 0 || processes.contains(&process)
            });
        }
        for (side, ports) in &self.ports {
            let passes = |number: u64| u16::try_from(number).is_ok_and(|port| ports.contains(port));
            self.of_side(*side, packed, stay, [Field::LocalPort, Field::RemotePort], passes)?;
        }
        if !self.hosts.is_empty() {
            let addresses = packed.addresses()?;
            for (side, networks) in &self.hosts {
                let may_match = |(address, _): &Address| {
                    *address == IPV6_ANY || networks.iter().any(|network| network.contains(*address))
                };
                let matching: Vec<bool> = addresses.iter().map(may_match).collect();
                let passes = |number: u64| {
                    let place = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
                    place.and_then(|place| matching.get(place)).copied().unwrap_or(false)
                };
                self.of_side(*side, packed, stay, [Field::Local, Field::Remote], passes)?;
            }
        }
        Ok(())
    }

    fn of_side(
        &self,
        side: Side,
        packed: &Packed<'_>,
        stay: &mut [bool],
        [local, remote]: [Field; 2],
        passes: impl Fn(u64) -> bool,
    ) -> Result<(), Damaged> {
        match side {
            Side::Local => retain(stay, &packed.column(local)?, passes),
            Side::Remote => retain(stay, &packed.column(remote)?, passes),
            Side::Either => {
                let (locals, remotes) = (packed.column(local)?, packed.column(remote)?);
                for ((stay, local), remote) in stay.iter_mut().zip(locals).zip(remotes) {
                    *stay &= passes(local) || passes(remote);
                }
            }
        }
        Ok(())
    }
}

impl Reader {
    /// Returns what a filter asks of every row of this store.
    ///
    /// # Errors
    /// When its processes cannot be read.
    pub fn preselect(&self, filter: &Filter) -> Result<Preselection, StoreError> {
        let asks =
            |test: &Test| matches!(test, Test::Pid(_) | Test::Process(_) | Test::Path(_) | Test::Unit(_));
        if !filter.required_tests().any(asks) {
            return Ok(Preselection::of(filter, &FxHashMap::default()));
        }
        Ok(match self.processes()? {
            (processes, 0) => Preselection::of(filter, &processes),
            // Who holds a row may be one that is damaged, so that each row is looked at.
            _ => Preselection::default(),
        })
    }
}

const IPV6_ANY: IpAddr = IpAddr::V6(std::net::Ipv6Addr::UNSPECIFIED);

fn may_have_scope(address: IpAddr) -> bool {
    matches!(address, IpAddr::V6(address) if address.is_unicast_link_local() || address.is_multicast())
}

fn may_be<T>(fact: &Result<T, Missing>, passes: impl FnOnce(&T) -> bool) -> bool {
    fact.as_ref().map_or_else(|why| *why != Missing::NotApplicable, passes)
}

fn retain(stay: &mut [bool], numbers: &[u64], passes: impl Fn(u64) -> bool) {
    for (stay, number) in stay.iter_mut().zip(numbers) {
        *stay = *stay && passes(*number);
    }
}
