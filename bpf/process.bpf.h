/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * process.bpf.h - who is running right now: ids, names, the executable's
 * path and the cgroup, read from the task itself, so that a process that is
 * gone a millisecond later is known all the same.
 */
#ifndef BPF_PROCESS_H
#define BPF_PROCESS_H

#include <bpf/bpf_core_read.h>

#include "maps.bpf.h"

/* The few members that are read; libbpf finds their places in the running kernel. */
#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
struct qstr {
	const unsigned char *name;
};
struct dentry {
	struct dentry *d_parent;
	struct qstr d_name;
};
struct vfsmount {
	struct dentry *mnt_root;
};
struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
};
struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};
struct file {
	struct path f_path;
};
struct mm_struct {
	struct file *exe_file;
};
struct kernfs_node {
	const char *name;
};
struct cgroup;
struct cgroup_subsys_state {
	struct cgroup *cgroup;
	struct cgroup_subsys_state *parent;
};
struct cgroup {
	struct cgroup_subsys_state self;
	struct kernfs_node *kn;
};
struct css_set {
	struct cgroup *dfl_cgrp;
};
struct task_struct {
	int tgid;
	char comm[16];
	__u64 start_boottime;
	struct task_struct *real_parent;
	struct task_struct *group_leader;
	struct mm_struct *mm;
	struct css_set *cgroups;
};
#pragma clang attribute pop

#define PATH_STEPS 24 /* components and mount points on the way to the root */

/* Where a walk from an executable up to the root has come. */
struct path_walk {
	struct seki_process *process;
	struct dentry *at;
	struct vfsmount *on;
	__u32 names; /* noted so far */
};

/* One step up: a component is noted, a mount point is crossed. 1 ends the walk. */
static long path_step(__u32 round, struct path_walk *walk)
{
	struct dentry *at = walk->at, *up;
	struct vfsmount *on = walk->on;

	if (!at || !on)
		return 1;
	if (at == BPF_CORE_READ(on, mnt_root)) {
		struct mount *m = (void *)on - bpf_core_field_offset(struct mount, mnt);
		struct mount *parent = BPF_CORE_READ(m, mnt_parent);

		walk->at = BPF_CORE_READ(m, mnt_mountpoint);
		walk->on = (void *)parent + bpf_core_field_offset(struct mount, mnt);
		return parent == m;
	}
	up = BPF_CORE_READ(at, d_parent);
	if (up == at || walk->names >= SEKI_PROCESS_PATH)
		return 1;
	bpf_probe_read_kernel_str(walk->process->path[walk->names], SEKI_PROCESS_NAME,
				  BPF_CORE_READ(at, d_name.name));
	walk->names++;
	walk->at = up;
	return 0;
}

/*
 * Leaf first. Longer paths lose their beginning; the reader of the record
 * sees that no empty component ends them. By bpf_loop(): written out, the
 * steps cost the verifiers before 6.18 more than they allow a program.
 */
static __always_inline void process_path(struct seki_process *p, struct file *exe)
{
	struct path_walk walk = {
		.process = p,
		.at = BPF_CORE_READ(exe, f_path.dentry),
		.on = BPF_CORE_READ(exe, f_path.mnt),
	};

	bpf_loop(PATH_STEPS, path_step, &walk, 0);
}

static __always_inline void process_cgroup(struct seki_process *p, struct task_struct *task)
{
	struct cgroup *at = BPF_CORE_READ(task, cgroups, dfl_cgrp);

	for (int i = 0; i < SEKI_PROCESS_CGROUPS; i++) {
		struct cgroup_subsys_state *up;

		if (!at)
			return;
		up = BPF_CORE_READ(at, self.parent);
		if (!up)
			return; /* the root, whose name is "/" */
		bpf_probe_read_kernel_str(p->cgroup[i], SEKI_PROCESS_CGROUP, BPF_CORE_READ(at, kn, name));
		at = BPF_CORE_READ(up, cgroup);
	}
}

/* p is zeroed memory that is this socket's alone. */
static __always_inline void process_read(struct seki_process *p, __u64 cookie, __u32 way)
{
	struct task_struct *task = (void *)bpf_get_current_task(), *leader, *parent;
	__u64 ids = bpf_get_current_pid_tgid(), owner = bpf_get_current_uid_gid();
	struct file *exe;

	leader = BPF_CORE_READ(task, group_leader);
	parent = BPF_CORE_READ(leader, real_parent);
	p->socket = cookie;
	p->cgroup_id = bpf_get_current_cgroup_id();
	p->start_ns = BPF_CORE_READ(leader, start_boottime);
	p->pid = ids >> 32;
	p->tid = (__u32)ids;
	p->ppid = BPF_CORE_READ(parent, tgid);
	p->uid = (__u32)owner;
	p->gid = owner >> 32;
	p->way = way;
	bpf_probe_read_kernel_str(p->comm, sizeof(p->comm), leader->comm);
	bpf_probe_read_kernel_str(p->parent, sizeof(p->parent), parent->comm);
	exe = BPF_CORE_READ(task, mm, exe_file);
	if (exe)
		process_path(p, exe);
	process_cgroup(p, task);
}

#endif
