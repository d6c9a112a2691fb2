/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Whom programs like tcplife name as the owner of a connection, beside what the recorder names: the process that is current
 * when the state becomes CLOSE, and, as bcc's tcplife has it, the one that was current at SYN_SENT or LAST_ACK, if there was
 * one. Made and loaded by `cargo xtask bench record --only owners`.
 */
#include "program.h"

#define TCP_SYN_SENT 2
#define TCP_CLOSE 7
#define TCP_LAST_ACK 9
#define TCP_LISTEN 10

struct sock_common {
	u16 skc_family;
	u32 skc_daddr;
	u32 skc_rcv_saddr;
	u16 skc_dport;
} KERNEL;

struct sock {
	struct sock_common __sk_common;
	u16 sk_protocol;
} KERNEL;

struct inet_sock {
	u16 inet_sport;
} KERNEL;

static void *(*const map_lookup)(void *map, const void *key) = (void *)1;
static long (*const map_update)(void *map, const void *key, const void *value, u64 flags) = (void *)2;
static u64 (*const current)(void) = (void *)14;
static u64 (*const socket_cookie)(struct sock *sk) = (void *)46;

struct named {
	u32 noted;
	u32 at_close;
	u32 local;
	u32 remote;
	u32 local_port;
	u32 remote_port;
};

struct {
	/* BPF_MAP_TYPE_HASH. */
	int (*type)[1];
	int (*max_entries)[1048576];
	u64 *key;
	struct named *value;
} owners SECTION(".maps");

SECTION("tp_btf/inet_sock_set_state") int current_at_close(u64 *context)
{
	struct sock *sk = (struct sock *)context[0];
	const struct inet_sock *inet = (const void *)sk;
	int old = context[1], new = context[2];
	struct named fresh = {}, *named;
	u64 cookie;

	if (READ(sk->sk_protocol) != IPPROTO_TCP || READ(sk->__sk_common.skc_family) != AF_INET || old == TCP_LISTEN)
		return 0;
	if (new != TCP_SYN_SENT && new != TCP_LAST_ACK && new != TCP_CLOSE)
		return 0;
	cookie = socket_cookie(sk);
	named = map_lookup(&owners, &cookie);
	if (!named)
		named = &fresh;
	if (new != TCP_CLOSE)
		named->noted = current() >> 32;
	if (new == TCP_CLOSE) {
		named->at_close = current() >> 32;
		named->local = READ(sk->__sk_common.skc_rcv_saddr);
		named->remote = READ(sk->__sk_common.skc_daddr);
		named->local_port = __builtin_bswap16(READ(inet->inet_sport));
		named->remote_port = __builtin_bswap16(READ(sk->__sk_common.skc_dport));
	}
	if (named == &fresh)
		map_update(&owners, &cookie, &fresh, 0);
	return 0;
}

SECTION("license") char licence[] = "Dual MIT/GPL";
