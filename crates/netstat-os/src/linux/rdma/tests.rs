use super::*;
use crate::linux::wire::tests::{Script, done, message};
use proptest::prelude::*;

fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    wire::put_attribute(&mut bytes, kind, value);
    bytes
}

fn sockaddr_v4(address: [u8; 4], port: u16) -> Vec<u8> {
    let mut bytes = AF_INET.to_ne_bytes().to_vec();
    bytes.extend_from_slice(&port.to_be_bytes());
    bytes.extend_from_slice(&address);
    bytes.resize(128, 0);
    bytes
}

#[test]
fn listeners_and_connections_are_decoded() {
    let device = [attribute(ATTR_DEV_INDEX, &3u32.to_ne_bytes()), attribute(2, b"mlx5_0\0")].concat();
    let listener = [
        attribute(ATTR_PORT_INDEX, &1u32.to_ne_bytes()),
        attribute(ATTR_RES_STATE, &[8]),
        attribute(ATTR_RES_SRC_ADDR, &sockaddr_v4([50, 37, 61, 23], 445)),
        attribute(29, b"nvmet\0"),
    ]
    .concat();
    let connection = [
        attribute(ATTR_PORT_INDEX, &1u32.to_ne_bytes()),
        attribute(ATTR_RES_STATE, &[5]),
        attribute(ATTR_RES_PID, &4242u32.to_ne_bytes()),
        attribute(ATTR_RES_SRC_ADDR, &sockaddr_v4([50, 37, 61, 23], 4791)),
        attribute(ATTR_RES_DST_ADDR, &sockaddr_v4([50, 37, 61, 24], 445)),
    ]
    .concat();
    let entries =
        [attribute(ATTR_RES_CM_ID_ENTRY, &listener), attribute(ATTR_RES_CM_ID_ENTRY, &connection)].concat();
    let port =
        [attribute(ATTR_PORT_INDEX, &1u32.to_ne_bytes()), attribute(ATTR_NDEV_INDEX, &9u32.to_ne_bytes())]
            .concat();
    let script = Script::new([
        (vec![message(CMD_GET, 0, &device), done()], None),
        (vec![message(CMD_RES_CM_ID_GET, 0, &attribute(ATTR_RES_CM_ID, &entries)), done()], None),
        (vec![message(RDMA_NL_NLDEV | 5, 0, &port), done()], None),
    ]);
    let found = endpoints(&script).unwrap().data;
    assert_eq!(script.left(), 0);
    let local = IpEndpoint::new("50.37.61.23".parse().unwrap(), 445, 0);
    let expected = RdmaEndpoint {
        role: RdmaRole::Listener,
        kernel: true,
        interface: Some(9),
        local: Some(local),
        remote: None,
        pid: None,
    };
    assert_eq!(found[0], expected);
    assert_eq!((found[1].role, found[1].kernel, found[1].pid), (RdmaRole::Connection, false, Some(4242)));
    assert_eq!(found[1].remote.unwrap().port, 445);
    assert_eq!(found.len(), 2);
}

#[test]
fn no_rdma_is_no_error_and_a_refusal_is_one() {
    let answer = endpoints(&Script::new([(vec![], Some(93))])).unwrap();
    assert_eq!(answer, Answer::whole(vec![]));
    let error = endpoints(&Script::new([(vec![], Some(13))])).unwrap_err();
    assert_eq!(error.operation, Operation::ListRdma);
}

proptest! {
    #[test]
    fn arbitrary_bytes_are_decoded_without_panic(bytes: Vec<u8>) {
        decode_endpoint(&bytes);
        decode_sockaddr(&bytes);
    }
}
