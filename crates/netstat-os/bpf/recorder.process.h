/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What recorder.bpf.c and udp.bpf.c tell of a process. It uses the maps and the functions that are declared there. */
#ifndef NETSTAT_RECORDER_PROCESS_H
#define NETSTAT_RECORDER_PROCESS_H

/* A PID namespace is at most this deep, MAX_PID_NS_LEVEL. */
#define DEEPEST 32

/* The process as the recorder sees it; 0 where it does not. */
INLINE u32 as_seen(const struct task_struct *task)
{
	const struct signal_struct *signal;
	const struct settings *settings;
	u32 at, step, level, depth, zero = 0;
	const struct pid *pid;

	settings = map_lookup(&wishes, &zero);
	if (!settings)
		return 0;
	/* In the namespace the machine booted with, which sees all: most recorders are there. */
	if (!settings->pid_namespace)
		return READ(task->tgid);
	signal = READ(task->signal);
	pid = READ(signal->pids[1]);
	depth = READ(pid->level);
	at = PLACE(pid->numbers);
	step = __builtin_preserve_type_info(*(struct upid *)0, 1);
	for (level = 0; level <= DEEPEST; level++) {
		const struct upid *number = (const void *)((const char *)pid + at + level * step);
		const struct pid_namespace *ns;

		if (level > depth)
			break;
		ns = READ(number->ns);
		if (READ(ns->ns.inum) == settings->pid_namespace)
			return READ(number->nr);
	}
	return 0;
}

/* Returns the number of the name of a process. */
INLINE u16 number_of_name(const struct task_struct *leader)
{
	u64 name[2] = {};

	/* What is behind its end is of an earlier name. */
	probe_read_kernel_str(name, sizeof(name), &leader->comm);
	name[0] = name[0] * 0x9e3779b97f4a7c15 ^ name[1] * 0xc2b2ae3d27d4eb4f;
	return name[0] >> 48 ^ name[0] >> 24;
}

/* A path has no more components than this, or it is cut. */
#define MOST_COMPONENTS 64

/* A walk from the last component of a path to its first. */
struct walk {
	struct process_record *record;
	const struct dentry *dentry;
	const struct mount *mount;
	const struct kernfs_node *node;
	/* Where the next component goes. */
	u32 at;
	/* What the path may not go beyond. */
	u32 end;
	u32 is_whole;
};

/* Adds a component to the text. Answers whether there was room for it. */
INLINE int add_component(struct walk *walk, const void *name)
{
	u32 at = walk->at;
	long length;

	if (at >= walk->end || at > sizeof(walk->record->text) - 256)
		return 0;
	length = probe_read_kernel_str(walk->record->text + at, 256, name);
	if (length < 0)
		return 0;
	walk->at = at + length;
	return 1;
}

static long walk_path(u32 index __attribute__((unused)), struct walk *walk)
{
	const struct dentry *dentry = walk->dentry, *parent = READ(dentry->d_parent);

	if (dentry == READ(walk->mount->mnt.mnt_root) || dentry == parent) {
		const struct mount *above = READ(walk->mount->mnt_parent);

		if (above == walk->mount) {
			walk->is_whole = 1;
			return 1;
		}
		walk->dentry = READ(walk->mount->mnt_mountpoint);
		walk->mount = above;
		return 0;
	}
	walk->dentry = parent;
	return !add_component(walk, READ(dentry->d_name.name));
}

static long walk_cgroup(u32 index __attribute__((unused)), struct walk *walk)
{
	const struct kernfs_node___since_6_15 *newer = (const void *)walk->node;
	const struct kernfs_node *node = walk->node, *parent;

	parent = IS_THERE(newer->__parent) ? READ(newer->__parent) : READ(node->parent);
	if (!parent) {
		walk->is_whole = 1;
		return 1;
	}
	walk->node = parent;
	return !add_component(walk, READ(node->name));
}

/* Tells of the current process, and the number of its name. Answers whether there was room for it. */
__attribute__((noinline)) int tell_process(u32 program, u32 name)
{
	struct walk walk = {};
	const struct task_struct *task = current_task(), *leader = READ(task->group_leader), *parent;
	const struct mm_struct *mm = READ(leader->mm);
	struct process_record *record;
	const struct css_set *cgroups;
	const struct cgroup *cgroup;
	const struct cred *cred;
	const struct file *file;
	u64 from, length;

	record = map_lookup(&drafts, &program);
	if (!record)
		return 0;
	/* The main thread may have ended. */
	if (!mm)
		mm = READ(task->mm);
	parent = READ(leader->real_parent);
	cred = READ(task->cred);
	record->kind = RECORD_PROCESS;
	record->flags = 0;
	record->start = READ(leader->start_boottime);
	record->name = name;
	record->tgid = as_seen(task);
	record->parent = as_seen(parent);
	record->executions = READ(leader->self_exec_id);
	record->uid = READ(cred->euid.val);
	probe_read_kernel(record->comm, sizeof(record->comm), &leader->comm);

	walk.record = record;
	walk.end = MOST_PATH;
	file = READ(mm->exe_file);
	walk.dentry = READ(file->f_path.dentry);
	walk.mount = (const void *)((const char *)READ(file->f_path.mnt) - PLACE(walk.mount->mnt));
	if (walk.dentry && !READ(walk.dentry->d_hash.pprev))
		record->flags |= PATH_IS_DELETED;
	if (walk.dentry)
		loop(MOST_COMPONENTS, walk_path, &walk, 0);
	if (!walk.is_whole)
		record->flags |= PATH_IS_CUT;
	record->path_length = walk.at;

	walk.end = walk.at + MOST_CGROUP;
	walk.is_whole = 0;
	cgroups = READ(leader->cgroups);
	cgroup = READ(cgroups->dfl_cgrp);
	walk.node = READ(cgroup->kn);
	if (walk.node)
		loop(MOST_COMPONENTS, walk_cgroup, &walk, 0);
	if (!walk.is_whole)
		record->flags |= CGROUP_IS_CUT;
	record->cgroup_length = walk.at - record->path_length;

	record->arguments_length = 0;
	from = READ(mm->arg_start);
	length = READ(mm->arg_end) - from;
	if (length > MOST_ARGUMENTS)
		length = MOST_ARGUMENTS;
	/* Memory that is not there is not waited for. */
	if (walk.at <= sizeof(record->text) - MOST_ARGUMENTS &&
	    !probe_read_user(record->text + walk.at, length, (const void *)from))
		record->arguments_length = length;
	length = (u64)walk.at + record->arguments_length;
	if (length > sizeof(record->text))
		return 0;
	return tell(RECORD_PROCESS, record, PROCESS_HEAD + length);
}

#endif
