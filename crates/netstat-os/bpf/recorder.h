/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What recorder.bpf.c writes to its ring buffer and crates/netstat-os/src/linux/events/records.rs reads, in the machine's order of bytes.
 * Recordings keep these bytes: another layout needs another question in crates/netstat-os/src/linux/source.rs.
 */
#ifndef NETSTAT_RECORDER_H
#define NETSTAT_RECORDER_H

/* The first byte of a record. */
enum record_kind {
	/* A connection or listener is open: struct end_record. */
	RECORD_OPENED = 1,
	/* It has ended: struct end_record. */
	RECORD_ENDED = 2,
	/* It ended before its owner was known, who is in this struct end_record, with the same cookie. */
	RECORD_OWNER = 3,
	/* A process that holds a connection: struct process_record. */
	RECORD_PROCESS = 4,
	/* One end of a connection has closed its direction: struct half_record. */
	RECORD_HALF = 5,
	RECORD_KINDS = 6,
};

/* Which end began the connection. */
enum end_role {
	ROLE_UNKNOWN = 0,
	ROLE_ACTIVE = 1,
	ROLE_PASSIVE = 2,
	ROLE_LISTENER = 3,
};

/* From what the owner is known. */
enum owner_source {
	OWNER_UNKNOWN = 0,
	/* It called connect() or listen(). */
	OWNER_MADE = 1,
	/* It closed the connection. */
	OWNER_CLOSED = 2,
};

enum end_flags {
	/* No process could hold the socket when it ended: nobody had accepted it, or everybody had let go of it. */
	END_HAD_NO_PROCESS = 1,
	/* The change of state to CLOSE was not seen, only that the socket was freed. The rest is as it was by then. */
	END_SEEN_LATE = 2,
	/* A RECORD_OWNER may follow. */
	END_OWNER_MAY_FOLLOW = 4,
	/* The remote end has closed its direction: its FIN counts as a byte received. */
	END_GOT_FIN = 8,
	/* An IPv6 socket that takes no IPv4. */
	END_IS_V6_ONLY = 16,
};

/* Times are nanoseconds since boot, those that are not known 0. */
struct end_record {
	unsigned char kind;
	unsigned char role;
	unsigned char owner_source;
	/* Who closed its direction first: 0 nobody, 1 the local end, 2 the remote one. */
	unsigned char first_fin;
	/* The state before, by the numbers of include/net/tcp_states.h. */
	unsigned char old_state;
	/* AF_INET or AF_INET6. */
	unsigned char family;
	unsigned char flags;
	unsigned char unused;
	unsigned long long cookie;
	unsigned long long started;
	unsigned long long established;
	unsigned long long fin_at;
	/* When this happened. */
	unsigned long long at;
	/* The process: when it started, in the initial time namespace; its ID in the recorder's PID namespace. */
	unsigned long long process_start;
	unsigned int tgid;
	/* How many programs the process and its ancestors had executed (self_exec_id). */
	unsigned int executions;
	unsigned int uid;
	/* The inode of the network namespace. */
	unsigned int network;
	unsigned long long bytes_sent;
	unsigned long long bytes_received;
	unsigned int retransmits;
	/* Microseconds. */
	unsigned int rtt;
	unsigned int min_rtt;
	/* The interface that the socket is bound to, which a link-local address needs. */
	unsigned int interface;
	unsigned short error;
	unsigned short local_port;
	unsigned short remote_port;
	/* A number of the name that the process had, as in struct process_record. */
	unsigned short name;
	/* Both addresses, 4 bytes each for AF_INET and 16 for AF_INET6: the record ends with them. */
	unsigned int addresses[8];
};

/* Bytes of an end_record without addresses. */
#define END_HEAD 112
_Static_assert(__builtin_offsetof(struct end_record, addresses) == END_HEAD, "the head of an end_record");

struct half_record {
	unsigned char kind;
	/* As in struct end_record. */
	unsigned char first_fin;
	unsigned char unused[6];
	unsigned long long cookie;
	unsigned long long at;
};

/* The longest path and the longest arguments that are told of. */
#define MOST_PATH 1024
#define MOST_CGROUP 1024
#define MOST_ARGUMENTS 256

enum process_flags {
	/* The path is longer than what is told of it. */
	PATH_IS_CUT = 1,
	CGROUP_IS_CUT = 2,
	/* The file that it runs has been deleted. */
	PATH_IS_DELETED = 4,
};

struct process_record {
	unsigned char kind;
	unsigned char flags;
	/* Bytes of each part of the text. */
	unsigned short path_length;
	unsigned short cgroup_length;
	unsigned short arguments_length;
	unsigned long long start;
	/* Another number where it has another name, but for one in 65,536: a process can give itself any name at any time. */
	unsigned short name;
	unsigned short unused[3];
	unsigned int tgid;
	unsigned int parent;
	unsigned int executions;
	unsigned int uid;
	char comm[16];
	/*
	 * The path of the executable, that of the control group, and the arguments, one after the other. A path is told from
	 * its last component to its first, each ended by a NUL.
	 */
	char text[MOST_PATH + MOST_CGROUP + MOST_ARGUMENTS + 256];
};

/* Bytes of a process_record without text. */
#define PROCESS_HEAD 56
_Static_assert(__builtin_offsetof(struct process_record, text) == PROCESS_HEAD, "the head of a process_record");

/* What the recorder wants. */
struct settings {
	/* The inode of its PID namespace; 0 for the one that the machine booted with. */
	unsigned int pid_namespace;
	/* Which programs these are: a recorder that finds those of another version does not go on with them. */
	unsigned int version;
	/* How many recorders went on with these: each is told of every process once more. */
	unsigned int round;
};

/* Numbers since the programs were loaded. */
struct counts {
	/* Ends whose begin was seen. */
	unsigned long long opened;
	/* Those of them that have ended. */
	unsigned long long ended;
	/* Ends that were there before, and have ended. */
	unsigned long long ended_of_before;
	/* Ends that were noticed only when the socket was freed. */
	unsigned long long seen_late;
	/* Ends that only the second copy of a program saw. */
	unsigned long long saved_by_second;
	/* Ends that the kernel had no memory to follow. */
	unsigned long long not_followed;
	/* Records of each kind that were told, and those that the ring buffer had no room for. */
	unsigned long long told[RECORD_KINDS];
	unsigned long long lost[RECORD_KINDS];
};

/* Each processor has counts of its own, shared with those whose number has the same remainder. */
#define COUNTERS 64

struct all_counts {
	struct counts of[COUNTERS];
};

#endif
