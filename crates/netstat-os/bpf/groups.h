/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * One membership of a socket in a multicast group, as groups.bpf.c writes it and crates/netstat-os/src/linux/bpf/group_records.rs
 * reads it, in the machine's order of bytes. Recordings keep these bytes: another layout needs another question in
 * crates/netstat-os/src/linux/source.rs.
 */
#ifndef NETSTAT_GROUPS_H
#define NETSTAT_GROUPS_H

struct group_record {
	/* Nanoseconds from boot to the start of the process, in the reader's time namespace. */
	unsigned long long start_boottime;
	/* The process that has a descriptor of the socket. */
	unsigned int tgid;
	/* The socket's inode, in 32 bits. */
	unsigned int inode;
	unsigned int interface;
	/* AF_INET, whose group is in the first four bytes, or AF_INET6. */
	unsigned int family;
	unsigned char group[16];
};

_Static_assert(sizeof(struct group_record) == 40, "a record");

#endif
