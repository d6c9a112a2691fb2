use super::tests::{ALL, NUMERIC, any_socket, owned, table, udp};
use super::*;
use netstat_model::{Brief, Endpoint, Table};
use proptest::prelude::*;

proptest! {
    #[test]
    fn a_packed_table_is_written_as_the_other_is(
        sockets in prop::collection::vec(any_socket(), 0..20),
        pid: bool,
        colour: bool,
        inodes in prop::collection::vec(0u64..4, 20),
    ) {
        let mut sockets = sockets;
        let mut packed = Table::default();
        for (socket, inode) in sockets.iter_mut().zip(inodes) {
            socket.id.inode = Some(inode).filter(|&inode| inode != 0);
            // As the decoder has it.
            let canonical = |end: &mut Endpoint| *end = Endpoint::new(end.address, end.port, end.scope);
            canonical(&mut socket.local);
            socket.remote.iter_mut().for_each(canonical);
            let remote = socket.remote.map(|end| end.address);
            if remote.is_some_and(|address| address.is_ipv4() != socket.local.address.is_ipv4()) {
                socket.remote = None;
            }
            // Equal in everything that decides over the order, two rows may differ in nothing that is shown.
            let pid = u32::try_from(inode).unwrap() + u32::from(socket.state.is_none());
            socket.ownership = owned(pid, udp("0.0.0.0:1", None)).ownership;
            if socket.protocol == Protocol::Udp {
                socket.state = None;
            }
        }
        for brief in sockets.iter().map(Brief::from) {
            prop_assert!(brief.rows().all(|section| packed.push(&brief, section)));
        }
        let form = Classic { pid, colour, ..NUMERIC };
        let written = |rows: &mut dyn Iterator<Item = TableRow>| {
            let mut out = Vec::new();
            let mut sheet = form.begin(&mut out).unwrap();
            rows.for_each(|row| form.add(&mut sheet, &row).unwrap());
            sheet.hand_on().unwrap();
            String::from_utf8(out).unwrap()
        };
        let mut unsorted = Vec::new();
        form.render(&ConnectionsView::unsorted(&sockets, &ALL), &mut unsorted).unwrap();
        prop_assert_eq!(written(&mut packed.rows_as_given()), String::from_utf8(unsorted).unwrap());
        packed.sort();
        prop_assert_eq!(written(&mut packed.rows()), table(&form, &sockets));
    }
}
