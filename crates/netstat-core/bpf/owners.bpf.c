/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Which process holds which socket: one record for each descriptor of a TCP or UDP socket in the network namespace of the
 * reader.
 *
 * The kernel hands the program every descriptor of every process in the PID namespace of the reader; threads that
 * share the table of their main thread are passed over. Only what is used of the kernel's structures is declared here:
 * the kernel finds the true offsets from its own type information when it loads the program, so that the result is the
 * same on whatever machine it was built.
 *
 * A reader that does not want to wait (O_NONBLOCK on the descriptor it reads from) is spared most of what other network
 * namespaces hold: see is_others().
 */
#include "owners.h"

typedef unsigned int u32;
typedef unsigned long long u64;

#define KERNEL __attribute__((preserve_access_index))
#define SECTION(name) __attribute__((section(name), used))

/* enum pid_type. */
#define PIDTYPE_TGID 1
#define PIDTYPE_MAX 4

#define AF_INET 2
#define AF_INET6 10

#define IPPROTO_TCP 6
#define IPPROTO_UDP 17
#define IPPROTO_MPTCP 262

#define O_NONBLOCK 04000

#define NSEC_PER_SEC 1000000000LL

struct net;
struct pid_namespace;

struct upid {
	int nr;
	struct pid_namespace *ns;
} KERNEL;

struct pid {
	u32 level;
	struct upid numbers[1];
} KERNEL;

struct signal_struct {
	int nr_threads;
	struct pid *pids[PIDTYPE_MAX];
} KERNEL;

typedef struct {
	int counter;
} KERNEL atomic_t;

/* A table of descriptors. */
struct files_struct {
	atomic_t count;
} KERNEL;

struct timespec64 {
	long long tv_sec;
	long tv_nsec;
} KERNEL;

struct timens_offsets {
	struct timespec64 boottime;
} KERNEL;

struct time_namespace {
	struct timens_offsets offsets;
} KERNEL;

struct nsproxy {
	struct net *net_ns;
	struct time_namespace *time_ns;
} KERNEL;

struct task_struct {
	int tgid;
	u64 start_boottime;
	struct task_struct *group_leader;
	struct task_struct *real_parent;
	struct pid *thread_pid;
	struct signal_struct *signal;
	struct nsproxy *nsproxy;
	struct files_struct *files;
} KERNEL;

struct inode {
	unsigned long i_ino;
} KERNEL;

typedef struct {
	long long counter;
} KERNEL atomic64_t;

/* One less than the number of references. Linux 6.13. */
typedef struct {
	atomic64_t refcnt;
} KERNEL file_ref_t;

struct file {
	struct inode *f_inode;
	u32 f_flags;
	file_ref_t f_ref;
} KERNEL;

/* The same before. */
struct file___old {
	atomic64_t f_count;
} KERNEL;

struct seq_file {
	const struct file *file;
} KERNEL;

typedef struct {
	struct net *net;
} KERNEL possible_net_t;

struct sock_common {
	unsigned short skc_family;
	possible_net_t skc_net;
	atomic64_t skc_cookie;
} KERNEL;

struct sock {
	struct sock_common __sk_common;
	unsigned short sk_protocol;
} KERNEL;

struct socket {
	struct sock *sk;
} KERNEL;

/* What is the kernel's interface keeps its layout: a pointer takes 8 bytes on every machine. */
struct bpf_iter_meta {
	struct seq_file *seq;
	u64 session_id;
	u64 seq_num;
} KERNEL;

struct bpf_iter__task_file {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	u32 fd __attribute__((aligned(8)));
	struct file *file;
};

/* The functions of the kernel that programs may call have fixed numbers (linux/bpf.h). */
static long (*const probe_read_kernel)(void *into, u32 size, const void *from) = (void *)113;
static long (*const seq_write)(struct seq_file *seq, const void *data, u32 len) = (void *)127;
static struct task_struct *(*const current_task)(void) = (void *)158;
static struct socket *(*const sock_from_file)(struct file *file) = (void *)162;

/* The reader's PID namespace, which is at this level of the tree of namespaces. */
struct reader {
	u32 level;
	struct pid_namespace *ns;
};

/* The number of a process at a level, and the namespace it has it in. */
static __attribute__((always_inline)) int number_at(const struct pid *pid, u32 level, struct pid_namespace **ns)
{
	const u32 at = __builtin_preserve_field_info(pid->numbers, 0);
	const u32 step = __builtin_preserve_type_info(*(struct upid *)0, 1);
	const char *number = (const char *)pid + at + (u64)level * step;
	int nr = 0;

	probe_read_kernel(ns, sizeof(*ns), number + __builtin_preserve_field_info(((struct upid *)0)->ns, 0));
	probe_read_kernel(&nr, sizeof(nr), number + __builtin_preserve_field_info(((struct upid *)0)->nr, 0));
	return nr;
}

/* The process as the reader sees it; 0 where it does not. */
static __attribute__((always_inline)) u32 as_seen(const struct reader *reader, const struct task_struct *task)
{
	struct pid_namespace *ns = 0;
	const struct pid *pid;
	int nr;

	/* In the namespace the machine booted with, which sees all: most readers are there, and this is quick. */
	if (!reader->level)
		return task->tgid;
	pid = task->signal->pids[PIDTYPE_TGID];
	if (!pid || pid->level < reader->level)
		return 0;
	nr = number_at(pid, reader->level, &ns);
	return ns == reader->ns ? nr : 0;
}

/* What the reader's time namespace adds to the time since boot. */
static __attribute__((always_inline)) u64 boottime_offset(struct task_struct *reader)
{
	struct nsproxy *nsproxy = reader->nsproxy;
	struct time_namespace *time;

	if (!__builtin_preserve_field_info(nsproxy->time_ns, 2))
		return 0;
	time = nsproxy->time_ns;
	return time->offsets.boottime.tv_sec * NSEC_PER_SEC + time->offsets.boottime.tv_nsec;
}

/*
 * Whether the file is of no interest to a reader in a hurry: it is open in a process of another network namespace, and in
 * no other place. Such a file is most likely no socket of the reader's, and telling that takes a look at the socket, in
 * memory that is far away. If it is one after all, nobody else holds it: the reader finds nobody, and comes again with
 * time. So what a reader in a hurry is told of a socket is never less than the whole.
 */
static __attribute__((always_inline)) int is_others(struct file *file, const struct task_struct *task,
						    const struct task_struct *reader)
{
	const struct file___old *old = (const void *)file;

	if (task->nsproxy->net_ns == reader->nsproxy->net_ns)
		return 0;
	/* More than the threads of one process share this table (CLONE_FILES): each of them holds what is in it. */
	if (task->files->count.counter > task->signal->nr_threads)
		return 0;
	/* The walk itself holds the file too. */
	if (__builtin_preserve_field_info(file->f_ref, 2))
		return file->f_ref.refcnt.counter == 1;
	return __builtin_preserve_field_info(old->f_count, 2) && old->f_count.counter == 2;
}

/* Whether the socket may be in the reader's table. */
static __attribute__((always_inline)) int is_listed(const struct sock *sock, const struct task_struct *reader)
{
	unsigned short family = sock->__sk_common.skc_family;
	unsigned short protocol;

	if (family != AF_INET && family != AF_INET6)
		return 0;
	/* A kernel without network namespaces has one. */
	if (__builtin_preserve_field_info(sock->__sk_common.skc_net.net, 2) &&
	    sock->__sk_common.skc_net.net != reader->nsproxy->net_ns)
		return 0;
	protocol = sock->sk_protocol;
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP || protocol == IPPROTO_MPTCP;
}

SECTION("iter/task_file") int owners(struct bpf_iter__task_file *context)
{
	struct task_struct *task = context->task;
	struct file *file = context->file;
	struct owner_record record;
	struct reader reader = {};
	struct task_struct *current;
	struct socket *socket;
	struct sock *sock;

	/* The end of the walk has neither. */
	if (!task || !file)
		return 0;
	current = current_task();
	if (context->meta->seq->file->f_flags & O_NONBLOCK && is_others(file, task, current))
		return 0;
	socket = sock_from_file(file);
	if (!socket)
		return 0;
	sock = socket->sk;
	if (!sock || !is_listed(sock, current))
		return 0;

	reader.level = current->thread_pid->level;
	if (reader.level)
		number_at(current->thread_pid, reader.level, &reader.ns);

	record.tgid = as_seen(&reader, task);
	if (!record.tgid)
		return 0;
	record.parent = as_seen(&reader, task->group_leader->real_parent);
	record.fd = context->fd;
	record.inode = file->f_inode->i_ino;
	/* The rows of an MPTCP socket are those of its subflows, which have its inode and cookies of their own. */
	record.cookie = 0;
	if (sock->sk_protocol != IPPROTO_MPTCP)
		record.cookie = sock->__sk_common.skc_cookie.counter;
	record.start_boottime = task->group_leader->start_boottime + boottime_offset(current);
	seq_write(context->meta->seq, &record, sizeof(record));
	return 0;
}

SECTION("license") char licence[] = "Dual MIT/GPL";
