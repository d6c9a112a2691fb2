/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The structures of the kernel that recorder.bpf.c reads, as far as it does. */
#ifndef NETSTAT_RECORDER_KERNEL_H
#define NETSTAT_RECORDER_KERNEL_H

struct ns_common {
	u32 inum;
} KERNEL;

struct pid_namespace {
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
	/* PIDTYPE_TGID is 1. */
	struct pid *pids[4];
} KERNEL;

struct qstr {
	const unsigned char *name;
} KERNEL;

struct hlist_bl_node {
	struct hlist_bl_node **pprev;
} KERNEL;

struct dentry {
	struct hlist_bl_node d_hash;
	struct dentry *d_parent;
	struct qstr d_name;
} KERNEL;

struct vfsmount {
	struct dentry *mnt_root;
} KERNEL;

struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
} KERNEL;

struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
} KERNEL;

struct file {
	struct path f_path;
} KERNEL;

struct mm_struct {
	struct file *exe_file;
	unsigned long arg_start;
	unsigned long arg_end;
} KERNEL;

/* Before Linux 6.15. */
struct kernfs_node {
	const char *name;
	struct kernfs_node *parent;
} KERNEL;

/* Since then. What follows three underscores is no part of the name. */
struct kernfs_node___since_6_15 {
	struct kernfs_node *__parent;
} KERNEL;

struct cgroup {
	struct kernfs_node *kn;
} KERNEL;

struct css_set {
	struct cgroup *dfl_cgrp;
} KERNEL;

typedef struct {
	u32 val;
} KERNEL kuid_t;

struct cred {
	kuid_t euid;
} KERNEL;

struct task_struct {
	u32 flags;
	int tgid;
	u64 start_boottime;
	u32 self_exec_id;
	struct task_struct *group_leader;
	struct task_struct *real_parent;
	struct signal_struct *signal;
	struct mm_struct *mm;
	const struct cred *cred;
	struct css_set *cgroups;
	char comm[16];
} KERNEL;

struct net {
	struct ns_common ns;
} KERNEL;

typedef struct {
	struct net *net;
} KERNEL possible_net_t;

struct in6_addr {
	u32 words[4];
};

struct sock_common {
	u16 skc_family;
	u32 skc_daddr;
	u32 skc_rcv_saddr;
	u16 skc_dport;
	u16 skc_num;
	unsigned char skc_ipv6only : 1;
	unsigned long skc_flags;
	int skc_bound_dev_if;
	possible_net_t skc_net;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
} KERNEL;

struct socket;

struct sock {
	struct sock_common __sk_common;
	u16 sk_protocol;
	int sk_err;
	struct socket *sk_socket;
} KERNEL;

struct inet_sock {
	u16 inet_sport;
} KERNEL;

struct minmax_sample {
	u32 v;
} KERNEL;

struct minmax {
	struct minmax_sample s[3];
} KERNEL;

struct tcp_sock {
	u64 bytes_acked;
	u64 bytes_received;
	u32 total_retrans;
	u32 segs_out;
	u32 srtt_us;
	struct minmax rtt_min;
} KERNEL;

#endif
