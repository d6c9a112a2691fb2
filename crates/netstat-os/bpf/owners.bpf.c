/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Which process holds which socket: one record for each descriptor of a TCP or UDP socket in the network namespace of the
 * reader. A reader that asks for everything (O_APPEND on the descriptor it reads from) is told of sockets of all families, in
 * all network namespaces. One that looks for network namespaces (O_APPEND and O_NONBLOCK) is told of these sockets too, with
 * the namespace of each in place of its cookie, and of descriptors of namespaces. Whoever asks for all descriptors of sockets is
 * also told of those of io_urings, which may hold more of them.
 *
 * The kernel hands the program every thread in the PID namespace of the reader, and the program goes through their tables
 * of descriptors itself, without a lock; threads that share the table of their main thread are passed over. Only what is
 * used of the kernel's structures is declared here: the kernel finds the true offsets from its own type information when
 * it loads the program, so that the result is the same on whatever machine it was built.
 *
 * One walk over all threads looks at a window of each table. While there is more to tell, the last record is all zero,
 * and the reader starts another walk.
 *
 * A reader that does not want to wait (O_NONBLOCK alone) is told first of the processes in its
 * own network namespace. Of those in others the program then reads the tables alone, and looks only at files that it has
 * told of: any other is most likely no socket of the reader's, and telling that takes a look at memory that is far away.
 * If it is one after all, nobody in the reader's network namespace holds it: the reader finds nobody, and comes again with
 * time. So what a reader in a hurry is told of a socket is never less than the whole.
 */
#include "program.h"
#include "owners.h"
#include "owners.kernel.h"

#define O_APPEND 02000
#define O_NONBLOCK 04000

#define NSEC_PER_SEC 1000000000LL

/* The file system of descriptors of namespaces. */
#define NSFS_MAGIC 0x6e736673

/* The file system of files that are nothing but a descriptor. */
#define ANON_INODE_FS_MAGIC 0x09041934

/* The functions of the kernel that programs may call have fixed numbers (linux/bpf.h). */
static void *(*const map_lookup)(void *map, const void *key) = (void *)1;
static struct task_struct *(*const current_task)(void) = (void *)35;
static long (*const seq_write)(struct seq_file *seq, const void *data, u32 len) = (void *)127;

/* How many descriptors are read at a time. Tables have whole multiples of that. */
#define BATCH 64

/* The descriptors of a process in one walk. The kernel has a buffer of 32 KiB for what is said of a process. */
#define WINDOW (15 * BATCH)
_Static_assert(WINDOW * sizeof(struct owner_record) < 32 * 1024, "a walk says too much of a process");

#define NOTED_BITS 20

/* What a file was found to be. */
struct found {
	/* None where it is a namespace or an io_uring. */
	const struct socket_alloc *socket;
	const struct sock *sock;
	u64 cookie;
	u32 inode;
};

/* What stays from one task and one walk to the next. */
struct state {
	const struct file *batch[BATCH];
	/* The same, read again. */
	const struct file *again[BATCH];
	struct found found[BATCH];
	/* A bit for each of the batch: whether it may be in the reader's table, as far as is known. */
	u64 listed;
	/* Where the window begins. */
	u32 first;
	/* Whether a table goes on behind it. */
	u32 goes_on;
	/* Whether a task got another table meanwhile. */
	u32 has_changed;
	/* Whether sockets of all families and network namespaces are told of. */
	u32 everything;
	/* Whether it is the turn of the other network namespaces. */
	u32 others;
	/* Whether namespaces are told of, in place of cookies. */
	u32 namespaces;
	/* Whether io_urings are told of. */
	u32 rings;
	/* Nothing but the target of an instruction. */
	u64 barrier;
	/* The bits that the addresses of files lead to, of those that were told of. */
	u64 noted[(1 << NOTED_BITS) / 64];
};

struct {
	/* BPF_MAP_TYPE_ARRAY. */
	int (*type)[2];
	int (*max_entries)[1];
	u32 *key;
	struct state *value;
} states SECTION(".maps");

/* A task whose table is gone through. */
struct search {
	struct seq_file *seq;
	struct state *state;
	struct task_struct *task;
	struct net *net;
	/* Of the batch. */
	u32 first;
	/* What all its records have in common. */
	struct owner_record record;
};

/* The reader's PID namespace, which is at this level of the tree of namespaces. */
struct reader {
	u32 level;
	struct pid_namespace *ns;
};

/* The number of a process at a level, and the namespace it has it in. */
INLINE int number_at(const struct pid *pid, u32 level, struct pid_namespace **ns)
{
	const u32 at = __builtin_preserve_field_info(pid->numbers, 0);
	const u32 step = __builtin_preserve_type_info(*(struct upid *)0, 1);
	const struct upid *number = (const void *)((const char *)pid + at + (u64)level * step);

	*ns = READ(number->ns);
	return READ(number->nr);
}

/* The process as the reader sees it; 0 where it does not. */
INLINE u32 as_seen(const struct reader *reader, const struct task_struct *task)
{
	struct pid_namespace *ns;
	const struct signal_struct *signal;
	const struct pid *pid;
	int nr;

	/* In the namespace the machine booted with, which sees all: most readers are there, and this is quick. */
	if (!reader->level)
		return READ(task->tgid);
	signal = READ(task->signal);
	pid = READ(signal->pids[PIDTYPE_TGID]);
	if (!pid || READ(pid->level) < reader->level)
		return 0;
	nr = number_at(pid, reader->level, &ns);
	return ns == reader->ns ? nr : 0;
}

/* What the reader's time namespace adds to the time since boot. */
INLINE u64 boottime_offset(const struct nsproxy *reader)
{
	const struct time_namespace *time;

	if (!IS_THERE(reader->time_ns))
		return 0;
	time = READ(reader->time_ns);
	return READ(time->offsets.boottime.tv_sec) * NSEC_PER_SEC + READ(time->offsets.boottime.tv_nsec);
}

/* What is to be said of each socket of a process. Answers whether the reader sees the process. */
INLINE int introduce(struct owner_record *record, const struct task_struct *task, const struct task_struct *current)
{
	const struct task_struct *leader = READ(task->group_leader);
	const struct pid *pid = READ(current->thread_pid);
	struct reader reader = { .level = READ(pid->level) };

	if (reader.level)
		number_at(pid, reader.level, &reader.ns);
	record->tgid = as_seen(&reader, task);
	record->parent = as_seen(&reader, READ(leader->real_parent));
	record->start_boottime = READ(leader->start_boottime) + boottime_offset(READ(current->nsproxy));
	return !!record->tgid;
}

/* The network namespace of a task; none where it has ended. */
INLINE struct net *net_of(const struct task_struct *task)
{
	const struct nsproxy *nsproxy = READ(task->nsproxy);

	return READ(nsproxy->net_ns);
}

/* What a socket is to the reader. */
enum { NOT_LISTED, LISTED, LISTED_BY_SUBFLOWS };

INLINE u32 listed(const struct sock *sock, const struct net *net, u32 everything)
{
	unsigned short family = READ(sock->__sk_common.skc_family);
	unsigned short protocol;

	if (family != AF_INET && family != AF_INET6)
		return everything ? LISTED : NOT_LISTED;
	/* A kernel without network namespaces has one. */
	if (!everything && IS_THERE(sock->__sk_common.skc_net.net) && READ(sock->__sk_common.skc_net.net) != net)
		return NOT_LISTED;
	protocol = READ(sock->sk_protocol);
	if (protocol == IPPROTO_MPTCP)
		return LISTED_BY_SUBFLOWS;
	return everything || protocol == IPPROTO_TCP || protocol == IPPROTO_UDP ? LISTED : NOT_LISTED;
}

/* What was read before this was read before what is read after it. */
INLINE void in_order(struct state *state)
{
	state->barrier = __sync_lock_test_and_set(&state->barrier, 1);
}

/* Reads the files that so many descriptors lead to, from one on. Answers whether the task has them. */
INLINE int read_batch(const struct file **into, const struct task_struct *task, u32 first, struct state *state)
{
	const struct files_struct *files = READ(task->files);
	const struct fdtable *table = READ(files->fdt);
	const struct files_struct *now;

	if (first >= READ(table->max_fds) ||
	    probe_read_kernel(into, BATCH * sizeof(*into), READ(table->fd) + first))
		return 0;
	/* A table is there for as long as its task has it. */
	in_order(state);
	now = READ(task->files);
	if (now && now != files)
		state->has_changed = 1;
	return now == files;
}

/* The bit of state.noted that is the file's, and perhaps that of others. */
INLINE u32 bit_of(const struct file *file)
{
	return (u64)file * 0x9e3779b97f4a7c15ULL >> (64 - NOTED_BITS);
}

/* Whether the file was told of; sometimes it was another. */
INLINE int is_noted(const struct state *state, const struct file *file)
{
	const u32 bit = bit_of(file);

	return state->noted[bit / 64] >> bit % 64 & 1;
}

/* A kernel may keep the names of files elsewhere; what is not told of io_urings the reader finds in /proc. */
#define TELLS_RINGS IS_THERE(((const struct dentry *)0)->d_name)

/* The begin of the name of a file. */
union name {
	char text[16];
	u64 words[2];
};

/* The file system that a file is in. */
INLINE unsigned long magic_of(const struct inode *inode)
{
	const struct super_block *super = READ(inode->i_sb);

	return READ(super->s_magic);
}

/* Whether the file in that file system is one that the reader looks at by itself: a namespace, of any kind, or an io_uring. */
INLINE int is_to_be_read(const struct state *state, const struct file *file, const struct inode *inode)
{
	const union name ring = { .text = "[io_uring]" };
	union name name = {};
	const struct dentry *dentry;

	if (state->namespaces)
		return magic_of(inode) == NSFS_MAGIC;
	if (!state->rings || magic_of(inode) != ANON_INODE_FS_MAGIC)
		return 0;
	dentry = READ(file->f_path.dentry);
	probe_read_kernel(&name, sizeof("[io_uring]"), READ(dentry->d_name.name));
	return name.words[0] == ring.words[0] && name.words[1] == ring.words[1];
}

/* The inode of the network namespace of a socket. A kernel without network namespaces has none. */
INLINE u64 namespace_of(const struct sock *sock)
{
	const struct net *net;

	if (!IS_THERE(sock->__sk_common.skc_net.net))
		return 0;
	net = READ(sock->__sk_common.skc_net.net);
	return READ(net->ns.inum);
}

/*
 * The three steps of looking at the files of a batch. Each is taken for all of them before the next, because what it looks
 * at is in memory that is far away: a processor that need not wait for one to go on with another fetches several at once.
 */
static long look_at_file(u32 index, struct search *search)
{
	struct state *state = search->state;
	const struct socket_alloc *socket;
	const struct inode *inode;
	const struct file *file;

	if (index >= BATCH)
		return 0;
	file = state->batch[index];
	if (!file || (state->others && !is_noted(state, file)))
		return 0;
	socket = READ(file->private_data);
	inode = READ(file->f_inode);
	if (!inode)
		return 0;
	/* A socket and its inode lie side by side. */
	if (inode != &socket->vfs_inode) {
		if (!is_to_be_read(state, file, inode))
			return 0;
		socket = 0;
		state->found[index].inode = state->rings ? 0 : READ(inode->i_ino);
		state->found[index].cookie = 0;
	}
	state->found[index].socket = socket;
	state->listed |= 1ULL << index;
	return 0;
}

static long look_at_socket(u32 index, struct search *search)
{
	struct state *state = search->state;
	const struct socket_alloc *socket;

	if (index >= BATCH || !(state->listed >> index & 1))
		return 0;
	socket = state->found[index].socket;
	if (!socket)
		return 0;
	state->found[index].sock = READ(socket->socket.sk);
	/* Together with what was seen of the file, this is true of that of a socket alone. */
	if (READ(socket->socket.file) != state->batch[index])
		state->listed &= ~(1ULL << index);
	return 0;
}

static long look_at_sock(u32 index, struct search *search)
{
	struct state *state = search->state;
	const struct sock *sock;
	struct found *found;
	u32 as;

	if (index >= BATCH || !(state->listed >> index & 1))
		return 0;
	found = &state->found[index];
	if (!found->socket)
		return 0;
	sock = found->sock;
	as = sock ? listed(sock, search->net, state->everything) : NOT_LISTED;
	if (as == NOT_LISTED) {
		state->listed &= ~(1ULL << index);
		return 0;
	}
	found->inode = READ(found->socket->vfs_inode.i_ino);
	if (state->namespaces) {
		found->cookie = namespace_of(sock);
		return 0;
	}
	/* The rows of an MPTCP socket are those of its subflows, which have its inode and cookies of their own. */
	found->cookie = as == LISTED_BY_SUBFLOWS ? 0 : READ(sock->__sk_common.skc_cookie.counter);
	return 0;
}

/* Tells of a file of the batch, if all is still as it was. */
static long tell(u32 index, struct search *search)
{
	struct state *state = search->state;
	const struct socket_alloc *socket;
	const struct file *file;
	struct found *found;
	u32 bit;

	if (index >= BATCH || !(state->listed >> index & 1))
		return 0;
	file = state->batch[index];
	found = &state->found[index];
	socket = found->socket;
	if (state->again[index] != file)
		return 0;
	/* The reader reads the link of a namespace or an io_uring, and sees whether it still is one. */
	if (socket && (READ(file->private_data) != socket || (u32)READ(socket->vfs_inode.i_ino) != found->inode))
		return 0;
	bit = bit_of(file);
	state->noted[bit / 64] |= 1ULL << bit % 64;
	search->record.fd = search->first + index;
	search->record.inode = found->inode;
	search->record.cookie = found->cookie;
	/* Where the buffer is full the kernel comes again with this task. */
	return seq_write(search->seq, &search->record, sizeof(search->record)) != 0;
}

/*
 * Goes through a batch of the window. Nothing keeps a file from being closed meanwhile, and from becoming another one at
 * the same address; but sockets and their inodes stay until this program has been left. So the file is looked at, then it
 * is seen that the descriptor still leads to it, and then that it is still the same: no socket has two files in its life,
 * so that it was this one in between.
 */
static long go_through(u32 index, struct search *search)
{
	struct state *state = search->state;

	search->first = state->first + index * BATCH;
	if (!read_batch(state->batch, search->task, search->first, state))
		return 1;
	state->listed = 0;
	loop(BATCH, look_at_file, search, 0);
	if (!state->listed)
		return 0;
	loop(BATCH, look_at_socket, search, 0);
	loop(BATCH, look_at_sock, search, 0);
	if (!state->listed)
		return 0;
	in_order(state);
	if (!read_batch(state->again, search->task, search->first, state))
		return 1;
	loop(BATCH, tell, search, 0);
	return 0;
}

/* The walk is at its end. Says whether there is to be another, and prepares it. */
INLINE void end(struct seq_file *seq, struct state *state, int quick)
{
	int same_again = state->has_changed;
	int is_last = !same_again && !state->goes_on && (!quick || state->others);
	/* All zero, or the word that io_urings were told of. */
	const struct owner_record word = { .fd = is_last };

	/* Where the buffer is full the kernel comes again. */
	if ((!is_last || state->rings) && seq_write(seq, &word, sizeof(word)))
		return;
	if (!same_again && state->goes_on) {
		state->first += WINDOW;
	} else if (!same_again) {
		state->first = 0;
		state->others = !is_last;
	}
	state->goes_on = 0;
	state->has_changed = 0;
}

SECTION("iter/task") int owners(struct bpf_iter__task *context)
{
	struct task_struct *task = context->task;
	const struct task_struct *current = current_task();
	const struct task_struct *leader;
	const struct files_struct *files;
	const struct fdtable *table;
	struct search search = {};
	const struct file *file;
	u32 max_fds, flags, zero = 0;
	int quick;

	search.seq = context->meta->seq;
	search.state = map_lookup(&states, &zero);
	if (!search.state)
		return 0;
	file = READ(search.seq->file);
	flags = READ(file->f_flags);
	search.state->everything = !!(flags & O_APPEND);
	search.state->namespaces = (flags & (O_APPEND | O_NONBLOCK)) == (O_APPEND | O_NONBLOCK);
	quick = !!(flags & O_NONBLOCK) && !search.state->namespaces;
	search.state->rings = TELLS_RINGS && !(flags & O_NONBLOCK);
	if (!task) {
		end(search.seq, search.state, quick);
		return 0;
	}
	files = READ(task->files);
	table = READ(files->fdt);
	max_fds = READ(table->max_fds);
	if (max_fds <= search.state->first)
		return 0;
	leader = READ(task->group_leader);
	if (leader != task && READ(leader->files) == files)
		return 0;
	search.net = net_of(current);
	if (quick && (net_of(task) != search.net) != search.state->others)
		return 0;
	if (max_fds > search.state->first + WINDOW)
		search.state->goes_on = 1;
	search.task = task;
	if (introduce(&search.record, task, current))
		loop(WINDOW / BATCH, go_through, &search, 0);
	return 0;
}

SECTION("license") char licence[] = "Dual MIT/GPL";
