use super::*;
use proptest::prelude::*;

fn row(kind: u8, state: u8) -> Vec<u8> {
    let mut bytes = vec![AF_VSOCK, kind, state, 0];
    for number in [3u32, 5000, 2, 1024, 55, 7, 0] {
        bytes.extend_from_slice(&number.to_ne_bytes());
    }
    bytes
}

#[test]
fn ends_and_state_are_decoded() {
    let socket = decode_row(&row(1, 1)).unwrap();
    assert_eq!(socket.protocol, Protocol::Vsock(SocketType::Stream));
    assert_eq!(socket.local, Endpoint::Vsock { cid: 3, port: 5000 });
    assert_eq!(socket.remote, Some(Endpoint::Vsock { cid: 2, port: 1024 }));
    assert_eq!((socket.state, socket.id.inode), (Some(TcpState::Established), Some(55)));
    let listener = decode_row(&row(5, 10)).unwrap();
    assert_eq!((listener.remote, listener.state), (None, Some(TcpState::Listen)));
    assert_eq!(decode_row(&row(2, 7)).unwrap().state, None);
    assert_eq!(decode_row(&row(9, 1)), None);
}

proptest! {
    #[test]
    fn any_bytes_are_decoded_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
        decode_row(&[&[AF_VSOCK, 1][..], &bytes].concat());
        decode_row(&bytes);
    }
}
