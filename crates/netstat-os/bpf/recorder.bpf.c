/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What becomes of TCP connections: one record when an end of one opens, one when it has ended, one for each process that
 * is named in them.
 *
 * Two tracepoints tell all of it: inet_sock_set_state each change of state, tcp_destroy_sock the end of the socket. Both
 * are called in whatever context the packet, the timer or the system call arrived in. On the loopback interface that is the
 * process at the other end; so the current process is believed in those changes alone that only a system call on this socket
 * can make (whom_to_believe, on_close, on_destroy).
 *
 * The kernel does not run a program that would interrupt itself on the same processor. So each program is there twice,
 * and each copy has a guard of its own: the second finds in the storage of the socket that the first has done the work, or
 * does it.
 */
#include "program.h"
#include "recorder.h"
#include "recorder.kernel.h"

/* include/net/tcp_states.h. */
#define TCP_ESTABLISHED 1
#define TCP_SYN_SENT 2
#define TCP_SYN_RECV 3
#define TCP_FIN_WAIT1 4
#define TCP_FIN_WAIT2 5
#define TCP_CLOSE 7
#define TCP_CLOSE_WAIT 8
#define TCP_LAST_ACK 9
#define TCP_LISTEN 10
#define TCP_CLOSING 11

/* The bit of skc_flags that a FIN sets, include/net/sock.h. */
#define SOCK_DONE 1

/* include/linux/sched.h. */
#define PF_KTHREAD 0x00200000

/* linux/bpf.h. */
#define GET_OR_MAKE 1
#define NO_WAKEUP 1

/* The functions of the kernel that programs may call have fixed numbers (linux/bpf.h). */
static void *(*const map_lookup)(void *map, const void *key) = (void *)1;
static u32 (*const processor)(void) = (void *)8;
static u64 (*const socket_cookie)(struct sock *sk) = (void *)46;
static void *(*const socket_storage)(void *map, struct sock *sk, void *value, u64 flags) = (void *)107;
static long (*const probe_read_user)(void *into, u32 size, const void *from) = (void *)112;
static long (*const probe_read_kernel_str)(void *into, u32 size, const void *from) = (void *)115;
static u64 (*const since_boot)(void) = (void *)125;
static long (*const ring_output)(void *ring, void *data, u64 size, u64 flags) = (void *)130;
static void *(*const task_storage)(void *map, struct task_struct *task, void *value, u64 flags) = (void *)156;
static struct task_struct *(*const current_task)(void) = (void *)158;

/* The programs. Each has a place of its own for a process, because one can interrupt the other. */
#define STATE_1 0
#define STATE_2 1
#define DESTROY_1 2
#define DESTROY_2 3
#define PROGRAMS 4

/* What is kept of an end while its socket lives. */
struct end {
	u64 started;
	u64 established;
	u64 fin_at;
	u64 process_start;
	u32 tgid;
	u32 executions;
	u32 uid;
	u8 role;
	u8 owner_source;
	u8 first_fin;
	u8 flags;
	/* The last state that was noted. */
	u8 state;
	/* Whether its end was told. */
	u8 has_ended;
	/* Whether its begin was counted. */
	u8 is_counted;
	u8 unused;
	/* The number of the name of the process. */
	u16 name;
	u16 unused_too;
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
	/* BPF_MAP_TYPE_SK_STORAGE, BPF_F_NO_PREALLOC. */
	int (*type)[24];
	int (*map_flags)[1];
	int *key;
	struct end *value;
} ends SECTION(".maps");

struct {
	/* BPF_MAP_TYPE_TASK_STORAGE, BPF_F_NO_PREALLOC. */
	int (*type)[29];
	int (*map_flags)[1];
	int *key;
	struct mark *value;
} marks SECTION(".maps");

struct {
	/* BPF_MAP_TYPE_ARRAY. */
	int (*type)[2];
	int (*max_entries)[1];
	u32 *key;
	struct all_counts *value;
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

INLINE struct counts *counts(void)
{
	struct all_counts *all;
	u32 zero = 0;

	all = map_lookup(&counters, &zero);
	return all ? &all->of[processor() % COUNTERS] : 0;
}

/* What interrupts this processor may count as well. */
#define COUNT(what)                                                 \
	({                                                          \
		struct counts *counted = counts();                  \
		if (counted)                                        \
			__sync_fetch_and_add(&counted->what, 1);    \
	})

/* Hands on a record. Answers whether there was room for it. */
INLINE int tell(u32 kind, void *record, u64 size)
{
	if (ring_output(&ring, record, size, NO_WAKEUP)) {
		COUNT(lost[kind]);
		return 0;
	}
	COUNT(told[kind]);
	return 1;
}

#include "recorder.process.h"

/* Notes that the current process is the owner, and tells of it if that was not done. */
INLINE void own(struct end *end, u8 source, u32 program)
{
	struct task_struct *task = current_task(), *leader = task->group_leader;
	const struct settings *settings;
	const struct cred *cred;
	struct mark *mark;
	u32 tgid, round, zero = 0;
	u16 name;

	/* The kernel closes what nobody holds any more, sometimes in a thread of its own. */
	if (READ(task->flags) & PF_KTHREAD)
		return;
	tgid = as_seen(task);
	if (!tgid)
		return;
	cred = READ(task->cred);
	end->tgid = tgid;
	end->process_start = READ(leader->start_boottime);
	end->executions = READ(leader->self_exec_id);
	end->uid = READ(cred->euid.val);
	end->owner_source = source;
	name = number_of_name(leader);
	end->name = name;
	settings = map_lookup(&wishes, &zero);
	round = settings ? settings->round : 0;
	mark = task_storage(&marks, leader, 0, GET_OR_MAKE);
	if (mark && mark->told == end->executions + 1 && mark->round == round && mark->name == name)
		return;
	if (tell_process(program, name) && mark) {
		mark->told = end->executions + 1;
		mark->round = round;
		mark->name = name;
	}
}

/* Whether a socket refuses IPv4 (IPV6_V6ONLY). The kernel tells where in which byte the bit is. */
INLINE int is_v6_only(struct sock *sk)
{
	u64 value = 0;

	probe_read_kernel(&value, __builtin_preserve_field_info(sk->__sk_common.skc_ipv6only, 1),
			  (const char *)sk + PLACE(sk->__sk_common.skc_ipv6only));
	value <<= __builtin_preserve_field_info(sk->__sk_common.skc_ipv6only, 4);
	value >>= __builtin_preserve_field_info(sk->__sk_common.skc_ipv6only, 5);
	return !!value;
}

/* Tells what is known of an end. */
INLINE void tell_end(u8 kind, struct sock *sk, const struct end *end, int state, u64 now)
{
	const struct tcp_sock *tcp = (const void *)sk;
	const struct inet_sock *inet = (const void *)sk;
	struct end_record record = {};
	const struct net *net;
	int v6;

	record.kind = kind;
	record.role = end->role;
	record.owner_source = end->owner_source;
	record.first_fin = end->first_fin;
	record.old_state = state;
	record.family = READ(sk->__sk_common.skc_family);
	record.flags = end->flags;
	if (READ(sk->__sk_common.skc_flags) >> SOCK_DONE & 1)
		record.flags |= END_GOT_FIN;
	if (is_v6_only(sk))
		record.flags |= END_IS_V6_ONLY;
	record.cookie = socket_cookie(sk);
	record.started = end->started;
	record.established = end->established;
	record.fin_at = end->fin_at;
	record.at = now;
	record.process_start = end->process_start;
	record.tgid = end->tgid;
	record.executions = end->executions;
	record.uid = end->uid;
	net = READ(sk->__sk_common.skc_net.net);
	record.network = READ(net->ns.inum);
	record.bytes_sent = READ(tcp->bytes_acked);
	record.bytes_received = READ(tcp->bytes_received);
	record.retransmits = READ(tcp->total_retrans);
	record.rtt = READ(tcp->srtt_us) >> 3;
	record.min_rtt = READ(tcp->rtt_min.s[0].v);
	record.interface = READ(sk->__sk_common.skc_bound_dev_if);
	record.error = READ(sk->sk_err);
	/* skc_num is 0 again by the end. */
	record.local_port = __builtin_bswap16(READ(inet->inet_sport));
	record.remote_port = __builtin_bswap16(READ(sk->__sk_common.skc_dport));
	record.name = end->name;
	v6 = record.family == AF_INET6;
	if (v6) {
		probe_read_kernel(record.addresses, 16, &sk->__sk_common.skc_v6_rcv_saddr);
		probe_read_kernel(record.addresses + 4, 16, &sk->__sk_common.skc_v6_daddr);
	} else {
		record.addresses[0] = READ(sk->__sk_common.skc_rcv_saddr);
		record.addresses[1] = READ(sk->__sk_common.skc_daddr);
	}
	tell(kind, &record, v6 ? END_HEAD + 32 : END_HEAD + 8);
}

INLINE void begin(struct end *end, u8 role, u64 now)
{
	__builtin_memset(end, 0, sizeof(*end));
	end->role = role;
	end->started = now;
	end->is_counted = 1;
	COUNT(opened);
}

/* A connection can stay half closed for days, so that this is told before its end. */
INLINE void first_fin(struct sock *sk, struct end *end, u8 whose, u64 now)
{
	struct half_record record = {};

	if (end->first_fin)
		return;
	end->first_fin = whose;
	end->fin_at = now;
	record.kind = RECORD_HALF;
	record.first_fin = whose;
	record.cookie = socket_cookie(sk);
	record.at = now;
	tell(RECORD_HALF, &record, sizeof(record));
}

INLINE void count_end(struct end *end)
{
	end->has_ended = 1;
	if (end->is_counted)
		COUNT(ended);
	else
		COUNT(ended_of_before);
}

/*
 * An end closes. That a process did it is certain where there is no error: an abort by close(), or the listener closed,
 * which takes what nobody accepted with it. A socket that was there before this program may be an orphan, which the kernel
 * closes by itself, but only in states that come after a FIN of the local end.
 */
INLINE void on_close(struct sock *sk, struct end *end, int old, u64 now, u32 program)
{
	int sent_fin = old == TCP_FIN_WAIT1 || old == TCP_FIN_WAIT2 || old == TCP_CLOSING || old == TCP_LAST_ACK;
	int is_held = !!READ(sk->sk_socket);

	if (!is_held)
		end->flags |= END_HAD_NO_PROCESS;
	if (old == TCP_LISTEN)
		end->role = ROLE_LISTENER;
	if (old == TCP_SYN_SENT)
		end->role = ROLE_ACTIVE;
	if (!end->owner_source && !sent_fin && !READ(sk->sk_err))
		own(end, OWNER_CLOSED, program);
	if (!end->owner_source && (is_held || !sent_fin))
		end->flags |= END_OWNER_MAY_FOLLOW;
	tell_end(RECORD_ENDED, sk, end, old, now);
	count_end(end);
}

INLINE int on_state(struct sock *sk, int old, int new, u32 program)
{
	struct end *end;
	u64 now;

	/* That of an MPTCP socket is told by its subflows. */
	if (old == new || READ(sk->sk_protocol) != IPPROTO_TCP)
		return 0;
	/* A passive socket has only half of its fields in SYN_RECV. */
	if (new == TCP_SYN_RECV || new == TCP_FIN_WAIT2 || new == TCP_CLOSING)
		return 0;
	if (new == TCP_CLOSE && old == TCP_SYN_RECV && !socket_storage(&ends, sk, 0, 0))
		return 0;
	end = socket_storage(&ends, sk, 0, GET_OR_MAKE);
	if (!end) {
		if (program == STATE_1)
			COUNT(not_followed);
		return 0;
	}
	if (end->state == new)
		return 0;
	if (program == STATE_2)
		COUNT(saved_by_second);
	now = since_boot();
	switch (new) {
	case TCP_SYN_SENT:
		/* The port and perhaps the addresses are not chosen yet. */
		begin(end, ROLE_ACTIVE, now);
		own(end, OWNER_MADE, program);
		break;
	case TCP_LISTEN:
		begin(end, ROLE_LISTENER, now);
		own(end, OWNER_MADE, program);
		tell_end(RECORD_OPENED, sk, end, new, now);
		break;
	case TCP_ESTABLISHED:
		/* Two ends that call each other at the same time come from SYN_RECV too. */
		if (old == TCP_SYN_RECV && (end->role != ROLE_ACTIVE || end->has_ended))
			begin(end, ROLE_PASSIVE, now);
		/* It called before this program was there. */
		if (old == TCP_SYN_SENT)
			end->role = ROLE_ACTIVE;
		end->established = now;
		tell_end(RECORD_OPENED, sk, end, new, now);
		break;
	case TCP_FIN_WAIT1:
	case TCP_LAST_ACK:
		/* close() or shutdown(). */
		if (new == TCP_FIN_WAIT1)
			first_fin(sk, end, 1, now);
		if (!end->owner_source)
			own(end, OWNER_CLOSED, program);
		break;
	case TCP_CLOSE_WAIT:
		first_fin(sk, end, 2, now);
		break;
	case TCP_CLOSE:
		on_close(sk, end, old, now, program);
		break;
	}
	end->state = new;
	return 0;
}

/*
 * A socket is freed. One whose owner is not known by now was reset, or had timed out, while a process held it; that
 * process has closed it. What was never seen to close is told late.
 */
INLINE int on_destroy(struct sock *sk, u32 program)
{
	struct end *end = socket_storage(&ends, sk, 0, 0);

	if (!end)
		return 0;
	if (!end->has_ended) {
		end->flags |= END_SEEN_LATE;
		tell_end(RECORD_ENDED, sk, end, end->state, since_boot());
		COUNT(seen_late);
		count_end(end);
	} else if (end->flags & END_OWNER_MAY_FOLLOW) {
		own(end, OWNER_CLOSED, program);
		end->flags &= ~END_OWNER_MAY_FOLLOW;
		tell_end(RECORD_OWNER, sk, end, end->state, since_boot());
	}
	return 0;
}

SECTION("tp_btf/inet_sock_set_state") int state_1(u64 *context)
{
	return on_state((struct sock *)context[0], context[1], context[2], STATE_1);
}

SECTION("tp_btf/inet_sock_set_state") int state_2(u64 *context)
{
	return on_state((struct sock *)context[0], context[1], context[2], STATE_2);
}

SECTION("tp_btf/tcp_destroy_sock") int destroy_1(u64 *context)
{
	return on_destroy((struct sock *)context[0], DESTROY_1);
}

SECTION("tp_btf/tcp_destroy_sock") int destroy_2(u64 *context)
{
	return on_destroy((struct sock *)context[0], DESTROY_2);
}

SECTION("license") char licence[] = "Dual MIT/GPL";
