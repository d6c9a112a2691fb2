//! Values of connections beside those of `ss -tuanpei`.

use super::compare::text;
use serde_json::Value;
use std::collections::BTreeMap;

/// How many values were compared, and those that differ.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Values {
    pub(super) compared: usize,
    pub(super) different: Vec<String>,
}

/// The ends of a connection as ss has them, without the marks of IPv4 in IPv6.
type Ends = (String, String);

/// Compares the connections of TCP in the JSON with lines of ss.
pub(super) fn compare(json: &str, lines: &str) -> Option<Values> {
    let theirs: BTreeMap<Ends, Vec<&str>> = lines.lines().filter_map(line).collect();
    let document: Value = serde_json::from_str(json).ok()?;
    let mut values = Values::default();
    for socket in document.get("sockets")?.as_array()? {
        let ends = (end(socket, "laddr", "lport"), end(socket, "raddr", "rport"));
        let (Some(local), Some(remote)) = ends else { continue };
        let is_closing = ["SYN_SENT", "TIME_WAIT"].contains(&text(socket, "state"));
        if !text(socket, "proto").starts_with("TCP") || is_closing {
            continue;
        }
        let Some(words) = theirs.get(&(local.clone(), remote.clone())) else {
            values.different.push(format!("ss has no {local} - {remote}"));
            continue;
        };
        for (key, theirs) in told(words) {
            let ours = socket.get(key).and_then(Value::as_u64);
            values.compared += 1;
            // ss leaves out what is 0.
            if ours.unwrap_or(0) != theirs.unwrap_or(0) {
                values.different.push(format!("{local} - {remote}: {key} {ours:?}, ss {theirs:?}"));
            }
        }
    }
    Some(values)
}

fn end(socket: &Value, address: &str, port: &str) -> Option<String> {
    let address = socket.get(address)?.as_str()?;
    let port = socket.get(port)?.as_u64()?;
    Some(if address.contains(':') { format!("[{address}]:{port}") } else { format!("{address}:{port}") })
}

/// Decodes `tcp ESTAB 0 0 127.0.0.1:1 127.0.0.1:2 users:... ino:1 ... rtt:0.1/0.2`.
fn line(line: &str) -> Option<(Ends, Vec<&str>)> {
    let words: Vec<&str> = line.split_whitespace().collect();
    if words.first() != Some(&"tcp") {
        return None;
    }
    let plain = |end: &str| match end.strip_prefix("[::ffff:") {
        Some(mapped) => mapped.replacen(']', "", 1),
        None => end.to_owned(),
    };
    Some(((plain(words.get(4)?), plain(words.get(5)?)), words))
}

/// Returns values by our keys.
fn told(words: &[&str]) -> Vec<(&'static str, Option<u64>)> {
    let after = |start: &str| words.iter().find_map(|word| word.strip_prefix(start));
    let whole = |start: &str| after(start).and_then(|value| value.parse().ok());
    let rtt = after("rtt:").and_then(|value| value.split_once('/'));
    vec![
        ("recvq", words.get(2).and_then(|value| value.parse().ok())),
        ("sendq", words.get(3).and_then(|value| value.parse().ok())),
        ("inode", whole("ino:")),
        ("cookie", after("sk:").and_then(|value| u64::from_str_radix(value, 16).ok())),
        ("rtt_us", rtt.and_then(|(rtt, _)| micro(rtt))),
        ("rttvar_us", rtt.and_then(|(_, rttvar)| micro(rttvar))),
        ("min_rtt_us", after("minrtt:").and_then(micro)),
        ("cwnd", whole("cwnd:")),
        ("mss", whole("mss:")),
        ("bytes_sent", whole("bytes_sent:")),
        ("bytes_received", whole("bytes_received:")),
        ("bytes_acked", whole("bytes_acked:")),
        ("segs_out", whole("segs_out:")),
        ("segs_in", whole("segs_in:")),
    ]
}

/// Decodes milliseconds, which have up to three places, as microseconds.
fn micro(value: &str) -> Option<u64> {
    let (whole, part) = value.split_once('.').unwrap_or((value, ""));
    Some(whole.parse::<u64>().ok()? * 1000 + format!("{part:0<3}").parse::<u64>().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = "tcp ESTAB 0 5 [::ffff:127.0.0.1]:1 [::ffff:127.0.0.1]:2 users:((\"x\",pid=1,fd=3)) ino:7 sk:a \
                        rtt:0.03/0.015 minrtt:0.01 cwnd:10 mss:9";

    #[test]
    fn a_value_that_differs_is_found() {
        let json = |rtt: u32| {
            format!(
                r#"{{"sockets":[{{"proto":"TCP","state":"ESTABLISHED","laddr":"127.0.0.1","lport":1,
                    "raddr":"127.0.0.1","rport":2,"recvq":0,"sendq":5,"inode":7,"cookie":10,"rtt_us":{rtt},
                    "rttvar_us":15,"min_rtt_us":10,"cwnd":10,"mss":9}}]}}"#
            )
        };
        assert_eq!(compare(&json(30), LINE).unwrap(), Values { compared: 14, different: Vec::new() });
        let different = compare(&json(31), LINE).unwrap().different;
        assert_eq!(different, ["127.0.0.1:1 - 127.0.0.1:2: rtt_us Some(31), ss Some(30)"]);
        assert_eq!(compare(&json(30), "").unwrap().different, ["ss has no 127.0.0.1:1 - 127.0.0.1:2"]);
    }
}
