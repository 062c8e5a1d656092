// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sandbox.c - ids, capabilities, Landlock, seccomp; in that order.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/landlock.h>
#include <pwd.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/log.h"
#include "sandbox.h"

struct sandbox_call {
	uint32_t group;
	const char *name; /* resolved by name: some do not exist on every architecture */
};

static const struct sandbox_call allowed[] = {
	{SANDBOX_BASE, "read"},
	{SANDBOX_BASE, "readv"},
	{SANDBOX_BASE, "pread64"},
	{SANDBOX_BASE, "write"},
	{SANDBOX_BASE, "writev"},
	{SANDBOX_BASE, "close"},
	{SANDBOX_BASE, "fstat"},
	{SANDBOX_BASE, "newfstatat"},
	{SANDBOX_BASE, "lseek"},
	{SANDBOX_BASE, "fcntl"},
	{SANDBOX_BASE, "mmap"},
	{SANDBOX_BASE, "munmap"},
	{SANDBOX_BASE, "mremap"},
	{SANDBOX_BASE, "mprotect"},
	{SANDBOX_BASE, "madvise"},
	{SANDBOX_BASE, "brk"},
	{SANDBOX_BASE, "futex"},
	{SANDBOX_BASE, "sched_yield"},
	{SANDBOX_BASE, "sched_getaffinity"},
	{SANDBOX_BASE, "clock_gettime"},
	{SANDBOX_BASE, "clock_nanosleep"},
	{SANDBOX_BASE, "nanosleep"},
	{SANDBOX_BASE, "gettimeofday"},
	{SANDBOX_BASE, "time"},
	{SANDBOX_BASE, "getpid"},
	{SANDBOX_BASE, "gettid"},
	{SANDBOX_BASE, "getppid"},
	{SANDBOX_BASE, "getuid"},
	{SANDBOX_BASE, "geteuid"},
	{SANDBOX_BASE, "getrandom"},
	{SANDBOX_BASE, "epoll_create1"},
	{SANDBOX_BASE, "epoll_ctl"},
	{SANDBOX_BASE, "epoll_wait"},
	{SANDBOX_BASE, "epoll_pwait"},
	{SANDBOX_BASE, "poll"},
	{SANDBOX_BASE, "ppoll"},
	{SANDBOX_BASE, "timerfd_create"},
	{SANDBOX_BASE, "timerfd_settime"},
	{SANDBOX_BASE, "timerfd_gettime"},
	{SANDBOX_BASE, "signalfd4"},
	{SANDBOX_BASE, "sendmsg"},
	{SANDBOX_BASE, "recvmsg"},
	{SANDBOX_BASE, "sendto"},
	{SANDBOX_BASE, "recvfrom"},
	{SANDBOX_BASE, "rt_sigaction"},
	{SANDBOX_BASE, "rt_sigprocmask"},
	{SANDBOX_BASE, "rt_sigreturn"},
	{SANDBOX_BASE, "sigaltstack"},
	{SANDBOX_BASE, "restart_syscall"},
	{SANDBOX_BASE, "exit"},
	{SANDBOX_BASE, "exit_group"},
	{SANDBOX_BASE, "tgkill"},
	{SANDBOX_BASE, "rseq"},
	{SANDBOX_BASE, "set_robust_list"},
	{SANDBOX_BASE, "getrlimit"},
	{SANDBOX_BASE, "prlimit64"},
	{SANDBOX_BASE, "getrusage"},
	{SANDBOX_BASE, "sysinfo"},
	{SANDBOX_ACCEPT, "accept4"},
	{SANDBOX_MEMFD, "memfd_create"},
	{SANDBOX_NETWORK, "socket"},
	{SANDBOX_NETWORK, "socketpair"},
	{SANDBOX_NETWORK, "connect"},
	{SANDBOX_NETWORK, "bind"},
	{SANDBOX_NETWORK | SANDBOX_SERVE, "getsockname"},
	{SANDBOX_NETWORK | SANDBOX_SERVE, "getpeername"},
	{SANDBOX_NETWORK | SANDBOX_ACCEPT, "getsockopt"},
	{SANDBOX_NETWORK | SANDBOX_SERVE, "setsockopt"},
	{SANDBOX_NETWORK | SANDBOX_SERVE, "shutdown"},
	{SANDBOX_NETWORK, "sendmmsg"},
	{SANDBOX_NETWORK, "recvmmsg"},
	{SANDBOX_NETWORK | SANDBOX_SERVE, "clone"},
	{SANDBOX_NETWORK | SANDBOX_SERVE, "clone3"},
	{SANDBOX_NETWORK | SANDBOX_SERVE, "pipe2"},
	{SANDBOX_NETWORK | SANDBOX_SERVE, "eventfd2"},
	{SANDBOX_NETWORK, "ioctl"},
	{SANDBOX_NETWORK, "rt_sigpending"},
	{SANDBOX_NETWORK, "uname"},
	{SANDBOX_NETWORK, "getegid"},
	{SANDBOX_NETWORK, "getgid"},
	{SANDBOX_NETWORK, "statfs"},
	{SANDBOX_MEMFD | SANDBOX_FILES, "ftruncate"},
	{SANDBOX_FILES | SANDBOX_NETWORK, "open"},
	{SANDBOX_FILES | SANDBOX_NETWORK, "openat"},
	{SANDBOX_FILES | SANDBOX_NETWORK, "stat"},
	{SANDBOX_FILES | SANDBOX_NETWORK, "lstat"},
	{SANDBOX_FILES | SANDBOX_NETWORK, "access"},
	{SANDBOX_FILES | SANDBOX_NETWORK, "faccessat"},
	{SANDBOX_FILES | SANDBOX_NETWORK, "faccessat2"},
	{SANDBOX_FILES, "unlink"},
	{SANDBOX_FILES, "unlinkat"},
	{SANDBOX_FILES, "rename"},
	{SANDBOX_FILES, "renameat"},
	{SANDBOX_FILES, "renameat2"},
	{SANDBOX_FILES, "pwrite64"},
	{SANDBOX_FILES, "fsync"},
	{SANDBOX_FILES, "fdatasync"},
	{SANDBOX_FILES, "fallocate"},
	{SANDBOX_FILES, "fchmod"},
	{SANDBOX_FILES | SANDBOX_NETWORK, "getdents64"},
	{SANDBOX_FILES | SANDBOX_NETWORK, "readlink"},
	{SANDBOX_FILES, "getcwd"},
};

/* Calls that nobody makes by accident: the process ends at once. All else not allowed gets EPERM. */
static const char *const deadly[] = {
	"bpf",
	"ptrace",
	"process_vm_readv",
	"process_vm_writev",
	"execve",
	"execveat",
	"mount",
	"umount2",
	"unshare",
	"setns",
	"init_module",
	"finit_module",
	"delete_module",
	"kexec_load",
	"pivot_root",
	"userfaultfd",
	"perf_event_open",
	"add_key",
	"keyctl",
	"pidfd_getfd",
	"io_uring_setup",
};

unsigned int sandbox_landlock_abi(void)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	return abi > 0 ? (unsigned int)abi : 0;
}

/* What the resolver and the TLS library read; what is not there on this system is not needed on it. */
static void landlock_system(int ruleset)
{
	static const char *const places[] = {"/etc",	    "/usr", "/lib", "/lib64", "/run/systemd/resolve",
					     "/dev/urandom"};

	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		AUTO_FD int fd = open(places[i], O_PATH | O_CLOEXEC);
		struct landlock_path_beneath_attr below = {.allowed_access = LANDLOCK_ACCESS_FS_READ_FILE,
							   .parent_fd = fd};
		struct stat st;

		if (fd < 0 || fstat(fd, &st) < 0)
			continue;
		if (S_ISDIR(st.st_mode))
			below.allowed_access |= LANDLOCK_ACCESS_FS_READ_DIR;
		if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &below, 0) < 0)
			log_warn("%s: %s", places[i], strerror(errno));
	}
}

/* Handles every access that this kernel knows and grants none of them, but those below folder, and reading
 * below reads. */
static int sandbox_landlock(int folder, int reads, bool network)
{
	struct landlock_ruleset_attr attr = {0};
	unsigned int abi = sandbox_landlock_abi();
	size_t size = sizeof(attr.handled_access_fs);
	unsigned int bits = 13; /* ABI 1 */
	AUTO_FD int fd = -1;

	if (!abi)
		return 0; /* the keeper says so, once */
	if (abi >= 2)
		bits = 14; /* refer */
	if (abi >= 3)
		bits = 15; /* truncate */
	if (abi >= 5)
		bits = 16; /* ioctl on devices */
	attr.handled_access_fs = (1ULL << bits) - 1;
#ifdef LANDLOCK_ACCESS_NET_BIND_TCP
	if (abi >= 4 && !network) {
		attr.handled_access_net = LANDLOCK_ACCESS_NET_BIND_TCP | LANDLOCK_ACCESS_NET_CONNECT_TCP;
		size = offsetof(struct landlock_ruleset_attr, handled_access_net) +
		       sizeof(attr.handled_access_net);
	}
#endif
#ifdef LANDLOCK_SCOPE_SIGNAL
	if (abi >= 6) {
		attr.scoped = LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET | LANDLOCK_SCOPE_SIGNAL;
		size = offsetof(struct landlock_ruleset_attr, scoped) + sizeof(attr.scoped);
	}
#endif
	fd = (int)syscall(SYS_landlock_create_ruleset, &attr, size, 0);
	if (fd < 0)
		return -errno;
	if (folder >= 0) {
		struct landlock_path_beneath_attr below = {.allowed_access = attr.handled_access_fs,
							   .parent_fd = folder};

		if (syscall(SYS_landlock_add_rule, fd, LANDLOCK_RULE_PATH_BENEATH, &below, 0) < 0)
			return -errno;
	}
	if (reads >= 0) {
		struct landlock_path_beneath_attr below = {.allowed_access = LANDLOCK_ACCESS_FS_READ_FILE |
									     LANDLOCK_ACCESS_FS_READ_DIR,
							   .parent_fd = reads};

		if (syscall(SYS_landlock_add_rule, fd, LANDLOCK_RULE_PATH_BENEATH, &below, 0) < 0)
			return -errno;
	}
	if (network)
		landlock_system(fd);
	return syscall(SYS_landlock_restrict_self, fd, 0) < 0 ? -errno : 0;
}

static int sandbox_seccomp(uint32_t groups)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int err = filter ? 0 : -ENOMEM;

	for (size_t i = 0; !err && i < ARRAY_LEN(allowed); i++) {
		int nr = seccomp_syscall_resolve_name(allowed[i].name);

		if (nr != __NR_SCMP_ERROR && groups & allowed[i].group)
			err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, nr, 0);
	}
	for (size_t i = 0; !err && i < ARRAY_LEN(deadly); i++) {
		int nr = seccomp_syscall_resolve_name(deadly[i]);

		if (nr != __NR_SCMP_ERROR)
			err = seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, nr, 0);
	}
	if (!err)
		err = seccomp_load(filter);
	seccomp_release(filter);
	return err;
}

static int sandbox_ids(const struct sandbox *box)
{
	const struct passwd *pw = getpwnam(box->user);
	uid_t uid = pw ? pw->pw_uid : box->fallback;
	gid_t gid = pw ? pw->pw_gid : box->fallback;
	gid_t also = 0;

	if (!uid || !gid) {
		log_error("user %s is root: it must be an ordinary one", box->user);
		return -EPERM;
	}
	if (box->reads_as) {
		pw = getpwnam(box->reads_as);
		also = pw ? pw->pw_gid : box->reads_gid;
	}
	if (setgroups(also ? 1 : 0, &also) < 0 || setresgid(gid, gid, gid) < 0)
		return -errno;
	for (int cap = 0; cap_valid(cap); cap++)
		if (prctl(PR_CAPBSET_READ, cap) > 0 && prctl(PR_CAPBSET_DROP, cap) < 0)
			return -errno;
	if (setresuid(uid, uid, uid) < 0)
		return -errno;
	/* setresuid() emptied the sets; the dumpable flag would let processes of the same uid attach. */
	if (prctl(PR_SET_DUMPABLE, 0) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	return 0;
}

int sandbox_enter(const struct sandbox *box)
{
	int err = sandbox_ids(box);

	if (err) {
		log_error("cannot become user %s: %s", box->user, strerror(-err));
		return err;
	}
	err = sandbox_landlock(box->folder, box->reads, box->groups & SANDBOX_NETWORK);
	if (err) {
		log_error("Landlock refused: %s", strerror(-err));
		return err;
	}
	err = sandbox_seccomp(box->groups);
	if (err)
		log_error("seccomp refused: %s", strerror(-err));
	return err;
}

int sandbox_keeper(void)
{
	static const cap_value_t keep[] = {
		CAP_BPF,     CAP_NET_ADMIN, CAP_PERFMON, CAP_SYS_ADMIN,	   CAP_SETUID,	     CAP_SETGID,
		CAP_SETPCAP, CAP_KILL,	    CAP_CHOWN,	 CAP_DAC_OVERRIDE, CAP_SYS_RESOURCE,
	};
	cap_t caps;
	int err = 0;

	for (int cap = 0; cap_valid(cap); cap++) {
		bool wanted = false;

		for (size_t i = 0; i < ARRAY_LEN(keep); i++)
			wanted |= keep[i] == cap;
		if (!wanted && prctl(PR_CAPBSET_READ, cap) > 0 && prctl(PR_CAPBSET_DROP, cap) < 0)
			return -errno;
	}
	caps = cap_get_proc();
	if (!caps)
		return -errno;
	for (int cap = 0; !err && cap_valid(cap); cap++) {
		bool wanted = false;
		cap_value_t one = cap;

		for (size_t i = 0; i < ARRAY_LEN(keep); i++)
			wanted |= keep[i] == cap;
		if (wanted)
			continue;
		if (cap_set_flag(caps, CAP_EFFECTIVE, 1, &one, CAP_CLEAR) < 0 ||
		    cap_set_flag(caps, CAP_PERMITTED, 1, &one, CAP_CLEAR) < 0 ||
		    cap_set_flag(caps, CAP_INHERITABLE, 1, &one, CAP_CLEAR) < 0)
			err = -errno;
	}
	if (!err && cap_set_proc(caps) < 0)
		err = -errno;
	cap_free(caps);
	return err;
}
