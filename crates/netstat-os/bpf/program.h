/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What every program here needs. Only what is used of the kernel's structures is declared in each program: the kernel finds
 * the true offsets from its own type information when it loads the program, so that the result is the same on whatever
 * machine it was built. */
#ifndef NETSTAT_PROGRAM_H
#define NETSTAT_PROGRAM_H

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

#define KERNEL __attribute__((preserve_access_index))
#define SECTION(name) __attribute__((section(name), used))
#define INLINE static __attribute__((always_inline))

#define AF_INET 2
#define AF_INET6 10

#define IPPROTO_TCP 6
#define IPPROTO_UDP 17
#define IPPROTO_MPTCP 262

static long (*const probe_read_kernel)(void *into, u32 size, const void *from) = (void *)113;
static long (*const loop)(u32 times, void *call, void *with, u64 flags) = (void *)181;

/*
 * A field; 0 where its structure is not there. What is gone meanwhile may read as anything. The kernel checks a plain read
 * by a search of all its types, which takes a millisecond each.
 */
#define READ(field)                                                 \
	({                                                          \
		__typeof__(({ (field); })) value = 0;               \
		probe_read_kernel(&value, sizeof(value), &(field)); \
		value;                                              \
	})

#define IS_THERE(field) __builtin_preserve_field_info(field, 2)

/* How many bytes a field lies from the begin of its structure. */
#define PLACE(field) __builtin_preserve_field_info(field, 0)

#endif
