/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The TCP sockets of all network namespaces. The kernel has them in one hash table, and whatever it offers to list them
 * (sock_diag, iter/tcp) walks over all of it for the sockets of one namespace. This goes over it once: every connection,
 * half-open request and block of TIME_WAIT in the table of connections, and every listener in that of listeners. A namespace
 * that has a table of connections to itself (net.ipv4.tcp_child_ehash_entries) has to be asked in another way.
 *
 * It takes no lock. Sockets stay sockets for as long as the program runs (SLAB_TYPESAFE_BY_RCU), but one may become another
 * while it is looked at, and so lead into another chain or to another place of the same one. So of each socket it is read twice
 * what it is, and each chain is gone over until that leads to what was told of it, in the same order, to nothing else, and to
 * the end of that chain. Else it is told again. What changes too often for that makes all of the answer void.
 *
 * Each task that the kernel shows is the occasion to go on for some thousand steps, as the kernel's buffer of 32 KiB is for one
 * task. Within a chain the next task begins at its begin, and passes over what was told of. Where there are too few tasks the
 * last row says so, and the reader starts another walk with O_NONBLOCK on the descriptor that it reads from, which goes on.
 */
#include "program.h"
#include "everywhere.h"

/* include/net/tcp_states.h. */
#define TCP_TIME_WAIT 6
#define TCP_LISTEN 10
#define TCP_NEW_SYN_RECV 12

/* The ends of chains of listeners are numbered from here on: include/net/inet_hashtables.h. */
#define LISTENING_NULLS_BASE (1U << 29)

#define O_NONBLOCK 04000

/* enum tcp_flags of tcp.h. */
#define IS_V6_ONLY 1

struct hlist_nulls_node {
	struct hlist_nulls_node *next;
} KERNEL;

struct hlist_nulls_head {
	struct hlist_nulls_node *first;
} KERNEL;

struct inet_ehash_bucket {
	struct hlist_nulls_head chain;
} KERNEL;

struct inet_listen_hashbucket {
	/* Before Linux 5.19 beside another list, which has the sockets by another field. */
	struct hlist_nulls_head nulls_head;
	struct hlist_nulls_node *head;
} KERNEL;

struct inet_hashinfo {
	struct inet_ehash_bucket *ehash;
	u32 ehash_mask;
	u32 lhash2_mask;
	struct inet_listen_hashbucket *lhash2;
} KERNEL;

struct inet_timewait_death_row {
	struct inet_hashinfo *hashinfo;
} KERNEL;

struct netns_ipv4 {
	struct inet_timewait_death_row tcp_death_row;
} KERNEL;

struct ns_common {
	unsigned int inum;
} KERNEL;

struct net {
	struct ns_common ns;
	struct netns_ipv4 ipv4;
} KERNEL;

struct nsproxy {
	struct net *net_ns;
} KERNEL;

struct task_struct {
	struct nsproxy *nsproxy;
} KERNEL;

struct in6_addr {
	u32 words[4];
};

typedef struct {
	long long counter;
} KERNEL atomic64_t;

typedef struct {
	struct net *net;
} KERNEL possible_net_t;

struct sock_common {
	u32 skc_daddr;
	u32 skc_rcv_saddr;
	u32 skc_hash;
	u16 skc_dport;
	u16 skc_num;
	u16 skc_family;
	unsigned char skc_state;
	unsigned char skc_ipv6only : 1;
	int skc_bound_dev_if;
	possible_net_t skc_net;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
	atomic64_t skc_cookie;
	struct hlist_nulls_node skc_nulls_node;
} KERNEL;

struct socket;

struct sock {
	struct sock_common __sk_common;
	struct socket *sk_socket;
	/* Since Linux 6.18. */
	unsigned long sk_ino;
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
	unsigned char tw_substate;
} KERNEL;

struct file {
	u32 f_flags;
} KERNEL;

struct seq_file {
	const struct file *file;
} KERNEL;

/* What is the kernel's interface keeps its layout: a pointer takes 8 bytes on every machine. */
struct bpf_iter_meta {
	struct seq_file *seq;
	u64 session_id;
	u64 seq_num;
} KERNEL;

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

/* The functions of the kernel that programs may call have fixed numbers (linux/bpf.h). */
static void *(*const map_lookup)(void *map, const void *key) = (void *)1;
static struct task_struct *(*const current_task)(void) = (void *)35;
static long (*const seq_write)(struct seq_file *seq, const void *data, u32 len) = (void *)127;

/* Heads of chains that are read at a time. */
#define BATCH 64

/* Steps that are taken and rows that are told at the occasion of one task: the kernel has a buffer of 32 KiB for these. */
#define STEPS 8192
#define ROWS 480
_Static_assert((ROWS + 8) * (sizeof(struct everywhere_row) + 32) < 32 * 1024, "a task says too much");

/* How often a chain is told that changes meanwhile. */
#define TRIES 8

/* Room for a struct sock_common, which has 136 bytes. */
#define COMMON 256

struct row {
	struct everywhere_row head;
	u64 addresses[4];
};

/* What is kept from one task and one walk to the next. */
struct cursor {
	/* The chain that is next, listeners after the connections; how many of its sockets were told of, and which these are. */
	u64 place;
	u64 told;
	u64 digest;
	/* Whether it is not what it was, and how often that was so. */
	u64 has_changed;
	u64 tries;
};

/* Where the program is. All of it is here and nothing on the stack, whose contents the kernel would follow one by one when it
 * checks the program. */
struct state {
	struct cursor at;
	/* The same when the task began. */
	struct cursor before;
	/* The tables, and their numbers of chains: of connections, and of all. */
	const char *connections;
	const char *listeners;
	u64 of_connections;
	u64 all;
	/* The head of the chain that is gone over, and the next socket; no head between two chains. */
	const void *head;
	const void *node;
	/* How many of its sockets were seen, which these are, and whether one of them was told of that was not before. */
	u64 seen;
	u64 digest;
	u64 has_told;
	u64 rows;
	/* Whether it is over for this task; whether what was written is void, because there was no room for all. */
	u64 is_over;
	u64 is_void;
	/* The batch whose heads are here. */
	u64 batch;
	const void *heads[BATCH];
	/* Nothing but the target of an instruction. */
	u64 barrier;
	/* What a socket is. */
	unsigned char common[COMMON];
	/* The same, read again. */
	unsigned char again[COMMON];
	struct row row;
};

struct {
	/* BPF_MAP_TYPE_ARRAY. */
	int (*type)[2];
	int (*max_entries)[1];
	u32 *key;
	struct state *value;
} states SECTION(".maps");

struct turn {
	struct seq_file *seq;
	struct state *state;
};

/* A field of the structure that was copied. */
#define COPIED(copy, field) \
	(*(const __typeof__(((struct sock_common *)0)->field) *)((copy) + PLACE(((struct sock_common *)0)->field)))

INLINE u32 is_end(const void *node)
{
	return (u64)node & 1;
}

INLINE const void *first_of(const void *head)
{
	const void *first = 0;

	probe_read_kernel(&first, sizeof(first), head);
	return first;
}

/* What was read before this was read before what is read after it. */
INLINE void in_order(struct state *state)
{
	state->barrier = __sync_lock_test_and_set(&state->barrier, 1);
}

INLINE u32 inode_of(const struct sock *sock)
{
	const struct socket_alloc *socket;

	if (IS_THERE(sock->sk_ino))
		return READ(sock->sk_ino);
	socket = (const void *)READ(sock->sk_socket);
	return socket ? READ(socket->vfs_inode.i_ino) : 0;
}

INLINE u32 is_v6_only(const unsigned char *common)
{
	const struct sock_common *of = 0;
	/* The byte or word that has the bit. */
	u64 bits = *(const u8 *)(common + PLACE(of->skc_ipv6only));

	bits <<= __builtin_preserve_field_info(of->skc_ipv6only, 4);
	bits >>= __builtin_preserve_field_info(of->skc_ipv6only, 5);
	return bits & 1;
}

INLINE u32 is_same(const unsigned char *one, const unsigned char *other)
{
	return COPIED(one, skc_net.net) == COPIED(other, skc_net.net) && COPIED(one, skc_hash) == COPIED(other, skc_hash) &&
	       COPIED(one, skc_num) == COPIED(other, skc_num) && COPIED(one, skc_dport) == COPIED(other, skc_dport) &&
	       COPIED(one, skc_family) == COPIED(other, skc_family) && COPIED(one, skc_state) == COPIED(other, skc_state) &&
	       COPIED(one, skc_cookie.counter) == COPIED(other, skc_cookie.counter);
}

/* Makes a row of the socket that was copied. Returns its length. */
INLINE u32 fill(struct row *row, const unsigned char *common)
{
	const struct net *net = COPIED(common, skc_net.net);

	row->head.net = READ(net->ns.inum);
	row->head.family = COPIED(common, skc_family);
	row->head.state = COPIED(common, skc_state);
	row->head.flags = 0;
	row->head.note = 0;
	row->head.interface = COPIED(common, skc_bound_dev_if);
	row->head.local_port = COPIED(common, skc_num);
	row->head.remote_port = COPIED(common, skc_dport);
	row->head.cookie = COPIED(common, skc_cookie.counter);
	if (row->head.family == AF_INET6 && row->head.state == TCP_LISTEN && is_v6_only(common))
		row->head.flags = IS_V6_ONLY;
	/* A kernel without IPv6 has no such addresses, and no such socket. */
	if (row->head.family == AF_INET6 && IS_THERE(((struct sock_common *)0)->skc_v6_daddr)) {
		__builtin_memcpy(&row->addresses[0], common + PLACE(((struct sock_common *)0)->skc_v6_rcv_saddr), 16);
		__builtin_memcpy(&row->addresses[2], common + PLACE(((struct sock_common *)0)->skc_v6_daddr), 16);
		return sizeof(row->head) + 32;
	}
	row->addresses[0] = COPIED(common, skc_rcv_saddr) | (u64)COPIED(common, skc_daddr) << 32;
	return sizeof(row->head) + 8;
}

/* Writes a row or a note. Where there is no room the kernel comes again with this task, and nothing of it counts. */
INLINE void put(struct turn *turn, u32 length)
{
	turn->state->rows++;
	if (seq_write(turn->seq, &turn->state->row, length)) {
		turn->state->is_void = 1;
		turn->state->is_over = 1;
	}
}

/* Writes that something is the matter with the place where the program is. */
INLINE void put_note(struct turn *turn, u8 note)
{
	__builtin_memset(&turn->state->row.head, 0, sizeof(turn->state->row.head));
	turn->state->row.head.chain = turn->state->at.place;
	turn->state->row.head.note = note;
	put(turn, sizeof(turn->state->row.head));
}

/* All that was told is void, and there is no more. */
INLINE void give_up(struct turn *turn)
{
	put_note(turn, GIVEN_UP);
	turn->state->at.place = turn->state->all;
	turn->state->at.has_changed = 0;
	turn->state->head = 0;
}

/* Begins with the chain at a place. */
INLINE void begin(struct state *state, const void *head)
{
	in_order(state);
	state->head = head;
	state->node = first_of(head);
	state->seen = state->digest = state->has_told = 0;
}

/* What was told of a chain is void. */
INLINE void tell_again(struct turn *turn)
{
	struct state *state = turn->state;

	state->head = 0;
	state->at.told = state->at.digest = state->at.has_changed = 0;
	if (++state->at.tries < TRIES)
		put_note(turn, CHAIN_AGAIN);
	else
		give_up(turn);
}

/* Goes on behind a socket that was copied. */
INLINE void pass(struct state *state, const unsigned char *common)
{
	const u64 identity = (u64)state->node + COPIED(common, skc_cookie.counter);

	state->digest = (state->digest + identity) * 0x9e3779b97f4a7c15ULL + COPIED(common, skc_hash);
	state->node = COPIED(common, skc_nulls_node.next);
	state->seen++;
}

/* Tells of the next socket of a chain, or passes over it if it was told of. */
INLINE void next_socket(struct turn *turn)
{
	struct state *state = turn->state;
	const struct inet_timewait_sock *block;
	const struct sock_common *common;
	const u32 size = __builtin_preserve_type_info(*(struct sock_common *)0, 1);
	const u32 copied = size < COMMON ? size : COMMON;
	u32 length;

	common = (const void *)((const char *)state->node - PLACE(((struct sock_common *)0)->skc_nulls_node));
	state->at.has_changed = 1;
	if (probe_read_kernel(state->common, copied, common))
		return;
	if (state->seen < state->at.told) {
		pass(state, state->common);
		state->at.has_changed = state->seen == state->at.told && state->digest != state->at.digest;
		return;
	}
	length = fill(&state->row, state->common);
	state->row.head.chain = state->at.place;
	state->row.head.inode = 0;
	if (state->row.head.state == TCP_TIME_WAIT) {
		block = (const void *)common;
		state->row.head.state = READ(block->tw_substate);
	} else if (state->row.head.state != TCP_NEW_SYN_RECV) {
		state->row.head.inode = inode_of((const void *)common);
	}
	in_order(state);
	if (probe_read_kernel(state->again, copied, common) || !is_same(state->common, state->again))
		return;
	state->at.has_changed = 0;
	pass(state, state->common);
	state->at.told = state->seen;
	state->at.digest = state->digest;
	state->has_told = 1;
	put(turn, length);
}

/* A chain is at its end. */
INLINE void finish(struct turn *turn)
{
	struct state *state = turn->state;
	const u64 chain = state->at.place;
	const u64 expected = chain < state->of_connections ? chain : chain - state->of_connections + LISTENING_NULLS_BASE;

	if ((u64)state->node >> 1 != expected || state->seen < state->at.told) {
		state->at.has_changed = 1;
		return;
	}
	/* What was told just now has to be found once more. */
	if (state->has_told) {
		begin(state, state->head);
		return;
	}
	state->at.told = state->at.digest = state->at.tries = 0;
	state->head = 0;
	state->at.place++;
}

/* Passes over an empty chain of the batch. Answers whether to stop, at another or behind the batch. */
static long pass_over(u32 index __attribute__((unused)), struct turn *turn)
{
	struct state *state = turn->state;

	/* One that was told of in part is looked at even if it is empty now. */
	if (state->at.told || !is_end(state->heads[state->at.place % BATCH]))
		return 1;
	state->at.place++;
	return state->at.place % BATCH == 0 || state->at.place >= state->of_connections;
}

/* Looks for the next chain that has sockets. */
INLINE void find_chain(struct turn *turn)
{
	struct state *state = turn->state;
	const u32 size = __builtin_preserve_type_info(*(struct inet_listen_hashbucket *)0, 1);
	const u64 batch = state->at.place / BATCH + 1;
	const void *head;

	if (state->at.place < state->of_connections) {
		if (state->batch != batch) {
			head = state->connections + (batch - 1) * BATCH * sizeof(void *);
			if (probe_read_kernel(state->heads, sizeof(state->heads), head)) {
				give_up(turn);
				return;
			}
			state->batch = batch;
		}
		loop(BATCH, pass_over, turn, 0);
		if (state->at.place / BATCH + 1 == batch && state->at.place < state->of_connections)
			begin(state, state->connections + state->at.place * sizeof(void *));
		return;
	}
	head = state->listeners + (state->at.place - state->of_connections) * size +
	       PLACE(((struct inet_listen_hashbucket *)0)->nulls_head);
	if (!state->at.told && is_end(first_of(head)))
		state->at.place++;
	else
		begin(state, head);
}

static long step(u32 index __attribute__((unused)), struct turn *turn)
{
	struct state *state = turn->state;

	if (state->is_over || state->at.place >= state->all || state->rows >= ROWS)
		return 1;
	if (state->at.has_changed)
		tell_again(turn);
	else if (!state->head)
		find_chain(turn);
	else if (is_end(state->node))
		finish(turn);
	else
		next_socket(turn);
	return 0;
}

SECTION("iter/task") int everywhere(struct bpf_iter__task *context)
{
	const struct task_struct *current = current_task();
	const struct inet_hashinfo *tables;
	const struct nsproxy *nsproxy;
	const struct net *net;
	const struct file *file;
	struct state *state;
	struct turn turn;
	u32 zero = 0;

	turn.seq = context->meta->seq;
	turn.state = state = map_lookup(&states, &zero);
	if (!state)
		return 0;
	file = READ(turn.seq->file);
	if (!context->meta->seq_num && !(READ(file->f_flags) & O_NONBLOCK))
		__builtin_memset(&state->at, 0, sizeof(state->at));
	nsproxy = READ(current->nsproxy);
	net = READ(nsproxy->net_ns);
	tables = READ(net->ipv4.tcp_death_row.hashinfo);
	state->connections = (const char *)READ(tables->ehash);
	state->listeners = (const char *)READ(tables->lhash2);
	state->of_connections = (u64)READ(tables->ehash_mask) + 1;
	state->all = state->of_connections + READ(tables->lhash2_mask) + 1;
	if (!context->task) {
		__builtin_memset(&state->row.head, 0, sizeof(state->row.head));
		state->row.head.note = MORE_TO_TELL;
		/* A walk that ends where the one before did would not be the last. */
		state->row.head.chain = state->at.place;
		state->row.head.inode = state->at.told;
		state->row.head.cookie = state->at.tries;
		if (IS_THERE(((struct inet_listen_hashbucket *)0)->head) || !state->connections || !state->listeners)
			state->row.head.note = NOT_KNOWN;
		else if (state->at.place >= state->all)
			return 0;
		/* Where the buffer is full the kernel comes again. */
		seq_write(turn.seq, &state->row, sizeof(state->row.head));
		return 0;
	}
	if (IS_THERE(((struct inet_listen_hashbucket *)0)->head) || !state->connections || !state->listeners)
		return 0;
	state->before = state->at;
	state->is_over = state->is_void = state->rows = state->batch = 0;
	state->head = 0;
	loop(STEPS, step, &turn, 0);
	/* A chain that is too long for the steps of one task would never come to its end. */
	if (state->head && !state->rows && state->at.place == state->before.place && !state->at.has_changed)
		give_up(&turn);
	if (state->is_void)
		state->at = state->before;
	return 0;
}

SECTION("license") char licence[] = "Dual MIT/GPL";
