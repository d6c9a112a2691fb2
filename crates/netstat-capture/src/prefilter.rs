//! A program for the kernel that lets no packet pass of which the addresses, the ports and the protocol say already that it
//! cannot match a filter (classic BPF). It may let others pass: those are judged again.
//!
//! Only what every packet must have is tested: the tests joined by `and`. Which end is the local one is not asked.

use netstat_engine::filter::{Filter, Ports, Test};
use netstat_model::{Prefix, Transport};
use netstat_os::PacketTest;
use std::net::IpAddr;

/// Instructions (linux/bpf_common.h): load a word, half a word or a byte, from a place or from one that X is added to; A and
/// a number; jumps; the end.
const LOAD_WORD: u16 = 0x20;
const LOAD_HALF: u16 = 0x28;
const LOAD_BYTE: u16 = 0x30;
const LOAD_HALF_AT_X: u16 = 0x48;
const AND: u16 = 0x54;
const SHIFT_LEFT: u16 = 0x64;
const A_TO_X: u16 = 0x07;
const JUMP: u16 = 0x05;
const IF_EQUAL: u16 = 0x15;
const IF_GREATER: u16 = 0x25;
const IF_AT_LEAST: u16 = 0x35;
const IF_ANY_BIT: u16 = 0x45;
const RETURN: u16 = 0x06;

/// Places (linux/filter.h): beside the packet, as negative numbers, and from the header of the network on.
const PROTOCOL: u32 = 0xffff_f000;
const KIND: u32 = 0xffff_f004;
const LINK: u32 = 0xffff_f01c;
const NETWORK: u32 = 0xfff0_0000;

/// `PACKET_OUTGOING`, and `ARPHRD_LOOPBACK`.
const OUTGOING: u32 = 4;
const LOOPBACK: u32 = 772;

const IPV4: u32 = 0x0800;
const IPV6: u32 = 0x86dd;
const TCP: u32 = 6;
const UDP: u32 = 17;
const ICMP: u32 = 1;

/// All of a packet.
const EVERYTHING: u32 = 0x0004_0000;

/// The longest program that a kernel takes.
const MOST: usize = 4096;

/// A place in the program, once it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Label(usize);

/// A step of the program; jumps lead to labels.
#[derive(Debug, Clone, Copy)]
enum Step {
    Do(u16, u32),
    If { code: u16, value: u32, then: Label },
    Go(Label),
    Here(Label),
}

#[derive(Debug, Default)]
struct Assembler {
    steps: Vec<Step>,
    labels: usize,
}

impl Assembler {
    fn label(&mut self) -> Label {
        self.labels += 1;
        Label(self.labels - 1)
    }

    fn act(&mut self, code: u16, value: u32) {
        self.steps.push(Step::Do(code, value));
    }

    fn jump_if(&mut self, code: u16, value: u32, then: Label) {
        self.steps.push(Step::If { code, value, then });
    }

    fn go(&mut self, to: Label) {
        self.steps.push(Step::Go(to));
    }

    fn here(&mut self, label: Label) {
        self.steps.push(Step::Here(label));
    }

    /// Returns the instructions; `None` if there are too many.
    fn assemble(&self) -> Option<Vec<PacketTest>> {
        let mut places = vec![0; self.labels];
        let mut at = 0;
        for step in &self.steps {
            match step {
                Step::Here(label) => *places.get_mut(label.0)? = at,
                Step::If { .. } => at += 2,
                Step::Do(..) | Step::Go(_) => at += 1,
            }
        }
        let mut program = Vec::with_capacity(at);
        // A conditional jump reaches 255 instructions only, so it skips one that reaches all.
        let go = |to: &Label, from: usize| {
            let distance = places.get(to.0)?.checked_sub(from + 1)?;
            Some(PacketTest { code: JUMP, if_true: 0, if_false: 0, value: u32::try_from(distance).ok()? })
        };
        for step in &self.steps {
            match step {
                Step::Here(_) => {}
                Step::Do(code, value) => {
                    program.push(PacketTest { code: *code, if_true: 0, if_false: 0, value: *value });
                }
                Step::Go(to) => program.push(go(to, program.len())?),
                Step::If { code, value, then } => {
                    program.push(PacketTest { code: *code, if_true: 0, if_false: 1, value: *value });
                    program.push(go(then, program.len())?);
                }
            }
        }
        (program.len() <= MOST).then_some(program)
    }
}

/// Returns the program of a filter. It leaves out the first of the two sights of each packet of the loopback interface.
pub fn prefilter(filter: Option<&Filter>) -> Vec<PacketTest> {
    let tests: Vec<&Test> = filter.into_iter().flat_map(Filter::required_tests).collect();
    let whole = program(&tests);
    whole.or_else(|| program(&[])).unwrap_or_default()
}

fn program(tests: &[&Test]) -> Option<Vec<PacketTest>> {
    let mut code = Assembler::default();
    let [pass, refuse] = [(); 2].map(|()| code.label());
    let [not_a_copy, v4, v6] = [(); 3].map(|()| code.label());
    code.act(LOAD_WORD, LINK);
    let of_loopback = code.label();
    code.jump_if(IF_EQUAL, LOOPBACK, of_loopback);
    code.go(not_a_copy);
    code.here(of_loopback);
    code.act(LOAD_WORD, KIND);
    code.jump_if(IF_EQUAL, OUTGOING, refuse);
    code.here(not_a_copy);
    if !tests.is_empty() {
        code.act(LOAD_WORD, PROTOCOL);
        code.jump_if(IF_EQUAL, IPV4, v4);
        code.jump_if(IF_EQUAL, IPV6, v6);
        // Behind a tag that the kernel has left there may be anything.
        code.go(pass);
        code.here(v4);
        of_family(&mut code, tests, true, pass, refuse);
        code.here(v6);
        of_family(&mut code, tests, false, pass, refuse);
    }
    code.here(pass);
    code.act(RETURN, EVERYTHING);
    code.here(refuse);
    code.act(RETURN, 0);
    code.assemble()
}

/// Adds the tests of packets of one family.
fn of_family(code: &mut Assembler, tests: &[&Test], is_v4: bool, pass: Label, refuse: Label) {
    let (protocol_at, addresses_at) = if is_v4 { (9, 12) } else { (6, 8) };
    // What is neither TCP nor UDP may be headers before them, fragments, or errors about them.
    let is_known = code.label();
    code.act(LOAD_BYTE, NETWORK + protocol_at);
    code.jump_if(IF_EQUAL, TCP, is_known);
    code.jump_if(IF_EQUAL, UDP, is_known);
    if is_v4 {
        // IPv4 has none of the former.
        code.jump_if(IF_EQUAL, ICMP, pass);
        code.go(refuse);
    } else {
        code.go(pass);
    }
    code.here(is_known);
    for test in tests {
        let next = code.label();
        match test {
            Test::Protocol(transport) => {
                let number = if *transport == Transport::Tcp { TCP } else { UDP };
                code.act(LOAD_BYTE, NETWORK + protocol_at);
                code.jump_if(IF_EQUAL, number, next);
                code.go(refuse);
            }
            Test::Host(_, blocks) => {
                let length = if is_v4 { 4 } else { 16 };
                for from in [addresses_at, addresses_at + length] {
                    for block in blocks {
                        address(code, NETWORK + from, *block, is_v4, next);
                    }
                }
                code.go(refuse);
            }
            Test::Port(_, ports) => of_ports(code, ports, is_v4, next, refuse),
            _ => {}
        }
        code.here(next);
    }
    code.go(pass);
}

/// Goes to `then` if the address at a place is in a block.
fn address(code: &mut Assembler, at: u32, block: Prefix, is_v4: bool, then: Label) {
    let (bytes, length) = match (block.address, is_v4) {
        (IpAddr::V4(address), true) => (address.octets().to_vec(), block.length),
        (IpAddr::V6(address), false) => (address.octets().to_vec(), block.length),
        // One that is mapped is one of IPv4 here.
        (IpAddr::V4(address), false) => {
            (address.to_ipv6_mapped().octets().to_vec(), block.length.saturating_add(96))
        }
        // All that is mapped is in such a block, or nothing.
        (IpAddr::V6(_), true) => return,
    };
    let mut rest = u32::from(length);
    let other = code.label();
    let mut place = at;
    for word in bytes.chunks_exact(4) {
        let bits = rest.min(32);
        if bits == 0 {
            break;
        }
        let mask = u32::MAX << (32 - bits);
        let wanted = word.first_chunk::<4>().map_or(0, |word| u32::from_be_bytes(*word)) & mask;
        code.act(LOAD_WORD, place);
        if mask != u32::MAX {
            code.act(AND, mask);
        }
        let same = code.label();
        code.jump_if(IF_EQUAL, wanted, same);
        code.go(other);
        code.here(same);
        rest -= bits;
        place += 4;
    }
    code.go(then);
    code.here(other);
}

/// Goes to `next` if one of the ports is in the set, or there is none, and to `refuse` otherwise.
fn of_ports(code: &mut Assembler, ports: &Ports, is_v4: bool, next: Label, refuse: Label) {
    if is_v4 {
        // A later fragment has none.
        code.act(LOAD_HALF, NETWORK + 6);
        code.jump_if(IF_ANY_BIT, 0x1fff, next);
        code.act(LOAD_BYTE, NETWORK);
        code.act(AND, 15);
        code.act(SHIFT_LEFT, 2);
        code.act(A_TO_X, 0);
    }
    for at in [0, 2] {
        match is_v4 {
            true => code.act(LOAD_HALF_AT_X, NETWORK + at),
            false => code.act(LOAD_HALF, NETWORK + 40 + at),
        }
        for range in ports.ranges() {
            let other = code.label();
            let within = code.label();
            code.jump_if(IF_AT_LEAST, (*range.start()).into(), within);
            code.go(other);
            code.here(within);
            code.jump_if(IF_GREATER, (*range.end()).into(), other);
            code.go(next);
            code.here(other);
        }
    }
    code.go(refuse);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::first_bytes::Heard;
    use crate::fragments::Fragments;
    use crate::frame::made::{tcp, udp, v4, v6};
    use crate::frame::{Content, decode};
    use crate::holder::{Verdict, judge};
    use netstat_engine::filter::NumbersOnly;
    use proptest::prelude::*;

    /// What the kernel knows of a packet beside its bytes.
    #[derive(Debug, Clone, Copy)]
    struct Beside {
        protocol: u32,
        kind: u32,
        link: u32,
    }

    const CAME: Beside = Beside { protocol: IPV4, kind: 0, link: 1 };

    /// Runs a program as the kernel does: a load from outside of the packet refuses it.
    fn passes(program: &[PacketTest], beside: Beside, packet: &[u8]) -> bool {
        let (mut a, mut x, mut at) = (0u32, 0u32, 0usize);
        let load = |place: u32, length: usize| -> Option<u32> {
            match place {
                PROTOCOL => return Some(beside.protocol),
                KIND => return Some(beside.kind),
                LINK => return Some(beside.link),
                _ => {}
            }
            let place = usize::try_from(place.checked_sub(NETWORK)?).unwrap();
            let bytes = packet.get(place..place + length)?;
            Some(bytes.iter().fold(0, |number, byte| number << 8 | u32::from(*byte)))
        };
        loop {
            let PacketTest { code, if_true, if_false, value } = program[at];
            at += 1;
            let mut branch = |is: bool| at += usize::from(if is { if_true } else { if_false });
            let loaded = match code {
                LOAD_WORD => load(value, 4),
                LOAD_HALF => load(value, 2),
                LOAD_BYTE => load(value, 1),
                LOAD_HALF_AT_X => load(value + x, 2),
                _ => Some(a),
            };
            let Some(loaded) = loaded else { return false };
            a = loaded;
            match code {
                AND => a &= value,
                SHIFT_LEFT => a <<= value,
                A_TO_X => x = a,
                JUMP => at += usize::try_from(value).unwrap(),
                IF_EQUAL => branch(a == value),
                IF_GREATER => branch(a > value),
                IF_AT_LEAST => branch(a >= value),
                IF_ANY_BIT => branch(a & value != 0),
                RETURN => return value != 0,
                _ => {}
            }
        }
    }

    fn filter(words: &str) -> Filter {
        Filter::parse(&[words.into()], &NumbersOnly).unwrap()
    }

    fn passes_of(words: &str, protocol: u32, packet: &[u8]) -> bool {
        passes(&prefilter(Some(&filter(words))), Beside { protocol, ..CAME }, packet)
    }

    #[test]
    fn what_cannot_match_is_refused() {
        let (a, b) = ([192, 0, 2, 1], [198, 51, 100, 7]);
        let segment = v4(a, b, 6, 0, &tcp(40000, 443, 2, 1, b""));
        for (words, is_yes) in [
            ("port 443", true),
            ("lport 400-500 tcp", true),
            ("port 442", false),
            ("port 80,443 process x", true),
            ("udp", false),
            ("host 192.0.2.0/24", true),
            ("host 192.0.3.0/24", false),
            ("host 10.0.0.0/8,198.51.100.7 rport 443", true),
            ("host 2001:db8::/32", false),
            ("port 1 or port 2", true),
            ("not port 443", true),
        ] {
            assert_eq!(passes_of(words, IPV4, &segment), is_yes, "{words}");
        }
        let segment = v6(1, 2, 6, &tcp(40000, 443, 2, 1, b""));
        for (words, is_yes) in [
            ("port 443 host 2001:db8::/32", true),
            ("port 442", false),
            ("host 2001:db8::2", true),
            ("host 2001:db8::3", false),
            ("host 192.0.2.1", false),
        ] {
            assert_eq!(passes_of(words, IPV6, &segment), is_yes, "{words}");
        }
    }

    #[test]
    fn a_packet_of_the_loopback_passes_once() {
        let packet = v4([127, 0, 0, 1], [127, 0, 0, 1], 17, 0, &udp(1, 2, b""));
        for program in [prefilter(None), prefilter(Some(&filter("port 1")))] {
            let passes = |kind, link| passes(&program, Beside { kind, link, ..CAME }, &packet);
            assert!(!passes(OUTGOING, LOOPBACK));
            assert!(passes(0, LOOPBACK) && passes(OUTGOING, 1) && passes(0, 1));
        }
    }

    #[test]
    fn a_long_list_is_no_trouble() {
        let ports: Vec<String> = (1..1000).step_by(2).map(|port: u32| port.to_string()).collect();
        let words = format!("port {}", ports.join(","));
        let packet = |port| v4([1; 4], [2; 4], 17, 0, &udp(port, 2, b""));
        assert!(passes_of(&words, IPV4, &packet(999)));
        // Of two families with 500 ports each, either the program is too long and refuses nothing, or it is right.
        let program = prefilter(Some(&filter(&words)));
        assert!(program.len() <= MOST);
    }

    proptest! {
        #[test]
        fn what_matches_is_never_refused(
            words in prop_oneof![
                Just("port 1-3"), Just("tcp lport 2"), Just("udp rport 2,4"), Just("host 1.0.0.0/8"),
                Just("src 1.1.1.1 dst 2.0.0.0/7"), Just("host 2001:db8::/64 port 2"), Just("ipv6 tcp"),
                Just("host 2001:db8::1 or port 3"), Just("not port 2"), Just("process x port 2"),
            ],
            is_v4: bool, is_tcp: bool, from in 1u16..5, to in 1u16..5, low in 1u8..4, high in 1u8..4,
            place in prop_oneof![Just(0u16), Just(0x2000), Just(7)], cut in 0usize..80,
        ) {
            let filter = filter(words);
            let body = if is_tcp { tcp(from, to, 16, 1, b"abc") } else { udp(from, to, b"abc") };
            let number = if is_tcp { 6 } else { 17 };
            let packet = if is_v4 { v4([low; 4], [high; 4], number, place, &body) } else { v6(low, high, number, &body) };
            let protocol = if is_v4 { IPV4 } else { IPV6 };
            let passes = passes(&prefilter(Some(&filter)), Beside { protocol, ..CAME }, &packet);
            let frame = decode(u16::try_from(protocol).unwrap(), &packet, packet.len()).unwrap();
            if frame.content == Content::Fragment {
                // Its ports are not in it.
                return Ok(());
            }
            let (transport, source, destination) = Fragments::default().ends(&frame, 1).unwrap();
            let verdicts = [(source, destination), (destination, source)]
                .map(|ends| judge(Some(&filter), transport, ends, None, &Heard::More));
            let may_match = verdicts.iter().any(|verdict| *verdict != Verdict::No);
            prop_assert!(passes || !may_match, "{words} {frame:?}");
            // Whatever is cut off, nothing goes wrong.
            let program = prefilter(Some(&filter));
            super::tests::passes(&program, Beside { protocol, ..CAME }, &packet[..packet.len().min(cut)]);
        }
    }
}
