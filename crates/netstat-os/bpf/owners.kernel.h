/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What owners.bpf.c uses of the kernel's structures. */
#ifndef NETSTAT_OWNERS_KERNEL_H
#define NETSTAT_OWNERS_KERNEL_H

#include "program.h"

/* enum pid_type. */
#define PIDTYPE_TGID 1
#define PIDTYPE_MAX 4

struct pid_namespace;

struct ns_common {
	unsigned int inum;
} KERNEL;

struct net {
	struct ns_common ns;
} KERNEL;

struct upid {
	int nr;
	struct pid_namespace *ns;
} KERNEL;

struct pid {
	u32 level;
	struct upid numbers[1];
} KERNEL;

struct signal_struct {
	struct pid *pids[PIDTYPE_MAX];
} KERNEL;

/* A table of descriptors. */
struct fdtable {
	u32 max_fds;
	struct file **fd;
} KERNEL;

struct files_struct {
	struct fdtable *fdt;
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

struct super_block {
	unsigned long s_magic;
} KERNEL;

struct inode {
	unsigned long i_ino;
	struct super_block *i_sb;
} KERNEL;

struct qstr {
	const unsigned char *name;
} KERNEL;

struct dentry {
	struct qstr d_name;
} KERNEL;

struct path {
	struct dentry *dentry;
} KERNEL;

typedef struct {
	long long counter;
} KERNEL atomic64_t;

struct file {
	struct path f_path;
	struct inode *f_inode;
	void *private_data;
	u32 f_flags;
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
	struct file *file;
	struct sock *sk;
} KERNEL;

/* A socket and its inode lie side by side. */
struct socket_alloc {
	struct socket socket;
	struct inode vfs_inode;
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

#endif
