/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * One TCP socket of any network namespace, as everywhere.bpf.c writes it and crates/netstat-os/src/linux/bpf/everywhere_rows.rs
 * reads it, in the machine's order of bytes. Recordings keep these bytes: another layout needs another question in
 * crates/netstat-os/src/linux/source.rs.
 *
 * A row is this structure and the two addresses, the local one first: 4 bytes each for AF_INET and 16 for AF_INET6. Without
 * a family it says something of the walk instead, and has no addresses.
 */
#ifndef NETSTAT_EVERYWHERE_H
#define NETSTAT_EVERYWHERE_H

enum everywhere_note {
	/* The chain is told again from its begin: what was told of it is void. */
	CHAIN_AGAIN = 1,
	/* Another walk goes on from here: the chain, how many of its sockets were told of (inode), how often it changed (cookie). */
	MORE_TO_TELL = 2,
	/* The tables of this kernel are not known here. */
	NOT_KNOWN = 3,
	/* A chain could not be told as it is, because it changes too often, is too long or cannot be read: all is void. */
	GIVEN_UP = 4,
};

struct everywhere_row {
	/* The inode of the network namespace. */
	unsigned int net;
	/* The chain of the hash tables that has the socket. The sockets of a chain come one after the other. */
	unsigned int chain;
	/* From here on a struct tcp_head of tcp.h. */
	unsigned char family;
	unsigned char state;
	unsigned char flags;
	/* An enum everywhere_note where there is no family. */
	unsigned char note;
	unsigned int interface;
	unsigned int inode;
	unsigned short local_port;
	unsigned short remote_port;
	unsigned long long cookie;
};

_Static_assert(sizeof(struct everywhere_row) == 32, "the head of a row");

#endif
