/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * One TCP socket, as tcp.bpf.c writes it and crates/netstat-os/src/linux/bpf/tcp_rows.rs reads it, in the machine's order of bytes.
 * Recordings keep these bytes: another layout needs another question in crates/netstat-os/src/linux/source.rs.
 *
 * A row is a struct tcp_head; where they are wanted a struct tcp_details and eight bytes for each wanted field of the course
 * of a connection, in the order of their bits, microseconds where they are durations and all ones where unknown; and the two
 * addresses, the local one first: 4 bytes each for AF_INET and 16 for AF_INET6.
 */
#ifndef NETSTAT_TCP_H
#define NETSTAT_TCP_H

/* What is wanted, fixed when the program is loaded: what is not wanted is then no part of it. */
struct tcp_settings {
	/* A bit for each field of the course of a connection: crates/netstat-model/src/tcp_fields.rs. */
	unsigned long long fields;
	/* A bit for each state, by the numbers of the kernel. */
	unsigned int states;
	/* Whether there are details. */
	unsigned int details;
	/* Whether ages are wanted among them. */
	unsigned int ages;
	/* Nanoseconds of a tick of the kernel's clock. */
	unsigned int tick;
};

enum tcp_flags {
	/* An IPv6 socket that takes no IPv4. */
	TCP_IS_V6_ONLY = 1,
	/* The fields of the course of a connection are filled in. */
	TCP_HAS_COURSE = 2,
};

struct tcp_head {
	/* AF_INET or AF_INET6. */
	unsigned char family;
	/* By the numbers of the kernel: 12 is a half-open request. */
	unsigned char state;
	unsigned char flags;
	/* The running timer, by the numbers of sock_diag; 0 without details. */
	unsigned char timer;
	/* The interface that the socket is bound to. */
	unsigned int interface;
	/* The inode in 32 bits, as sock_diag has it; 0 where no descriptor leads to the socket. */
	unsigned int inode;
	/* In the machine's order of bytes. */
	unsigned short local_port;
	/* In the order of the network. */
	unsigned short remote_port;
	unsigned long long cookie;
};

struct tcp_details {
	unsigned int uid;
	unsigned int recv_queue;
	unsigned int send_queue;
	/* Milliseconds until the timer goes off. */
	unsigned int expires;
	unsigned int mark;
	/* Milliseconds since the connection was established; all ones where unknown. */
	unsigned int age;
	/* The control group's ID; 0 where there is none. */
	unsigned long long cgroup;
	/* Retransmissions or probes before this timer. */
	unsigned char retransmits;
	unsigned char unused[7];
};

/* How many fields of the course of a connection there may be. */
#define MOST_FIELDS 41

_Static_assert(sizeof(struct tcp_settings) == 24, "the settings");
_Static_assert(sizeof(struct tcp_head) == 24, "the head of a row");
_Static_assert(sizeof(struct tcp_details) == 40, "the details of a row");

#endif
