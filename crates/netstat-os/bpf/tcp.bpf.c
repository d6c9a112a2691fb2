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

/* The functions of the kernel that programs may call have fixed numbers (linux/bpf.h). */
static u64 (*const socket_cookie)(struct sock_common *sock) = (void *)46;
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
		u64 bits = 0;                                                                                    \
		probe_read_kernel(&bits, __builtin_preserve_field_info((structure)->field, 1),                   \
				  (const char *)(structure) + PLACE((structure)->field));                        \
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
		return READ(sock->sk_ino);
	socket = (const void *)READ(sock->sk_socket);
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
	const u8 pending = READ(tcp->inet_conn.icsk_pending);
	unsigned long expires;

	if (pending == ICSK_TIME_RETRANS || pending == ICSK_TIME_REO_TIMEOUT || pending == ICSK_TIME_LOSS_PROBE) {
		head->timer = TIMER_RETRANSMIT;
		details->retransmits = READ(tcp->inet_conn.icsk_retransmits);
	} else if (pending == ICSK_TIME_PROBE0) {
		head->timer = TIMER_PROBE;
		details->retransmits = READ(tcp->inet_conn.icsk_probes_out);
	} else {
		const struct timer_list *timer = IS_THERE(tcp->inet_conn.icsk_keepalive_timer) ?
			(const void *)((const char *)tcp + PLACE(tcp->inet_conn.icsk_keepalive_timer)) :
			(const void *)((const char *)sock + PLACE(sock->sk_timer));

		if (READ(timer->entry.pprev)) {
			head->timer = TIMER_KEEP_ALIVE;
			details->retransmits = READ(tcp->inet_conn.icsk_probes_out);
			details->expires = until(READ(timer->expires));
		}
		return;
	}
	if (IS_THERE(sock->tcp_retransmit_timer))
		expires = READ(sock->tcp_retransmit_timer.expires);
	else if (IS_THERE(tcp->inet_conn.icsk_timeout))
		expires = READ(tcp->inet_conn.icsk_timeout);
	else
		expires = READ(tcp->inet_conn.icsk_retransmit_timer.expires);
	details->expires = until(expires);
}

/* Milliseconds since the handshake, which the kernel takes for the last data that way until data goes one way. */
INLINE u32 age_of(const struct tcp_sock *tcp)
{
	if (!READ(tcp->data_segs_out))
		return since(READ(tcp->lsndtime));
	if (!READ(tcp->data_segs_in))
		return since(READ(tcp->inet_conn.icsk_ack.lrcvtime));
	return UNKNOWN_AGE;
}

INLINE void tell_details(struct tcp_head *head, struct tcp_details *details, const struct sock *sock, u32 uid)
{
	const struct tcp_sock *tcp = (const void *)sock;
	const struct cgroup *cgroup;
	const struct kernfs_node *node;

	__builtin_memset(details, 0, sizeof(*details));
	details->age = UNKNOWN_AGE;
	if (head->state == TCP_NEW_SYN_RECV) {
		const struct inet_request_sock *request = (const void *)sock;

		head->timer = TIMER_RETRANSMIT;
		details->retransmits = READ(request->req.num_retrans);
		details->expires = until(READ(request->req.rsk_timer.expires));
		details->mark = READ(request->ir_mark);
		return;
	}
	details->uid = uid;
	details->mark = READ(sock->sk_mark);
	if (IS_THERE(sock->sk_cgrp_data.cgroup)) {
		cgroup = READ(sock->sk_cgrp_data.cgroup);
		node = READ(cgroup->kn);
		details->cgroup = READ(node->id);
	}
	tell_timer(head, details, tcp);
	if (head->state == TCP_LISTEN) {
		details->recv_queue = READ(sock->sk_ack_backlog);
		details->send_queue = READ(sock->sk_max_ack_backlog);
		return;
	}
	details->recv_queue = READ(tcp->rcv_nxt) - READ(tcp->copied_seq);
	/* The FIN of the other end counts, and nobody reads it. */
	if ((int)details->recv_queue < 0)
		details->recv_queue = 0;
	details->send_queue = READ(tcp->write_seq) - READ(tcp->snd_una);
	if (wanted.ages && has_course(head->state) && head->state != TCP_SYN_SENT)
		details->age = age_of(tcp);
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
	u32 stat = READ(tcp->chrono_stat[cause - 1]);

	if (READ_BITS(tcp, chrono_type) == cause)
		stat += (u32)ticks() - READ(tcp->chrono_start);
	return microseconds(stat);
}

INLINE u64 delivery_rate(const struct tcp_sock *tcp)
{
	const u32 delivered = READ(tcp->rate_delivered), interval = READ(tcp->rate_interval_us);

	if (!delivered || !interval)
		return UNKNOWN;
	return (u64)delivered * READ(tcp->mss_cache) * 1000000 / interval;
}

INLINE u64 positive(u64 number)
{
	return number ? number : UNKNOWN;
}

INLINE u64 notsent(const struct tcp_sock *tcp)
{
	const int bytes = READ(tcp->write_seq) - READ(tcp->snd_nxt);

	return bytes < 0 ? 0 : bytes;
}

/* The numbers of crates/netstat-model/src/tcp_fields.rs, with the meaning that crates/netstat-os/src/linux/tcp_info.rs gives to those of
 * struct tcp_info (tcp_get_info in net/ipv4/tcp.c). */
#define EACH_FIELD(FIELD)                                                                                              \
	FIELD(0, positive(READ(tcp->srtt_us) >> 3))                                                                    \
	FIELD(1, READ(tcp->srtt_us) >> 3 ? READ(tcp->mdev_us) >> 2 : UNKNOWN)                                          \
	FIELD(2, READ(tcp->rtt_min.s[0].v) == 0xffffffff ? UNKNOWN : positive(READ(tcp->rtt_min.s[0].v)))              \
	FIELD(3, positive(READ(tcp->rcv_rtt_est.rtt_us) >> 3))                                                         \
	FIELD(4, positive(microseconds(READ(tcp->inet_conn.icsk_rto))))                                                \
	FIELD(5, READ(tcp->snd_cwnd))                                                                                  \
	FIELD(6, READ(tcp->snd_ssthresh) >= 0x7fffffff ? UNKNOWN : READ(tcp->snd_ssthresh))                            \
	FIELD(7, READ(tcp->mss_cache))                                                                                 \
	FIELD(8, READ(tcp->inet_conn.icsk_ack.rcv_mss))                                                                \
	FIELD(9, READ(tcp->inet_conn.icsk_pmtu_cookie))                                                                \
	FIELD(10, READ(sock->sk_pacing_rate))                                                                          \
	FIELD(11, delivery_rate(tcp))                                                                                  \
	FIELD(12, READ_BITS(tcp, rate_app_limited))                                                                    \
	FIELD(13, READ(tcp->inet_conn.icsk_retransmits))                                                               \
	FIELD(14, READ(tcp->retrans_out))                                                                              \
	FIELD(15, READ(tcp->total_retrans))                                                                            \
	FIELD(16, READ(tcp->packets_out))                                                                              \
	FIELD(17, READ(tcp->sacked_out))                                                                               \
	FIELD(18, READ(tcp->lost_out))                                                                                 \
	FIELD(19, READ(tcp->reordering))                                                                               \
	FIELD(20, READ(tcp->data_segs_out) ? since(READ(tcp->lsndtime)) * 1000ULL : UNKNOWN)                           \
	FIELD(21, READ(tcp->data_segs_in) ? since(READ(tcp->inet_conn.icsk_ack.lrcvtime)) * 1000ULL : UNKNOWN)         \
	FIELD(22, state == TCP_SYN_SENT ? UNKNOWN : since(READ(tcp->rcv_tstamp)) * 1000ULL)                            \
	FIELD(23, READ(tcp->bytes_sent))                                                                               \
	FIELD(24, READ(tcp->bytes_retrans))                                                                            \
	FIELD(25, READ(tcp->bytes_acked))                                                                              \
	FIELD(26, READ(tcp->bytes_received))                                                                           \
	FIELD(27, notsent(tcp))                                                                                        \
	FIELD(28, READ(tcp->segs_out))                                                                                 \
	FIELD(29, READ(tcp->segs_in))                                                                                  \
	FIELD(30, READ(tcp->data_segs_out))                                                                            \
	FIELD(31, READ(tcp->data_segs_in))                                                                             \
	FIELD(32, chrono(tcp, 1) + chrono(tcp, 2) + chrono(tcp, 3))                                                    \
	FIELD(33, chrono(tcp, 2))                                                                                      \
	FIELD(34, chrono(tcp, 3))                                                                                      \
	FIELD(35, READ(tcp->delivered))                                                                                \
	FIELD(36, READ(tcp->delivered_ce))                                                                             \
	FIELD(37, (u32)READ(tcp->rcvq_space.space))                                                                    \
	FIELD(38, READ(tcp->rcv_ooopack))                                                                              \
	FIELD(39, READ(tcp->snd_wnd))                                                                                  \
	FIELD(40, READ(tcp->rcv_wnd))

#define TELL(bit, value)                       \
	if (wanted.fields >> (bit) & 1)        \
		rest[at++] = (value);

#define TELL_NOTHING(bit, value)               \
	if (wanted.fields >> (bit) & 1)        \
		rest[at++] = UNKNOWN;

/* Tells of the course of a connection, and returns where the row goes on: how many numbers follow its head. */
INLINE u32 tell_course(u64 *rest, u32 at, const struct sock *sock, u8 state)
{
	const struct tcp_sock *tcp = (const void *)sock;

	EACH_FIELD(TELL)
	return at;
}

INLINE u32 tell_no_course(u64 *rest, u32 at)
{
	EACH_FIELD(TELL_NOTHING)
	return at;
}

/* How much of a socket is read at once: all of it that stands in its first bytes. The kernel refuses the program where one
 * of these fields is further behind. */
#define BEGIN 32
#define AT(type, field) (*(const type *)((const char *)begin + PLACE(sock->__sk_common.field)))

SECTION("iter/tcp") int tcp(struct bpf_iter__tcp *context)
{
	struct sock_common *common = context->sk_common;
	const struct sock *sock = (const void *)common;
	struct seq_file *seq;
	u64 begin[BEGIN / 8];
	u32 is_block = 0, at = 0;
	struct row row;
	u8 state;

	if (!common || probe_read_kernel(begin, sizeof(begin), common))
		return 0;
	seq = context->meta->seq;
	state = AT(u8, skc_state);
	if (state == TCP_TIME_WAIT) {
		const struct inet_timewait_sock *block = (const void *)sock;

		is_block = 1;
		state = READ(block->tw_substate);
	}
	if (state > 31 || !(wanted.states >> state & 1))
		return 0;
	row.head.family = AT(u16, skc_family);
	row.head.state = state;
	row.head.flags = 0;
	row.head.timer = 0;
	row.head.interface = AT(u32, skc_bound_dev_if);
	row.head.inode = is_block || state == TCP_NEW_SYN_RECV ? 0 : inode_of(sock);
	row.head.local_port = AT(u16, skc_num);
	row.head.remote_port = AT(u16, skc_dport);
	row.head.cookie = socket_cookie(common);
	if (row.head.family == AF_INET6 && state == TCP_LISTEN && READ_BITS(sock, __sk_common.skc_ipv6only))
		row.head.flags |= TCP_IS_V6_ONLY;
	if (wanted.details) {
		if (is_block)
			tell_time_wait(&row.head, (void *)row.rest, (const void *)sock);
		else
			tell_details(&row.head, (void *)row.rest, sock, context->uid);
		at = sizeof(struct tcp_details) / 8;
	}
	if (wanted.fields) {
		if (!is_block && has_course(state)) {
			row.head.flags |= TCP_HAS_COURSE;
			at = tell_course(row.rest, at, sock, state);
		} else {
			at = tell_no_course(row.rest, at);
		}
	}
	if (row.head.family == AF_INET6) {
		probe_read_kernel(&row.rest[at], 16, &sock->__sk_common.skc_v6_rcv_saddr);
		probe_read_kernel(&row.rest[at + 2], 16, &sock->__sk_common.skc_v6_daddr);
		at += 4;
	} else {
		row.rest[at++] = AT(u32, skc_rcv_saddr) | (u64)AT(u32, skc_daddr) << 32;
	}
	/* Where the buffer is full the kernel comes again with this socket. */
	seq_write(seq, &row, sizeof(row.head) + at * 8);
	return 0;
}

SECTION("license") char licence[] = "Dual MIT/GPL";
