//! Writes connections by process and state, with their mean round-trip time, as metrics of Prometheus.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program, not the library")]

use netstat_engine::model::{Error, TcpFields, query::ProcessFields};
use netstat_engine::{Query, Snapshot};
use std::collections::BTreeMap;

fn main() -> Result<(), Error> {
    let query = Query::tcp().tcp_fields(TcpFields::RTT).processes(ProcessFields::NAME);
    let snapshot = Snapshot::take(&query)?;
    let mut groups = BTreeMap::<_, (u32, Vec<f64>)>::new();
    for socket in snapshot.iter() {
        let Some(state) = socket.state else { continue };
        let name = snapshot.process(&socket).and_then(|process| process.name.as_ref().ok());
        let name = name.map_or("unknown".into(), |name| name.to_string_lossy());
        let (count, rtts) = groups.entry((name, state)).or_default();
        *count += 1;
        rtts.extend(socket.tcp().and_then(|tcp| tcp.rtt).map(|rtt| rtt.as_secs_f64()));
    }
    for ((name, state), (count, rtts)) in groups {
        println!("tcp_sockets{{process={name:?},state=\"{state}\"}} {count}");
        if !rtts.is_empty() {
            let mean = rtts.iter().sum::<f64>() / rtts.len() as f64;
            println!("tcp_rtt_seconds{{process={name:?},state=\"{state}\"}} {mean}");
        }
    }
    snapshot.warnings.iter().for_each(|warning| eprintln!("{warning}"));
    Ok(())
}
