/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Who joined which multicast group of IP: a record for each membership of each socket in the network namespace of the reader,
 * and for each descriptor of it. The kernel lists how often an interface was joined to a group, and not by whom; only the
 * sockets know.
 *
 * The kernel hands the program every descriptor and holds its file meanwhile, so the socket stays. Its memberships are freed
 * when this program has been left, at the earliest.
 */
#include "program.h"
#include "groups.h"

#define NSEC_PER_SEC 1000000000LL

/* The memberships of one socket that are told: the kernel has a buffer of 32 KiB for one descriptor. Who joined more says
 * nothing of the rest. */
#define MOST 700
_Static_assert(MOST * sizeof(struct group_record) < 32 * 1024, "a descriptor says too much");

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

struct net;

struct nsproxy {
	struct net *net_ns;
	struct time_namespace *time_ns;
} KERNEL;

struct task_struct {
	int tgid;
	u64 start_boottime;
	struct task_struct *group_leader;
	struct nsproxy *nsproxy;
} KERNEL;

struct inode {
	unsigned long i_ino;
} KERNEL;

struct file {
	struct inode *f_inode;
	void *private_data;
} KERNEL;

typedef struct {
	struct net *net;
} KERNEL possible_net_t;

struct sock_common {
	u16 skc_family;
	possible_net_t skc_net;
} KERNEL;

struct sock {
	struct sock_common __sk_common;
} KERNEL;

struct socket {
	struct file *file;
	struct sock *sk;
} KERNEL;

/* A socket and its inode lie side by side. */
struct socket_alloc {
	struct socket socket;
	struct inode vfs_inode;
} KERNEL;

struct in_addr {
	u32 s_addr;
} KERNEL;

struct ip_mreqn {
	struct in_addr imr_multiaddr;
	int imr_ifindex;
} KERNEL;

struct ip_mc_socklist {
	struct ip_mc_socklist *next_rcu;
	struct ip_mreqn multi;
} KERNEL;

struct in6_addr {
	u32 words[4];
};

struct ipv6_mc_socklist {
	struct in6_addr addr;
	int ifindex;
	struct ipv6_mc_socklist *next;
} KERNEL;

struct ipv6_pinfo {
	struct ipv6_mc_socklist *ipv6_mc_list;
} KERNEL;

struct inet_sock {
	struct ipv6_pinfo *pinet6;
	struct ip_mc_socklist *mc_list;
} KERNEL;

struct seq_file;

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
	struct file *file __attribute__((aligned(8)));
};

/* The functions of the kernel that programs may call have fixed numbers (linux/bpf.h). */
static struct task_struct *(*const current_task)(void) = (void *)35;
static long (*const seq_write)(struct seq_file *seq, const void *data, u32 len) = (void *)127;

/* A socket whose memberships are gone through. */
struct search {
	struct seq_file *seq;
	const struct ip_mc_socklist *v4;
	const struct ipv6_mc_socklist *v6;
	struct group_record record;
};

/* Tells of the next membership, those of IPv4 first. */
static long tell(u32 index __attribute__((unused)), struct search *search)
{
	const struct ipv6_mc_socklist *v6;
	const struct ip_mc_socklist *v4;

	if (search->v4) {
		v4 = search->v4;
		search->v4 = READ(v4->next_rcu);
		search->record.family = AF_INET;
		search->record.interface = READ(v4->multi.imr_ifindex);
		__builtin_memset(search->record.group, 0, sizeof(search->record.group));
		probe_read_kernel(search->record.group, 4, &v4->multi.imr_multiaddr);
	} else if (search->v6) {
		v6 = search->v6;
		search->v6 = READ(v6->next);
		search->record.family = AF_INET6;
		search->record.interface = READ(v6->ifindex);
		probe_read_kernel(search->record.group, 16, &v6->addr);
	} else {
		return 1;
	}
	/* Where the buffer is full the kernel comes again with this descriptor. */
	return seq_write(search->seq, &search->record, sizeof(search->record)) != 0;
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

SECTION("iter/task_file") int groups(struct bpf_iter__task_file *context)
{
	const struct task_struct *current = current_task();
	struct task_struct *task = context->task;
	struct file *file = context->file;
	const struct socket_alloc *socket;
	const struct task_struct *leader;
	const struct nsproxy *reader;
	const struct ipv6_pinfo *of_v6;
	const struct inet_sock *inet;
	struct search search = {};
	const struct inode *inode;
	const struct sock *sock;
	u16 family;

	if (!task || !file)
		return 0;
	socket = READ(file->private_data);
	inode = READ(file->f_inode);
	/* A socket and its inode lie side by side, and it knows its file. */
	if (!socket || inode != &socket->vfs_inode || READ(socket->socket.file) != file)
		return 0;
	sock = READ(socket->socket.sk);
	if (!sock)
		return 0;
	family = READ(sock->__sk_common.skc_family);
	reader = READ(current->nsproxy);
	if (family != AF_INET && family != AF_INET6)
		return 0;
	/* A kernel without network namespaces has one. */
	if (IS_THERE(sock->__sk_common.skc_net.net) && READ(sock->__sk_common.skc_net.net) != READ(reader->net_ns))
		return 0;
	inet = (const void *)sock;
	search.v4 = READ(inet->mc_list);
	if (family == AF_INET6 && IS_THERE(inet->pinet6)) {
		of_v6 = READ(inet->pinet6);
		if (of_v6)
			search.v6 = READ(of_v6->ipv6_mc_list);
	}
	if (!search.v4 && !search.v6)
		return 0;
	leader = READ(task->group_leader);
	search.seq = context->meta->seq;
	search.record.tgid = READ(task->tgid);
	search.record.start_boottime = READ(leader->start_boottime) + boottime_offset(reader);
	search.record.inode = READ(socket->vfs_inode.i_ino);
	loop(MOST, tell, &search, 0);
	return 0;
}

SECTION("license") char licence[] = "Dual MIT/GPL";
