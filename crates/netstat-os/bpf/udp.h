/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What udp.bpf.c keeps in its maps and crates/netstat-os/src/linux/events/flows.rs reads, in the machine's order of bytes. Records of processes are
 * those of recorder.h.
 */
#ifndef NETSTAT_UDP_H
#define NETSTAT_UDP_H

/* Who a socket of UDP talks to. */
struct flow_key {
	unsigned long long cookie;
	/* The remote address, 4 bytes of it for AF_INET, and its port. */
	unsigned int address[4];
	unsigned short port;
	unsigned short family;
	unsigned int unused;
};

enum flow_flags {
	/* The socket was connected to this address. */
	FLOW_IS_CONNECTED = 1,
	/* The first datagram was received. */
	FLOW_WAS_CALLED = 2,
	/* The socket was made while the programs ran, and its end will be told. */
	FLOW_SAW_MADE = 4,
};

/* What went between them, as the calls of the process tell. Times are nanoseconds since boot. */
struct flow {
	unsigned long long first;
	unsigned long long last;
	unsigned long long bytes_sent;
	unsigned long long bytes_received;
	/* Whose call the first one was, as in struct end_record. */
	unsigned long long process_start;
	unsigned int tgid;
	unsigned int executions;
	unsigned int uid;
	/* The inode of the network namespace. */
	unsigned int network;
	unsigned int interface;
	unsigned int flags;
	unsigned int local[4];
	unsigned short local_port;
	unsigned short name;
	unsigned int unused;
};

_Static_assert(sizeof(struct flow_key) == 32 && sizeof(struct flow) == 88, "the layouts in flows.rs");

enum flow_socket_flags {
	/* Something was received without asking from whom. */
	SOCKET_HEARD_NOBODY = 1,
};

/* A socket that has flows. */
struct flow_socket {
	/* When it was closed; 0 while it is open. */
	unsigned long long closed;
	unsigned long long flags;
};

/* Numbers since the programs were loaded. */
struct flow_counts {
	/* Datagrams of flows that there was no room for, or whose remote end could not be kept until the call was over. */
	unsigned long long lost;
	/* Records of processes that the ring buffer had no room for. */
	unsigned long long lost_processes;
	/* Connects that never left, likewise. */
	unsigned long long lost_connects;
};

#endif
