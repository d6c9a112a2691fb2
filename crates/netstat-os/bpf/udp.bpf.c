/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Who sends datagrams of UDP to whom; and the connects of TCP that never leave, because there is no route, or it is forbidden.
 *
 * Two tracepoints tell of each call that sends or receives on a socket, after it, with the number of bytes. Both are called by
 * the process itself, so the current one is the right one. They do not tell the remote end of a socket that is not
 * connected: the hooks of the control group do, in the middle of the same call, so what they see is kept by thread until
 * the call is over.
 *
 * Of a connect that is refused at once no tracepoint tells: a hook sees it begin, and when the socket is freed it never was in
 * SYN_SENT.
 */
#include "program.h"
#include "recorder.h"
#include "recorder.kernel.h"
#include "udp.h"

/* include/linux/socket.h. */
#define MSG_PEEK 2
#define MSG_ERRQUEUE 0x2000

/* include/uapi/linux/in.h. */
#define IPPROTO_UDPLITE 136

/* include/linux/sched.h. */
#define PF_KTHREAD 0x00200000

/* linux/bpf.h. */
#define GET_OR_MAKE 1
#define NO_WAKEUP 1
#define NEW_ALONE 1

static void *(*const map_lookup)(void *map, const void *key) = (void *)1;
static long (*const map_update)(void *map, const void *key, const void *value, u64 flags) = (void *)2;
static long (*const map_delete)(void *map, const void *key) = (void *)3;
static u64 (*const current_thread)(void) = (void *)14;
static u64 (*const socket_cookie)(void *of) = (void *)46;
static long (*const probe_read_user)(void *into, u32 size, const void *from) = (void *)112;
static long (*const probe_read_kernel_str)(void *into, u32 size, const void *from) = (void *)115;
static void *(*const socket_storage)(void *map, void *socket, void *value, u64 flags) = (void *)107;
static u64 (*const since_boot)(void) = (void *)125;
static long (*const ring_output)(void *ring, void *data, u64 size, u64 flags) = (void *)130;
static void *(*const task_storage)(void *map, struct task_struct *task, void *value, u64 flags) = (void *)156;
static struct task_struct *(*const current_task)(void) = (void *)158;

/* The programs that tell of processes: a call that sends is never inside one that receives, on the same processor. */
#define SENT 0
#define RECEIVED 1
#define DESTROYED 2
#define PROGRAMS 3

/* include/net/tcp_states.h. */
#define TCP_SYN_SENT 2

/* include/linux/net.h. */
#define SOCK_DGRAM 2

struct socket {
	struct file *file;
} KERNEL;

/* The context of the hook that sees a socket made. */
struct bpf_sock {
	u32 bound_dev_if;
	u32 family;
	u32 type;
	u32 protocol;
};

/* The context of the other hooks, struct bpf_sock_addr of linux/bpf.h. */
struct bpf_sock_addr {
	u32 user_family;
	u32 user_ip4;
	u32 user_ip6[4];
	u32 user_port;
	u32 family;
	u32 type;
	u32 protocol;
};

/* The remote end of the call that a thread is in. */
struct peer {
	u64 cookie;
	u32 address[4];
	u16 port;
	u16 family;
	u32 unused;
};

/* Of a process: which run of it was told of last, plus 1, and by which name. */
struct mark {
	u32 told;
	u32 round;
	u32 name;
};

struct {
	/* BPF_MAP_TYPE_RINGBUF; its size is chosen by who loads it. */
	int (*type)[27];
	int (*max_entries)[4096];
} ring SECTION(".maps");

struct {
	/* BPF_MAP_TYPE_HASH, BPF_F_NO_PREALLOC. */
	int (*type)[1];
	int (*map_flags)[1];
	int (*max_entries)[65536];
	struct flow_key *key;
	struct flow *value;
} flows SECTION(".maps");

struct {
	/* The same. */
	int (*type)[1];
	int (*map_flags)[1];
	int (*max_entries)[65536];
	u64 *key;
	struct flow_socket *value;
} sockets SECTION(".maps");

struct {
	/* BPF_MAP_TYPE_HASH, by thread. */
	int (*type)[1];
	int (*max_entries)[8192];
	u64 *key;
	struct peer *value;
} peers SECTION(".maps");

/* A connect that has not left yet. */
struct attempt {
	u64 at;
	u32 address[4];
	u16 port;
	u16 family;
	u32 unused;
};

struct {
	/* BPF_MAP_TYPE_HASH, BPF_F_NO_PREALLOC, by cookie. */
	int (*type)[1];
	int (*map_flags)[1];
	int (*max_entries)[16384];
	u64 *key;
	struct attempt *value;
} attempts SECTION(".maps");

struct {
	/* BPF_MAP_TYPE_TASK_STORAGE, BPF_F_NO_PREALLOC. */
	int (*type)[29];
	int (*map_flags)[1];
	int *key;
	struct mark *value;
} marks SECTION(".maps");

struct {
	/* BPF_MAP_TYPE_SK_STORAGE, BPF_F_NO_PREALLOC: the sockets of UDP that were made while the programs ran, in the control groups
	 * that they are attached to. Their end is told by the hook as well. */
	int (*type)[24];
	int (*map_flags)[1];
	int *key;
	u32 *value;
} made SECTION(".maps");

struct {
	/* BPF_MAP_TYPE_ARRAY. */
	int (*type)[2];
	int (*max_entries)[1];
	u32 *key;
	struct flow_counts *value;
} counters SECTION(".maps");

struct {
	/* BPF_MAP_TYPE_ARRAY. */
	int (*type)[2];
	int (*max_entries)[1];
	u32 *key;
	struct settings *value;
} wishes SECTION(".maps");

struct {
	/* BPF_MAP_TYPE_PERCPU_ARRAY. */
	int (*type)[6];
	int (*max_entries)[PROGRAMS];
	u32 *key;
	struct process_record *value;
} drafts SECTION(".maps");

#define COUNT(what)                                                 \
	({                                                          \
		u32 zero = 0;                                       \
		struct flow_counts *counted = map_lookup(&counters, &zero); \
		if (counted)                                        \
			__sync_fetch_and_add(&counted->what, 1);    \
	})

/* Hands on a record. Answers whether there was room for it. */
INLINE int tell(u32 kind, void *record, u64 size)
{
	if (ring_output(&ring, record, size, NO_WAKEUP)) {
		if (kind == RECORD_PROCESS)
			COUNT(lost_processes);
		else
			COUNT(lost_connects);
		return 0;
	}
	return 1;
}

#include "recorder.process.h"

/* Notes that the current process is the owner, and tells of it if that was not done. */
INLINE void own(struct flow *flow, u32 program)
{
	struct task_struct *task = current_task(), *leader = task->group_leader;
	const struct cred *cred;
	struct mark *mark;
	u32 tgid;
	u16 name;

	if (READ(task->flags) & PF_KTHREAD)
		return;
	tgid = as_seen(task);
	if (!tgid)
		return;
	cred = READ(task->cred);
	flow->tgid = tgid;
	flow->process_start = READ(leader->start_boottime);
	flow->executions = READ(leader->self_exec_id);
	flow->uid = READ(cred->euid.val);
	name = number_of_name(leader);
	flow->name = name;
	mark = task_storage(&marks, leader, 0, GET_OR_MAKE);
	if (mark && mark->told == flow->executions + 1 && mark->name == name)
		return;
	if (tell_process(program, name) && mark) {
		mark->told = flow->executions + 1;
		mark->name = name;
	}
}

/* Keeps the remote end of the call that the current thread is in. */
INLINE int note(struct bpf_sock_addr *context, u16 family)
{
	struct peer peer = {};
	u64 thread = current_thread();

	/* A call on a connected socket that names nobody comes here as well if it has control data. */
	if (!context->user_port) {
		map_delete(&peers, &thread);
		return 1;
	}
	peer.cookie = socket_cookie(context);
	peer.family = family;
	peer.port = context->user_port;
	if (family == AF_INET) {
		peer.address[0] = context->user_ip4;
	} else {
		peer.address[0] = context->user_ip6[0];
		peer.address[1] = context->user_ip6[1];
		peer.address[2] = context->user_ip6[2];
		peer.address[3] = context->user_ip6[3];
	}
	if (map_update(&peers, &thread, &peer, 0))
		COUNT(lost);
	/* The call goes on. */
	return 1;
}

SECTION("cgroup/sendmsg4") int sendmsg4(struct bpf_sock_addr *context)
{
	return note(context, AF_INET);
}

SECTION("cgroup/sendmsg6") int sendmsg6(struct bpf_sock_addr *context)
{
	return note(context, AF_INET6);
}

SECTION("cgroup/recvmsg4") int recvmsg4(struct bpf_sock_addr *context)
{
	return note(context, AF_INET);
}

SECTION("cgroup/recvmsg6") int recvmsg6(struct bpf_sock_addr *context)
{
	return note(context, AF_INET6);
}

/* A socket is made. */
SECTION("cgroup/sock_create") int created(struct bpf_sock *context)
{
	if (context->type == SOCK_DGRAM && context->protocol == IPPROTO_UDP)
		socket_storage(&made, context, 0, GET_OR_MAKE);
	return 1;
}

/* A socket is closed. Those that have no flows are in no map. */
SECTION("cgroup/sock_release") int closed(void *context)
{
	u64 cookie = socket_cookie(context);
	struct flow_socket *socket = map_lookup(&sockets, &cookie);

	if (socket)
		socket->closed = since_boot();
	return 1;
}

/* Keeps whom a socket of TCP is about to call. */
INLINE int call(struct bpf_sock_addr *context, u16 family)
{
	struct attempt attempt = {};
	u64 cookie;

	if (context->protocol != IPPROTO_TCP)
		return 1;
	cookie = socket_cookie(context);
	attempt.at = since_boot();
	attempt.family = family;
	attempt.port = context->user_port;
	if (family == AF_INET) {
		attempt.address[0] = context->user_ip4;
	} else {
		attempt.address[0] = context->user_ip6[0];
		attempt.address[1] = context->user_ip6[1];
		attempt.address[2] = context->user_ip6[2];
		attempt.address[3] = context->user_ip6[3];
	}
	if (map_update(&attempts, &cookie, &attempt, 0))
		COUNT(lost_connects);
	return 1;
}

SECTION("cgroup/connect4") int connect4(struct bpf_sock_addr *context)
{
	return call(context, AF_INET);
}

SECTION("cgroup/connect6") int connect6(struct bpf_sock_addr *context)
{
	return call(context, AF_INET6);
}

/* Whether 16 bytes are an IPv4 address in an IPv6 one. */
INLINE int is_mapped(const u32 *address)
{
	return !address[0] && !address[1] && address[2] == __builtin_bswap32(0xffff);
}

INLINE int begin(struct sock *sk, const struct flow_key *key, u64 now, u32 flags, u32 program)
{
	const struct inet_sock *inet = (const void *)sk;
	struct flow_socket socket = {};
	struct flow flow = {};
	const struct socket *socket_of;
	const struct net *net;

	flow.first = now;
	flow.last = now;
	flow.flags = flags;
	if (socket_storage(&made, sk, 0, 0))
		flow.flags |= FLOW_SAW_MADE;
	net = READ(sk->__sk_common.skc_net.net);
	flow.network = READ(net->ns.inum);
	flow.interface = READ(sk->__sk_common.skc_bound_dev_if);
	flow.local_port = __builtin_bswap16(READ(inet->inet_sport));
	if (READ(sk->__sk_common.skc_family) == AF_INET6) {
		probe_read_kernel(flow.local, 16, &sk->__sk_common.skc_v6_rcv_saddr);
		/* One that talks IPv4 is not bound, or to such an address. */
		if (key->family == AF_INET) {
			flow.local[0] = is_mapped(flow.local) ? flow.local[3] : 0;
			flow.local[1] = flow.local[2] = flow.local[3] = 0;
		}
	} else {
		flow.local[0] = READ(sk->__sk_common.skc_rcv_saddr);
	}
	/* The kernel's own sockets have no file, and whoever runs meanwhile is not the one that sends. */
	socket_of = READ(sk->sk_socket);
	if (READ(socket_of->file))
		own(&flow, program);
	/* Another thread may be faster. One that there is no room for ends when nothing goes over it any more. */
	map_update(&sockets, &key->cookie, &socket, NEW_ALONE);
	return !map_update(&flows, key, &flow, NEW_ALONE) || map_lookup(&flows, key);
}

/* Makes an IPv4 address of one that is in an IPv6 one. */
INLINE void unmap(struct flow_key *key)
{
	if (key->family == AF_INET6 && is_mapped(key->address)) {
		key->family = AF_INET;
		key->address[0] = key->address[3];
		key->address[2] = key->address[3] = 0;
	}
}

INLINE int on_call(struct sock *sk, int bytes, u32 program)
{
	struct flow_key key = {}, to = {};
	struct peer *peer;
	struct flow *flow;
	u32 flags = program == RECEIVED ? FLOW_WAS_CALLED : 0;
	u64 thread, now;

	u32 protocol = READ(sk->sk_protocol);

	thread = current_thread();
	if (protocol == IPPROTO_UDPLITE)
		map_delete(&peers, &thread);
	if (protocol != IPPROTO_UDP)
		return 0;
	key.cookie = socket_cookie(sk);
	peer = map_lookup(&peers, &thread);
	if (peer) {
		int is_its = peer->cookie == key.cookie;

		key.port = __builtin_bswap16(peer->port);
		key.family = peer->family;
		key.address[0] = peer->address[0];
		key.address[1] = peer->address[1];
		key.address[2] = peer->address[2];
		key.address[3] = peer->address[3];
		map_delete(&peers, &thread);
		if (!is_its)
			peer = 0;
	}
	/* It has failed, and nothing went. */
	if (bytes < 0)
		return 0;
	unmap(&key);
	to.port = __builtin_bswap16(READ(sk->__sk_common.skc_dport));
	if (to.port) {
		to.cookie = key.cookie;
		to.family = READ(sk->__sk_common.skc_family);
		if (to.family == AF_INET6)
			probe_read_kernel(to.address, 16, &sk->__sk_common.skc_v6_daddr);
		else
			to.address[0] = READ(sk->__sk_common.skc_daddr);
		unmap(&to);
		if (!peer)
			key = to;
		/* A call on a connected socket can name somebody else. */
		if (key.port == to.port && key.family == to.family && key.address[0] == to.address[0] &&
		    key.address[1] == to.address[1] && key.address[2] == to.address[2] && key.address[3] == to.address[3])
			flags |= FLOW_IS_CONNECTED;
	} else if (!peer) {
		struct flow_socket *socket = map_lookup(&sockets, &key.cookie), made = {};

		if (program == RECEIVED && socket) {
			socket->flags = SOCKET_HEARD_NOBODY;
		} else if (program == RECEIVED) {
			made.flags = SOCKET_HEARD_NOBODY;
			map_update(&sockets, &key.cookie, &made, NEW_ALONE);
		}
		return 0;
	}
	now = since_boot();
	flow = map_lookup(&flows, &key);
	if (!flow) {
		if (!begin(sk, &key, now, flags, program)) {
			COUNT(lost);
			return 0;
		}
		flow = map_lookup(&flows, &key);
		if (!flow)
			return 0;
	}
	flow->last = now;
	if (program == SENT)
		__sync_fetch_and_add(&flow->bytes_sent, bytes);
	else
		__sync_fetch_and_add(&flow->bytes_received, bytes);
	return 0;
}

SECTION("tp_btf/sock_send_length") int sent(u64 *context)
{
	return on_call((struct sock *)context[0], context[1], SENT);
}

SECTION("tp_btf/sock_recv_length") int received(u64 *context)
{
	/* What is only looked at is received later; what comes from the queue of errors is what was sent. */
	if (context[2] & (MSG_PEEK | MSG_ERRQUEUE)) {
		u64 thread = current_thread();

		map_delete(&peers, &thread);
		return 0;
	}
	return on_call((struct sock *)context[0], context[1], RECEIVED);
}

/* It has left. */
SECTION("tp_btf/inet_sock_set_state") int left(u64 *context)
{
	struct sock *sk = (struct sock *)context[0];
	u64 cookie;

	if ((int)context[2] != TCP_SYN_SENT || READ(sk->sk_protocol) != IPPROTO_TCP)
		return 0;
	cookie = socket_cookie(sk);
	map_delete(&attempts, &cookie);
	return 0;
}

/* A socket of TCP is freed, which the process has closed if it never had a connection. */
SECTION("tp_btf/tcp_destroy_sock") int destroyed(u64 *context)
{
	struct sock *sk = (struct sock *)context[0];
	const struct inet_sock *inet = (const void *)sk;
	const struct tcp_sock *tcp = (const void *)sk;
	u64 cookie = socket_cookie(sk);
	struct attempt *attempt = map_lookup(&attempts, &cookie);
	struct end_record record = {};
	struct flow owner = {};
	const struct net *net;
	int v6;

	if (!attempt)
		return 0;
	/* The kernel may not have run the program above. */
	if (READ(tcp->segs_out)) {
		map_delete(&attempts, &cookie);
		return 0;
	}
	own(&owner, DESTROYED);
	v6 = attempt->family == AF_INET6;
	record.kind = RECORD_ENDED;
	record.role = ROLE_ACTIVE;
	record.owner_source = owner.tgid ? OWNER_CLOSED : OWNER_UNKNOWN;
	record.old_state = TCP_SYN_SENT;
	record.family = attempt->family;
	record.cookie = cookie;
	record.started = attempt->at;
	record.at = attempt->at;
	record.process_start = owner.process_start;
	record.tgid = owner.tgid;
	record.executions = owner.executions;
	record.uid = owner.uid;
	record.name = owner.name;
	net = READ(sk->__sk_common.skc_net.net);
	record.network = READ(net->ns.inum);
	record.interface = READ(sk->__sk_common.skc_bound_dev_if);
	record.local_port = __builtin_bswap16(READ(inet->inet_sport));
	record.remote_port = __builtin_bswap16(attempt->port);
	if (v6 && is_mapped(attempt->address)) {
		u32 local[4] = {};

		v6 = 0;
		record.family = AF_INET;
		probe_read_kernel(local, 16, &sk->__sk_common.skc_v6_rcv_saddr);
		record.addresses[0] = is_mapped(local) ? local[3] : 0;
		record.addresses[1] = attempt->address[3];
	} else if (v6) {
		probe_read_kernel(record.addresses, 16, &sk->__sk_common.skc_v6_rcv_saddr);
		record.addresses[4] = attempt->address[0];
		record.addresses[5] = attempt->address[1];
		record.addresses[6] = attempt->address[2];
		record.addresses[7] = attempt->address[3];
	} else {
		if (READ(sk->__sk_common.skc_family) == AF_INET)
			record.addresses[0] = READ(sk->__sk_common.skc_rcv_saddr);
		record.addresses[1] = attempt->address[0];
	}
	map_delete(&attempts, &cookie);
	tell(RECORD_ENDED, &record, v6 ? END_HEAD + 32 : END_HEAD + 8);
	return 0;
}

SECTION("license") char licence[] = "Dual MIT/GPL";
