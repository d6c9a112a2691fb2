/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The TCP sockets of a network namespace, that of whoever starts the walk: one row for each socket in the kernel's tables of
 * listeners and of connections, with half-open requests and the blocks of TIME_WAIT among the latter. A socket that is bound
 * and neither listens nor is connected is in neither table.
 *
 * The kernel (bpf_iter_tcp_* in net/ipv4/tcp_ipv4.c) takes a bucket of its hash table at a time: under the bucket's lock it
 * holds every socket of it, then it shows them one by one, each locked, and leaves out those that have left the table
 * meanwhile. So no row is of a socket that is no more, and none is half changed. A connection that becomes a block of
 * TIME_WAIT in the microseconds between is left out, and so is the block, which was not there when the bucket was taken.
 *
 * Where the buffer of the reader is full, the rest of the bucket comes with the next read. From Linux 6.17 on the kernel
 * knows by their cookies which sockets it has not shown. Before, it counts how many of the bucket it has, as sock_diag does
 * between two datagrams: one that leaves the bucket in between lets another be passed over, and one that joins it makes
 * another come twice. A bucket has a socket or two, because the table is as large as that, and a read has hundreds: both are
 * rare, and no more frequent than with sock_diag. The table itself is never resized.
 */
#include "program.h"
#include "tcp.h"

/* include/net/tcp_states.h. */
#define TCP_SYN_SENT 2
#define TCP_SYN_RECV 3
#define TCP_TIME_WAIT 6
#define TCP_CLOSE 7
#define TCP_LISTEN 10
#define TCP_NEW_SYN_RECV 12

/* The timers of a connection, include/net/inet_connection_sock.h. */
#define ICSK_TIME_RETRANS 1
#define ICSK_TIME_PROBE0 3
#define ICSK_TIME_LOSS_PROBE 5
#define ICSK_TIME_REO_TIMEOUT 6

/* The timers as sock_diag numbers them. */
#define TIMER_RETRANSMIT 1
#define TIMER_KEEP_ALIVE 2
#define TIMER_TIME_WAIT 3
#define TIMER_PROBE 4

#define UNKNOWN 0xffffffffffffffffULL
#define UNKNOWN_AGE 0xffffffff

struct in6_addr {
	u32 words[4];
};

typedef struct {
	long long counter;
} KERNEL atomic64_t;

struct sock_common {
	u16 skc_family;
	unsigned char skc_state;
	unsigned char skc_ipv6only : 1;
	u32 skc_daddr;
	u32 skc_rcv_saddr;
	u16 skc_dport;
	u16 skc_num;
	int skc_bound_dev_if;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
} KERNEL;

struct kernfs_node {
	u64 id;
} KERNEL;

struct cgroup {
	struct kernfs_node *kn;
} KERNEL;

struct sock_cgroup_data {
	struct cgroup *cgroup;
} KERNEL;

struct hlist_node {
	struct hlist_node **pprev;
} KERNEL;

struct timer_list {
	struct hlist_node entry;
	unsigned long expires;
} KERNEL;

struct socket;

struct sock {
	struct sock_common __sk_common;
	struct socket *sk_socket;
	/* Since Linux 6.18. */
	unsigned long sk_ino;
	u32 sk_ack_backlog;
	u32 sk_max_ack_backlog;
	u32 sk_mark;
	unsigned long sk_pacing_rate;
	struct sock_cgroup_data sk_cgrp_data;
	/* That of keep-alive, unless the connection has one of its own. */
	struct timer_list sk_timer;
	/* Since Linux 7.0. */
	struct timer_list tcp_retransmit_timer;
} KERNEL;

struct inode {
	unsigned long i_ino;
} KERNEL;

struct socket {
	struct sock *sk;
} KERNEL;

/* A socket and its inode lie side by side. */
struct socket_alloc {
	struct socket socket;
	struct inode vfs_inode;
} KERNEL;

struct inet_timewait_sock {
	u32 tw_mark;
	unsigned char tw_substate;
	struct timer_list tw_timer;
} KERNEL;

struct request_sock {
	unsigned char num_retrans;
	struct timer_list rsk_timer;
} KERNEL;

struct inet_request_sock {
	struct request_sock req;
	u32 ir_mark;
} KERNEL;

struct inet_connection_sock {
	/* Before Linux 6.15. */
	unsigned long icsk_timeout;
	/* Before Linux 7.0. */
	struct timer_list icsk_retransmit_timer;
	/* Since Linux 7.0. */
	struct timer_list icsk_keepalive_timer;
	u32 icsk_rto;
	u32 icsk_pmtu_cookie;
	unsigned char icsk_retransmits;
	unsigned char icsk_pending;
	unsigned char icsk_probes_out;
	struct {
		u32 lrcvtime;
		u16 rcv_mss;
	} icsk_ack;
} KERNEL;

struct minmax_sample {
	u32 v;
} KERNEL;

struct minmax {
	struct minmax_sample s[3];
} KERNEL;

struct tcp_sock {
	struct inet_connection_sock inet_conn;
	u32 reordering;
	u32 snd_wnd;
	u32 mss_cache;
	u32 snd_cwnd;
	u32 lost_out;
	u32 sacked_out;
	u32 copied_seq;
	u32 retrans_out;
	u32 snd_ssthresh;
	struct minmax rtt_min;
	u32 segs_out;
	u32 data_segs_out;
	u64 bytes_sent;
	/* A bit field before Linux 6.8. */
	unsigned char chrono_type;
	u32 chrono_start;
	u32 chrono_stat[3];
	u32 write_seq;
	u32 lsndtime;
	u32 mdev_us;
	unsigned char rate_app_limited : 1;
	u32 rcv_nxt;
	u32 snd_nxt;
	u32 snd_una;
	u32 srtt_us;
	u32 packets_out;
	u32 delivered;
	u32 delivered_ce;
	u32 rcv_wnd;
	u32 rcv_tstamp;
	u64 bytes_received;
	u32 segs_in;
	u32 data_segs_in;
	u32 rate_delivered;
	u32 rate_interval_us;
	u64 bytes_acked;
	struct {
		u32 rtt_us;
	} rcv_rtt_est;
	struct {
		int space;
	} rcvq_space;
	u64 bytes_retrans;
	u32 total_retrans;
	u32 rcv_ooopack;
} KERNEL;

struct seq_file;

/* What is the kernel's interface keeps its layout: a pointer takes 8 bytes on every machine. */
struct bpf_iter_meta {
	struct seq_file *seq;
	u64 session_id;
	u64 seq_num;
} KERNEL;

struct bpf_iter__tcp {
	struct bpf_iter_meta *meta;
	struct sock_common *sk_common;
	u32 uid __attribute__((aligned(8)));
};

/*
 * The fields of a socket are read plainly, because the kernel knows the types of what it hands the program and of what
 * to_tcp_sock answers: it need not search for them. Blocks and requests, of which there are few, are read as elsewhere.
 */

/* The functions of the kernel that programs may call have fixed numbers (linux/bpf.h). */
static u64 (*const socket_cookie)(struct sock_common *sock) = (void *)46;
static struct tcp_sock *(*const to_tcp_sock)(void *sock) = (void *)137;
static u64 (*const ticks)(void) = (void *)118;
static long (*const seq_write)(struct seq_file *seq, const void *data, u32 len) = (void *)127;

/* A constant of the program once it is loaded: what depends on it is decided then. */
const volatile struct tcp_settings wanted = {};

/* A row with room for all that can be wanted. */
struct row {
	struct tcp_head head;
	u64 rest[sizeof(struct tcp_details) / 8 + MOST_FIELDS + 4];
};

/* A bit field, or what was one in other versions. */
#define READ_BITS(structure, field)                                                                              \
	({                                                                                                       \
		const void *place = (const char *)(structure) + PLACE((structure)->field);                       \
		u64 bits = 0;                                                                                    \
		switch (__builtin_preserve_field_info((structure)->field, 1)) {                                  \
		case 1:                                                                                          \
			bits = *(const u8 *)place;                                                               \
			break;                                                                                   \
		case 2:                                                                                          \
			bits = *(const u16 *)place;                                                              \
			break;                                                                                   \
		case 4:                                                                                          \
			bits = *(const u32 *)place;                                                              \
			break;                                                                                   \
		case 8:                                                                                          \
			bits = *(const u64 *)place;                                                              \
			break;                                                                                   \
		}                                                                                                \
		bits <<= __builtin_preserve_field_info((structure)->field, 4);                                   \
		bits >>= __builtin_preserve_field_info((structure)->field, 5);                                   \
		bits;                                                                                            \
	})

/* Ticks as milliseconds, in 32 bits as sock_diag has them. What lies behind is now. */
INLINE u32 milliseconds(long long count)
{
	return count <= 0 ? 0 : (u64)count * wanted.tick / 1000000;
}

INLINE u64 microseconds(u32 count)
{
	return (u64)count * wanted.tick / 1000;
}

/* The milliseconds until a time that the kernel counts in ticks. */
INLINE u32 until(unsigned long expires)
{
	return milliseconds(expires - ticks());
}

/* The milliseconds since a time of which the lower 32 bits are kept. */
INLINE u32 since(u32 then)
{
	return (u64)((u32)ticks() - then) * wanted.tick / 1000000;
}

INLINE u32 inode_of(const struct sock *sock)
{
	const struct socket_alloc *socket;

	if (IS_THERE(sock->sk_ino))
		return sock->sk_ino;
	socket = (const void *)sock->sk_socket;
	return socket ? READ(socket->vfs_inode.i_ino) : 0;
}

/* Whether the course of a connection is told, as sock_diag tells it of a socket that is or was connected. */
INLINE int has_course(u8 state)
{
	return state != TCP_LISTEN && state != TCP_CLOSE && state != TCP_SYN_RECV && state != TCP_TIME_WAIT &&
	       state != TCP_NEW_SYN_RECV;
}

/* The timer of a connection, as inet_sk_diag_fill in the kernel tells it. */
INLINE void tell_timer(struct tcp_head *head, struct tcp_details *details, const struct tcp_sock *tcp)
{
	const struct sock *sock = (const void *)tcp;
	const u8 pending = tcp->inet_conn.icsk_pending;
	unsigned long expires;

	if (pending == ICSK_TIME_RETRANS || pending == ICSK_TIME_REO_TIMEOUT || pending == ICSK_TIME_LOSS_PROBE) {
		head->timer = TIMER_RETRANSMIT;
		details->retransmits = tcp->inet_conn.icsk_retransmits;
	} else if (pending == ICSK_TIME_PROBE0) {
		head->timer = TIMER_PROBE;
		details->retransmits = tcp->inet_conn.icsk_probes_out;
	} else {
		if (IS_THERE(tcp->inet_conn.icsk_keepalive_timer)) {
			if (!tcp->inet_conn.icsk_keepalive_timer.entry.pprev)
				return;
			expires = tcp->inet_conn.icsk_keepalive_timer.expires;
		} else {
			if (!sock->sk_timer.entry.pprev)
				return;
			expires = sock->sk_timer.expires;
		}
		head->timer = TIMER_KEEP_ALIVE;
		details->retransmits = tcp->inet_conn.icsk_probes_out;
		details->expires = until(expires);
		return;
	}
	if (IS_THERE(sock->tcp_retransmit_timer))
		expires = sock->tcp_retransmit_timer.expires;
	else if (IS_THERE(tcp->inet_conn.icsk_timeout))
		expires = tcp->inet_conn.icsk_timeout;
	else
		expires = tcp->inet_conn.icsk_retransmit_timer.expires;
	details->expires = until(expires);
}

/* Milliseconds since the handshake, which the kernel takes for the last data that way until data goes one way. */
INLINE u32 age_of(const struct tcp_sock *tcp)
{
	if (!tcp->data_segs_out)
		return since(tcp->lsndtime);
	if (!tcp->data_segs_in)
		return since(tcp->inet_conn.icsk_ack.lrcvtime);
	return UNKNOWN_AGE;
}

INLINE void tell_details(struct tcp_head *head, struct tcp_details *details, const struct tcp_sock *tcp, u32 uid)
{
	const struct sock *sock = (const void *)tcp;
	const struct cgroup *cgroup;
	const struct kernfs_node *node;

	__builtin_memset(details, 0, sizeof(*details));
	details->age = UNKNOWN_AGE;
	details->uid = uid;
	details->mark = sock->sk_mark;
	if (IS_THERE(sock->sk_cgrp_data.cgroup)) {
		cgroup = sock->sk_cgrp_data.cgroup;
		node = cgroup->kn;
		details->cgroup = node->id;
	}
	tell_timer(head, details, tcp);
	if (head->state == TCP_LISTEN) {
		details->recv_queue = sock->sk_ack_backlog;
		details->send_queue = sock->sk_max_ack_backlog;
		return;
	}
	details->recv_queue = tcp->rcv_nxt - tcp->copied_seq;
	/* The FIN of the other end counts, and nobody reads it. */
	if ((int)details->recv_queue < 0)
		details->recv_queue = 0;
	details->send_queue = tcp->write_seq - tcp->snd_una;
	if (wanted.ages && has_course(head->state) && head->state != TCP_SYN_SENT)
		details->age = age_of(tcp);
}

INLINE void tell_request(struct tcp_head *head, struct tcp_details *details, const struct inet_request_sock *request)
{
	__builtin_memset(details, 0, sizeof(*details));
	details->age = UNKNOWN_AGE;
	head->timer = TIMER_RETRANSMIT;
	details->retransmits = READ(request->req.num_retrans);
	details->expires = until(READ(request->req.rsk_timer.expires));
	details->mark = READ(request->ir_mark);
}

/* What remains of a connection in TIME_WAIT, or in FIN_WAIT2 for some time. */
INLINE void tell_time_wait(struct tcp_head *head, struct tcp_details *details, const struct inet_timewait_sock *block)
{
	__builtin_memset(details, 0, sizeof(*details));
	details->age = UNKNOWN_AGE;
	head->timer = TIMER_TIME_WAIT;
	details->expires = until(READ(block->tw_timer.expires));
	details->mark = READ(block->tw_mark);
}

/* How long a connection was kept from sending by one cause, of three that are told apart (tcp_get_info_chrono_stats). */
INLINE u64 chrono(const struct tcp_sock *tcp, u32 cause)
{
	u32 stat = tcp->chrono_stat[cause - 1];

	if (READ_BITS(tcp, chrono_type) == cause)
		stat += (u32)ticks() - tcp->chrono_start;
	return microseconds(stat);
}

INLINE u64 delivery_rate(const struct tcp_sock *tcp)
{
	const u32 delivered = tcp->rate_delivered, interval = tcp->rate_interval_us;

	if (!delivered || !interval)
		return UNKNOWN;
	return (u64)delivered * tcp->mss_cache * 1000000 / interval;
}

INLINE u64 positive(u64 number)
{
	return number ? number : UNKNOWN;
}

INLINE u64 notsent(const struct tcp_sock *tcp)
{
	const int bytes = tcp->write_seq - tcp->snd_nxt;

	return bytes < 0 ? 0 : bytes;
}

/* The numbers of crates/netstat-model/src/tcp_fields.rs, with the meaning that crates/netstat-os/src/linux/tcp_info.rs gives to those of
 * struct tcp_info (tcp_get_info in net/ipv4/tcp.c). */
#define EACH_FIELD(FIELD)                                                                                              \
	FIELD(0, positive(tcp->srtt_us >> 3))                                                                    \
	FIELD(1, tcp->srtt_us >> 3 ? tcp->mdev_us >> 2 : UNKNOWN)                                          \
	FIELD(2, tcp->rtt_min.s[0].v == 0xffffffff ? UNKNOWN : positive(tcp->rtt_min.s[0].v))              \
	FIELD(3, positive(tcp->rcv_rtt_est.rtt_us >> 3))                                                         \
	FIELD(4, positive(microseconds(tcp->inet_conn.icsk_rto)))                                                \
	FIELD(5, tcp->snd_cwnd)                                                                                  \
	FIELD(6, tcp->snd_ssthresh >= 0x7fffffff ? UNKNOWN : tcp->snd_ssthresh)                            \
	FIELD(7, tcp->mss_cache)                                                                                 \
	FIELD(8, tcp->inet_conn.icsk_ack.rcv_mss)                                                                \
	FIELD(9, tcp->inet_conn.icsk_pmtu_cookie)                                                                \
	FIELD(10, sock->sk_pacing_rate)                                                                          \
	FIELD(11, delivery_rate(tcp))                                                                                  \
	FIELD(12, READ_BITS(tcp, rate_app_limited))                                                                    \
	FIELD(13, tcp->inet_conn.icsk_retransmits)                                                               \
	FIELD(14, tcp->retrans_out)                                                                              \
	FIELD(15, tcp->total_retrans)                                                                            \
	FIELD(16, tcp->packets_out)                                                                              \
	FIELD(17, tcp->sacked_out)                                                                               \
	FIELD(18, tcp->lost_out)                                                                                 \
	FIELD(19, tcp->reordering)                                                                               \
	FIELD(20, tcp->data_segs_out ? since(tcp->lsndtime) * 1000ULL : UNKNOWN)                           \
	FIELD(21, tcp->data_segs_in ? since(tcp->inet_conn.icsk_ack.lrcvtime) * 1000ULL : UNKNOWN)         \
	FIELD(22, state == TCP_SYN_SENT ? UNKNOWN : since(tcp->rcv_tstamp) * 1000ULL)                            \
	FIELD(23, tcp->bytes_sent)                                                                               \
	FIELD(24, tcp->bytes_retrans)                                                                            \
	FIELD(25, tcp->bytes_acked)                                                                              \
	FIELD(26, tcp->bytes_received)                                                                           \
	FIELD(27, notsent(tcp))                                                                                        \
	FIELD(28, tcp->segs_out)                                                                                 \
	FIELD(29, tcp->segs_in)                                                                                  \
	FIELD(30, tcp->data_segs_out)                                                                            \
	FIELD(31, tcp->data_segs_in)                                                                             \
	FIELD(32, chrono(tcp, 1) + chrono(tcp, 2) + chrono(tcp, 3))                                                    \
	FIELD(33, chrono(tcp, 2))                                                                                      \
	FIELD(34, chrono(tcp, 3))                                                                                      \
	FIELD(35, tcp->delivered)                                                                                \
	FIELD(36, tcp->delivered_ce)                                                                             \
	FIELD(37, (u32)tcp->rcvq_space.space)                                                                    \
	FIELD(38, tcp->rcv_ooopack)                                                                              \
	FIELD(39, tcp->snd_wnd)                                                                                  \
	FIELD(40, tcp->rcv_wnd)

#define TELL(bit, value)                       \
	if (wanted.fields >> (bit) & 1)        \
		rest[at++] = (value);

#define TELL_NOTHING(bit, value)               \
	if (wanted.fields >> (bit) & 1)        \
		rest[at++] = UNKNOWN;

/* Tells of the course of a connection, and returns where the row goes on: how many numbers follow its head. */
INLINE u32 tell_course(u64 *rest, u32 at, const struct tcp_sock *tcp, u8 state)
{
	const struct sock *sock = (const void *)tcp;

	EACH_FIELD(TELL)
	return at;
}

INLINE u32 tell_no_course(u64 *rest, u32 at)
{
	EACH_FIELD(TELL_NOTHING)
	return at;
}

/* Tells of a socket what is wanted beyond its head, and returns how many numbers that are. */
INLINE u32 tell_connection(struct row *row, const struct tcp_sock *tcp, u8 state, u32 uid)
{
	u32 at = 0;

	if (wanted.details) {
		tell_details(&row->head, (void *)row->rest, tcp, uid);
		at = sizeof(struct tcp_details) / 8;
	}
	if (!wanted.fields || !has_course(state))
		return tell_no_course(row->rest, at);
	row->head.flags |= TCP_HAS_COURSE;
	return tell_course(row->rest, at, tcp, state);
}

/* The same of what is no socket yet, or none any more. */
INLINE u32 tell_remains(struct row *row, const struct sock_common *common, u32 is_block)
{
	u32 at = 0;

	if (wanted.details) {
		if (is_block)
			tell_time_wait(&row->head, (void *)row->rest, (const void *)common);
		else
			tell_request(&row->head, (void *)row->rest, (const void *)common);
		at = sizeof(struct tcp_details) / 8;
	}
	return tell_no_course(row->rest, at);
}

SECTION("iter/tcp") int tcp(struct bpf_iter__tcp *context)
{
	struct sock_common *common = context->sk_common;
	const struct tcp_sock *tcp = 0;
	struct seq_file *seq;
	u32 is_block = 0, at = 0;
	struct row row;
	u8 state;

	if (!common)
		return 0;
	seq = context->meta->seq;
	state = common->skc_state;
	if (state == TCP_TIME_WAIT) {
		const struct inet_timewait_sock *block = (const void *)common;

		is_block = 1;
		state = READ(block->tw_substate);
	}
	if (!is_block && state != TCP_NEW_SYN_RECV) {
		tcp = to_tcp_sock(common);
		if (!tcp)
			return 0;
	}
	if (state > 31 || !(wanted.states >> state & 1))
		return 0;
	row.head.family = common->skc_family;
	row.head.state = state;
	row.head.flags = 0;
	row.head.timer = 0;
	row.head.interface = common->skc_bound_dev_if;
	row.head.inode = tcp ? inode_of((const void *)tcp) : 0;
	row.head.local_port = common->skc_num;
	row.head.remote_port = common->skc_dport;
	row.head.cookie = socket_cookie(common);
	if (row.head.family == AF_INET6 && state == TCP_LISTEN && READ_BITS(common, skc_ipv6only))
		row.head.flags |= TCP_IS_V6_ONLY;
	if (wanted.details || wanted.fields) {
		/* One test alone: the kernel does not take it from a first one that a second comes out the same. */
		if (tcp)
			at = tell_connection(&row, tcp, state, context->uid);
		else
			at = tell_remains(&row, common, is_block);
	}
	/* A kernel without IPv6 has no such addresses, and no such socket. */
	if (row.head.family == AF_INET6 && IS_THERE(common->skc_v6_daddr)) {
		probe_read_kernel(&row.rest[at], 16, &common->skc_v6_rcv_saddr);
		probe_read_kernel(&row.rest[at + 2], 16, &common->skc_v6_daddr);
		at += 4;
	} else {
		row.rest[at++] = common->skc_rcv_saddr | (u64)common->skc_daddr << 32;
	}
	/* Where the buffer is full the kernel comes again with this socket. */
	seq_write(seq, &row, sizeof(row.head) + at * 8);
	return 0;
}

SECTION("license") char licence[] = "Dual MIT/GPL";
