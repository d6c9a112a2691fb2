//! One function for each decoder, for the fuzz targets of the same names.

use super::{
    addresses, bpf, clock, conntrack, counters, descriptors, events, firewall, interface_counters,
    interfaces, limits, namespaces, packets, persistent, processes, procnet, rdma, routes, socket_units,
    sockets, wire,
};
use crate::tape::Player;
use netstat_model::{Family, TcpFields, Transport};

/// Netlink messages and attributes.
pub fn netlink_messages(data: &[u8]) {
    for message in wire::messages(data).flatten() {
        wire::attributes(message.payload).for_each(drop);
    }
}

/// Rows of the socket table from sock_diag.
pub fn sock_diag(data: &[u8]) {
    for protocol in [Transport::Tcp, Transport::Udp] {
        sockets::decode_socket(data, protocol);
    }
}

/// Rows and files of the families beyond TCP and UDP.
pub fn socket_families(data: &[u8]) {
    sockets::decode_as_each_family(data);
    super::kernel_sockets::decode_all(data);
}

/// The files of `/proc/net`.
pub fn proc_net(data: &[u8]) {
    for family in [Family::V4, Family::V6] {
        procnet::decode_table(data, Transport::Tcp, family, &mut Vec::new());
    }
}

/// Rows of the address table from rtnetlink.
pub fn addresses(data: &[u8]) {
    addresses::decode_address(data);
}

/// Rows of the list of interfaces from rtnetlink.
pub fn links(data: &[u8]) {
    interfaces::decode_link(data);
}

/// Rows of the routing tables from rtnetlink, and next hop objects.
pub fn routes(data: &[u8]) {
    routes::decode_route(data, &mut Default::default());
    routes::decode_object(data);
}

/// The files that persistent routes are read from, and units of sockets.
pub fn persistent_routes(data: &[u8]) {
    persistent::parse_all(&String::from_utf8_lossy(data));
    socket_units::parse_any(&String::from_utf8_lossy(data));
}

/// The files of counters.
pub fn counters(data: &[u8]) {
    clock::decode_uptime(data);
    limits::decode_all(data);
    descriptors::decode_soft_limit(data);
    conntrack::decode_statistics(data, &mut netstat_model::Conntrack::default());
    counters::decode_all(data);
    namespaces::decode_all(data);
}

/// Rows of the interface list with their counters.
pub fn interface_counters(data: &[u8]) {
    interface_counters::decode_interface(data);
}

/// Chains, rules and sets of nftables, tables of iptables, and where packets go.
pub fn nftables(data: &[u8]) {
    firewall::decode_table(data);
    firewall::decode_chain(data);
    firewall::decode_set(data);
    firewall::decode_rule(data);
    firewall::decode_elements(data);
    for family in [2, 10] {
        firewall::decode_legacy(family, "nat", data);
    }
    firewall::decode_places(data);
    firewall::decode_tenants(data);
}

/// Rows of the RDMA resources.
pub fn rdma(data: &[u8]) {
    rdma::decode_endpoint(data);
}

/// Records that the BPF program writes.
pub fn bpf_records(data: &[u8]) {
    bpf::decode_records(data).into_iter().flatten().for_each(drop);
}

/// Rows that the BPF programs write of TCP sockets, and of memberships in multicast groups.
pub fn tcp_rows(data: &[u8]) {
    let Some((fields, data)) = data.split_first_chunk() else { return };
    let fields = TcpFields::from_bits_truncate(u64::from_le_bytes(*fields));
    for details in [false, true] {
        let settings = bpf::TcpSettings { fields, states: u32::MAX, details, ages: false };
        bpf::decode_tcp_rows(data, settings, &mut |row| {
            row.add_details(fields, &mut row.head.to_socket(), &mut None);
            true
        });
    }
    bpf::decode_everywhere(data, &mut |_| true);
    bpf::decode_group_records(data);
}

/// Records that the BPF programs of the recorder write.
pub fn recorder_records(data: &[u8]) {
    events::decode_all(data);
}

/// `/proc/PID/cgroup`, `cmdline` and `status`.
pub fn process_files(data: &[u8]) {
    processes::decode_files(data);
}

/// Blocks of the ring of a packet socket.
pub fn packet_blocks(data: &[u8]) {
    packets::decode_block(data, &mut |packet| assert!(packet.network <= packet.frame.len()));
}

/// The index of a recording.
pub fn recording(data: &[u8]) {
    if let Ok(index) = std::str::from_utf8(data) {
        let _ = Player::decode(index, b"answers".to_vec());
    }
}
