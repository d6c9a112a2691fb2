use super::*;
use crate::linux::fake::Fake;
use proptest::prelude::*;

const L2CAP: &str = "\
sk               RefCnt Rmem   Wmem   User   Inode  Parent
00000000c0ffee01 2      0      0      0      33001  0     \n\
00000000c0ffee02 2      672    96     1000   33002  33001 \n\
00000000c0ffee03 2      x      0      0      33003  0     \n\
";

#[test]
fn each_protocol_has_a_file() {
    let fake = Fake::new().file("/proc/net/l2cap", L2CAP).file(
        "/proc/net/hci",
        "sk               RefCnt Rmem   Wmem   User   Inode  Parent\n1 2 0 0 0 34001 0 \n",
    );
    let (sockets, odd) = from_proc_net(&fake).unwrap();
    assert_eq!((sockets.len(), odd), (3, 1));
    let [hci, listener, waiting] = &sockets[..] else { panic!("{sockets:?}") };
    assert_eq!(hci.protocol, Protocol::Bluetooth(BluetoothProtocol::Hci));
    assert_eq!((hci.local.clone(), hci.id.inode), (Endpoint::Inode(34_001), Some(34_001)));
    let parent = |socket: &Socket| match socket.family_facts.as_deref() {
        Some(FamilyFacts::Bluetooth(facts)) => facts.listener,
        other => panic!("{other:?}"),
    };
    assert_eq!((parent(listener), parent(waiting)), (None, Some(33_001)));
    assert_eq!((waiting.recv_queue, waiting.send_queue, waiting.uid), (Some(672), Some(96), Some(1000)));
}

#[test]
fn a_kernel_without_bluetooth_has_none_of_the_files() {
    assert_eq!(from_proc_net(&Fake::new()).unwrap_err().kind(), ErrorKind::NotFound);
    let refused =
        Fake::new().file("/proc/net/l2cap", L2CAP).fails("/proc/net/sco", rustix::io::Errno::ACCESS);
    assert_eq!(from_proc_net(&refused).unwrap_err().kind(), ErrorKind::PermissionDenied);
}

proptest! {
    #[test]
    fn any_bytes_are_decoded_or_refused(
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
        lines in "(([0-9a-f]{0,12}|\\PC{0,3}) ){0,9}\n?",
    ) {
        decode_file(&bytes, BluetoothProtocol::Iso);
        decode_file(format!("\n{lines}").as_bytes(), BluetoothProtocol::Sco);
    }
}
