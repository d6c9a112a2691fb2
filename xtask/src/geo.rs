//! Packs a database in MaxMind's format into the built-in table of countries, a file that is checked in.
//!
//! `netstat_engine::enrich::CountryTable` defines the layout, and looks up every range again before anything is written.

use crate::workspace;
use anyhow::{Context, Result, bail, ensure};
use maxminddb::{PathElement, Reader};
use netstat_engine::enrich::{Country, CountryTable, Reach};
use std::collections::BTreeMap;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const TABLE: &str = "crates/netstat-engine/data/countries.bin";
const ORIGIN: &str = "crates/netstat-engine/data/ORIGIN.md";

/// Runs in a block: how many a lookup reads one after the other at most.
const BLOCK: usize = 64;

/// Seconds in a day.
const DAY: u64 = 24 * 60 * 60;

/// A range of addresses of one country. The unit is an address of IPv4, and a /64 of IPv6.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Run {
    first: u64,
    last: u64,
    country: Country,
}

/// The runs of both families, sorted. Adjacent ones have different countries.
#[derive(Debug, Default)]
struct Runs {
    v4: Vec<Run>,
    v6: Vec<Run>,
}

/// Packs a database and writes the table and the date of its origin.
pub(crate) fn write(path: &str) -> Result<()> {
    let reader = Reader::open_readfile(path).with_context(|| path.to_owned())?;
    let day = reader.metadata().build_epoch / DAY;
    let (runs, [too_fine, not_public]) = read(&reader).with_context(|| path.to_owned())?;
    let table = pack(&runs, u32::try_from(day).context("the date of the database")?)?;
    check(&table, &runs)?;
    let root = workspace::root();
    let date = workspace::date(Some(day * DAY))?;
    let origin = fs::read_to_string(root.join(ORIGIN)).context(ORIGIN)?;
    let lines: Vec<String> = origin
        .lines()
        .map(|line| if line.starts_with("date: ") { format!("date: {date}") } else { line.to_owned() })
        .collect();
    fs::write(root.join(TABLE), &table).context(TABLE)?;
    fs::write(root.join(ORIGIN), lines.join("\n") + "\n").context(ORIGIN)?;
    println!(
        "wrote {TABLE}: {} runs of IPv4, {} of IPv6, {} bytes, data of {date}; skipped: {too_fine} networks smaller \
         than a /64, {not_public} that are not public",
        runs.v4.len(),
        runs.v6.len(),
        table.len(),
    );
    println!("check that {ORIGIN} names the origin and the licence of this database");
    Ok(())
}

/// Reads the runs of a database, and how many networks it skipped: those smaller than a /64, and those that are not
/// public.
fn read(reader: &Reader<Vec<u8>>) -> Result<(Runs, [usize; 2])> {
    let (mut runs, mut too_fine, mut not_public) = (Runs::default(), 0, 0);
    for entry in reader.networks(maxminddb::WithinOptions::default())? {
        let entry = entry?;
        let mut code: Option<&str> = entry.decode_path(&[PathElement::Key("country_code")])?;
        if code.is_none() {
            code = entry.decode_path(&[PathElement::Key("country"), PathElement::Key("iso_code")])?;
        }
        let Some(country) = code.and_then(Country::new) else { continue };
        let network = entry.network()?;
        if Reach::of(network.network()) != Some(Reach::Public)
            || Reach::of(network.broadcast()) != Some(Reach::Public)
        {
            not_public += 1;
            continue;
        }
        let (family, bits, first) = match network.network() {
            IpAddr::V4(address) => (&mut runs.v4, 32, u64::from(address.to_bits())),
            IpAddr::V6(address) => (&mut runs.v6, 64, u64::try_from(address.to_bits() >> 64)?),
        };
        let Some(free) = u32::checked_sub(bits, network.prefix().into()) else {
            too_fine += 1;
            continue;
        };
        let last = first | 1u64.checked_shl(free).map_or(u64::MAX, |size| size - 1);
        family.push(Run { first, last, country });
    }
    for family in [&mut runs.v4, &mut runs.v6] {
        family.sort_by_key(|run| run.first);
        let touching = family.windows(2).all(|pair| pair[0].last < pair[1].first);
        ensure!(touching, "two networks overlap");
        family.dedup_by(|next, run| {
            let joined = run.country == next.country && run.last + 1 == next.first;
            run.last = if joined { next.last } else { run.last };
            joined
        });
    }
    ensure!(!runs.v4.is_empty() && !runs.v6.is_empty(), "one of the two address families has no countries");
    Ok((runs, [too_fine, not_public]))
}

fn pack(runs: &Runs, day: u32) -> Result<Vec<u8>> {
    let mut numbers: BTreeMap<Country, u8> =
        runs.v4.iter().chain(&runs.v6).map(|run| (run.country, 0)).collect();
    for (at, number) in numbers.values_mut().enumerate() {
        *number = u8::try_from(at + 1).context("more than 255 countries")?;
    }
    let mut table = b"geo1".to_vec();
    table.extend(day.to_be_bytes());
    table.push(u8::try_from(numbers.len())?);
    numbers.keys().for_each(|country| table.extend(country.code().as_bytes()));
    let families = [pack_family(&runs.v4, &numbers)?, pack_family(&runs.v6, &numbers)?];
    for (blocks, packed) in &families {
        table.extend(u32::try_from(blocks.len())?.to_be_bytes());
        table.extend(u32::try_from(packed.len())?.to_be_bytes());
    }
    for (blocks, packed) in families {
        for (first, offset) in blocks {
            table.extend(first.to_be_bytes());
            table.extend(offset.to_be_bytes());
        }
        table.extend(packed);
    }
    Ok(table)
}

/// The first unit of each block with the offset of its runs, and the packed runs.
type Packed = (Vec<(u64, u32)>, Vec<u8>);

fn pack_family(runs: &[Run], numbers: &BTreeMap<Country, u8>) -> Result<Packed> {
    let (mut blocks, mut packed) = (Vec::new(), Vec::new());
    let (mut next, mut in_block) = (0, BLOCK);
    for run in runs {
        if in_block >= BLOCK {
            blocks.push((run.first, u32::try_from(packed.len())?));
            in_block = 0;
        } else if run.first > next {
            pack_run(&mut packed, 0, run.first - next);
            in_block += 1;
        }
        let number = numbers.get(&run.country).context("a country without a number")?;
        pack_run(&mut packed, *number, run.last - run.first + 1);
        in_block += 1;
        next = run.last + 1;
    }
    Ok((blocks, packed))
}

fn pack_run(packed: &mut Vec<u8>, country: u8, units: u64) {
    let shift = units.trailing_zeros();
    // At most 63, because a run has at least one unit.
    let size = u8::try_from(shift).unwrap_or(63);
    let mut factor = units >> shift;
    if factor == 1 {
        packed.extend([country, size]);
        return;
    }
    packed.extend([country, 128 | size]);
    while factor > 127 {
        packed.push(128 | u8::try_from(factor & 127).unwrap_or(127));
        factor >>= 7;
    }
    packed.push(u8::try_from(factor).unwrap_or(127));
}

/// Fails unless the table finds both ends of every run, and nothing in the gaps between runs.
fn check(table: &[u8], runs: &Runs) -> Result<()> {
    let table = CountryTable::new(table).context("the table cannot be read")?;
    let v4 = |unit: u64| Ok(IpAddr::V4(Ipv4Addr::from_bits(u32::try_from(unit)?)));
    let v6 = |unit: u64| Ok(IpAddr::V6(Ipv6Addr::from_bits(u128::from(unit) << 64)));
    let families: [(_, &dyn Fn(u64) -> Result<IpAddr>); 2] = [(&runs.v4, &v4), (&runs.v6, &v6)];
    for (runs, address) in families {
        let mut next = 0;
        for run in runs {
            for unit in [run.first, run.last] {
                let (address, found) = (address(unit)?, table.country(address(unit)?));
                ensure!(found == Some(run.country), "{address} is {found:?}, not {}", run.country);
            }
            if run.first > next
                && let Some(found) = table.country(address(run.first - 1)?)
            {
                bail!("{} is {found}, which is not in the database", address(run.first - 1)?);
            }
            next = run.last.saturating_add(1);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn country(code: &str) -> Country {
        Country::new(code).unwrap()
    }

    fn run(first: u64, last: u64, code: &str) -> Run {
        Run { first, last, country: country(code) }
    }

    #[test]
    fn packed_runs_are_found_again() {
        let v4 = vec![
            run(0, 0, "AA"),
            run(1, 255, "BB"),
            run(0x0100_0000, 0x0100_02ff, "AA"),
            run(u32::MAX.into(), u32::MAX.into(), "CC"),
        ];
        // Several blocks, with and without gaps, some with sizes that are no power of two.
        let v6 = (0..1000u64).map(|n| run(n << 40, (n << 40) + n * n, ["AA", "ZZ"][usize::from(n % 3 == 0)]));
        let runs = Runs { v4, v6: v6.collect() };
        let table = pack(&runs, 20_000).unwrap();
        check(&table, &runs).unwrap();
        assert_eq!(CountryTable::new(&table).unwrap().day(), 20_000);

        let other = Runs { v4: vec![run(0, 1, "AA")], v6: Vec::new() };
        assert!(check(&table, &other).is_err(), "the check can fail");
    }

    #[test]
    fn the_origin_has_the_date_of_the_table() {
        let root = workspace::root();
        let table = fs::read(root.join(TABLE)).unwrap();
        let day = CountryTable::new(&table).unwrap().day();
        let origin = fs::read_to_string(root.join(ORIGIN)).unwrap();
        assert!(
            origin.contains(&format!("\ndate: {}\n", workspace::date(Some(u64::from(day) * DAY)).unwrap())),
            "{origin}"
        );
    }
}
