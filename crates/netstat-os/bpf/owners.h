/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * One socket descriptor, as owners.bpf.c writes it and crates/netstat-os/src/linux/bpf/records.rs reads it, in the machine's order of
 * bytes. Recordings keep these bytes: another layout needs another question in crates/netstat-os/src/linux/source.rs.
 *
 * A record of a process and no inode is of the descriptor of an io_uring, which may hold sockets that no descriptor leads to.
 *
 * The last record is of no process. All zero, it says that another walk has more to tell; with a descriptor, that io_urings were told
 * of. It is missing at the end of walks that do not tell of them.
 */
#ifndef NETSTAT_OWNERS_H
#define NETSTAT_OWNERS_H

struct owner_record {
	/* Nanoseconds from boot to the start of the process, in the reader's time namespace: field 22 of
	 * /proc/PID/stat before it is divided into clock ticks. */
	unsigned long long start_boottime;
	/* The socket's cookie; 0 where nobody asked for it yet, or where rows of the table have another. Where namespaces are asked
	 * for, the inode of the socket's network namespace; 0 where the descriptor is that of a namespace of any kind. */
	unsigned long long cookie;
	/* The socket's inode, in the 32 bits that sock_diag has for it; or that of the namespace. */
	unsigned int inode;
	/* The descriptor. */
	unsigned int fd;
	/* The process, in the reader's PID namespace. */
	unsigned int tgid;
	/* Its parent, likewise; 0 where the reader cannot see it. */
	unsigned int parent;
};

#endif
