// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd_doctor.c - can this machine be protected? One line per question, with
 * the next step where the answer is no. Looks, changes nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <linux/landlock.h>
#include <net/if.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/utsname.h>

#include "client.h"
#include "kern/genl.h"
#include "lib/file.h"
#include "sekimori/maps.h"

#define BPF_FS_KIND 0xcafe4a11
#define MTU_PLAIN   3498 /* one page less headroom and tail: above, the xdp.frags program is needed */

enum answer { ANSWER_OK, ANSWER_WARN, ANSWER_FAIL };

static int worst;
static json_t *answers;

__attribute__((format(printf, 3, 4))) static void tell(enum answer answer, const char *what,
						       const char *format, ...)
{
	static const char *const words[] = {
		[ANSWER_OK] = "ok", [ANSWER_WARN] = "warn", [ANSWER_FAIL] = "fail"};
	char text[512];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	if ((int)answer > worst)
		worst = answer;
	if (client.json)
		json_array_append_new(answers, json_pack("{s:s,s:s,s:s}", "answer", words[answer], "what",
							 what, "text", text));
	else
		printf("%-4s %-13s %s\n", words[answer], what, text);
}

static bool small_file(const char *path, char text[256])
{
	AUTO_FREE char *data = NULL;
	size_t len = 0;

	if (file_read(AT_FDCWD, path, 65536, &data, &len))
		return false;
	snprintf(text, 256, "%.*s", (int)strcspn(data, "\n"), data);
	return true;
}

static void doctor_kernel(void)
{
	struct utsname name;
	unsigned int major = 0, minor = 0;

	if (uname(&name) < 0 || sscanf(name.release, "%u.%u", &major, &minor) != 2)
		tell(ANSWER_WARN, "kernel", "its version cannot be read");
	else if (major < 6 || (major == 6 && minor < 1))
		tell(ANSWER_FAIL, "kernel", "%s is older than 6.1; boot a newer one", name.release);
	else
		tell(ANSWER_OK, "kernel", "%s", name.release);
}

static void doctor_capabilities(void)
{
	AUTO_FREE char *data = NULL;
	unsigned long long effective = 0;
	const unsigned long long need = 1ULL << 39 | 1ULL << 12; /* CAP_BPF, CAP_NET_ADMIN */
	const char *at;
	size_t len = 0;

	if (!file_read(AT_FDCWD, "/proc/self/status", 65536, &data, &len) && (at = strstr(data, "CapEff:")))
		effective = strtoull(at + 7, NULL, 16);
	if (geteuid())
		tell(ANSWER_FAIL, "privileges", "uid %u: the daemon must be started as root; try sudo",
		     (unsigned int)geteuid());
	else if ((effective & need) != need)
		tell(ANSWER_FAIL, "privileges",
		     "root without CAP_BPF or CAP_NET_ADMIN: a container? give it both");
	else
		tell(ANSWER_OK, "privileges", "CAP_BPF and CAP_NET_ADMIN");
}

static void doctor_bpf(void)
{
	struct statfs fs;
	char text[256];

	if (access("/sys/kernel/btf/vmlinux", R_OK))
		tell(ANSWER_FAIL, "BTF",
		     "/sys/kernel/btf/vmlinux is missing: the kernel needs CONFIG_DEBUG_INFO_BTF");
	else
		tell(ANSWER_OK, "BTF", "/sys/kernel/btf/vmlinux");
	if (statfs("/sys/fs/bpf", &fs) < 0 || (unsigned int)fs.f_type != BPF_FS_KIND)
		tell(ANSWER_WARN, "bpffs",
		     "not mounted at /sys/fs/bpf; the daemon mounts it, or: mount -t bpf bpf /sys/fs/bpf");
	else
		tell(ANSWER_OK, "bpffs", "/sys/fs/bpf");
	if (!small_file("/proc/sys/net/core/bpf_jit_enable", text))
		tell(ANSWER_WARN, "JIT", "/proc/sys/net/core/bpf_jit_enable cannot be read");
	else if (text[0] == '0')
		tell(ANSWER_WARN, "JIT", "off, packets are slow: sysctl net.core.bpf_jit_enable=1");
	else
		tell(ANSWER_OK, "JIT", "on");
	if (small_file("/proc/sys/kernel/unprivileged_bpf_disabled", text) && text[0] == '0')
		tell(ANSWER_WARN, "bpf(2)", "open to everybody: sysctl kernel.unprivileged_bpf_disabled=2");
	else
		tell(ANSWER_OK, "bpf(2)", "closed to ordinary users");
}

static void doctor_sandbox(void)
{
	static const char *const users[] = {"sekimori-ctl", "sekimori-reporter", "sekimori-engine",
					    "sekimori-parser"};
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	unsigned int found = 0;

	for (size_t i = 0; i < ARRAY_LEN(users); i++)
		found += getpwnam(users[i]) != NULL;
	if (found == ARRAY_LEN(users))
		tell(ANSWER_OK, "users", "all four exist");
	else
		tell(ANSWER_WARN, "users", "%u of 4 exist; fixed ids from 64710 on are used for the others",
		     found);
	if (abi > 0)
		tell(ANSWER_OK, "Landlock", "version %ld", abi);
	else
		tell(ANSWER_WARN, "Landlock",
		     "not in this kernel: children are held by seccomp and uid only");
}

static void doctor_object(void)
{
	char exe[PATH_MAX], beside[PATH_MAX + 64];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	if (n < 0)
		n = 0;
	exe[n] = '\0';
	snprintf(beside, sizeof(beside), "%s/%s", dirname(exe), SEKI_OBJECT);
	if (access(beside, R_OK)) /* a sanitizer build lies one folder deeper */
		snprintf(beside, sizeof(beside), "%s/../%s", exe, SEKI_OBJECT);
	if (access(beside, R_OK))
		snprintf(beside, sizeof(beside), "%s/../lib/sekimori/%s", exe, SEKI_OBJECT);
	if (access(beside, R_OK))
		snprintf(beside, sizeof(beside), "/usr/lib/sekimori/%s", SEKI_OBJECT);
	if (access(beside, R_OK))
		tell(ANSWER_FAIL, "program", "%s is missing: `make` builds it", SEKI_OBJECT);
	else
		tell(ANSWER_OK, "program", "%s", beside);
}

/* Asking for the family makes the kernel load a module that is installed. */
static void doctor_module(void)
{
	enum kmod_presence presence;
	struct kmod *kmod = NULL;
	struct kmod_info info;

	if (kmod_open(&kmod, &info, &presence))
		kmod = NULL;
	kmod_free(kmod);
	if (presence == KMOD_LOADED)
		tell(ANSWER_OK, "module", "sekimori.ko %s is loaded", info.version);
	else
		tell(presence == KMOD_ABSENT ? ANSWER_OK : ANSWER_WARN, "module", "%s%s%s: %s",
		     kmod_presence_name(presence), *info.version ? ", version " : "", info.version,
		     kmod_presence_text(presence));
}

static void doctor_iface(const char *name)
{
	char path[128], mtu[256], what[32];

	snprintf(what, sizeof(what), "%.15s", name);
	if (!if_nametoindex(name)) {
		tell(ANSWER_FAIL, what, "does not exist; `ip link` shows those that do");
		return;
	}
	snprintf(path, sizeof(path), "/sys/class/net/%.15s/mtu", name);
	if (!small_file(path, mtu))
		tell(ANSWER_WARN, what, "its MTU cannot be read: /sys is not that of this network namespace");
	else if (atoi(mtu) > MTU_PLAIN)
		tell(ANSWER_WARN, what,
		     "MTU %s: needs a driver with XDP multi-buffer (xdp.frags), else lower it to %d", mtu,
		     MTU_PLAIN);
	else
		tell(ANSWER_OK, what, "MTU %s", mtu);
	snprintf(path, sizeof(path), "/sys/class/net/%.15s/master", name);
	if (!access(path, F_OK))
		tell(ANSWER_WARN, what,
		     "is a port of a bond or bridge: see what `sekimori up` says about it");
}

static void doctor_daemon(void)
{
	AUTO_JSON json_t *status = NULL;
	const json_t *row;
	size_t i;

	if (!client_present()) {
		tell(ANSWER_WARN, "daemon",
		     "none serves instance %s (or it may not be asked): sekimori up --iface IF",
		     client.instance);
		return;
	}
	status = client_ask(json_pack("{s:s}", "command", "status"), -1);
	if (!client_ok(status)) {
		tell(ANSWER_FAIL, "daemon", "it does not answer: %s", client_text(status, "text"));
		return;
	}
	tell(ANSWER_OK, "daemon", "answers");
	json_array_foreach(json_object_get(status, "ifaces"), i, row)
	{
		if (!client_flag(row, "attached"))
			tell(ANSWER_FAIL, client_text(row, "name"),
			     "not attached (%s): `sekimori up` attaches it again", client_text(row, "hook"));
		else if (!strcmp(client_text(row, "xdp"), "generic"))
			tell(ANSWER_WARN, client_text(row, "name"),
			     "generic XDP: works, but after the network stack's own costs");
	}
	json_array_foreach(json_object_get(status, "processes"), i, row) if (!client_flag(row, "up"))
		tell(ANSWER_FAIL, "processes", "%s is down: see the daemon's log", client_text(row, "name"));
}

int cmd_doctor(int argc, char **argv)
{
	AUTO_JSON json_t *all = json_array();

	answers = all;
	if (argc != 1 && (argc != 3 || strcmp(argv[1], "--iface") != 0))
		return client_usage("doctor", "unexpected argument", argv[1]);
	doctor_kernel();
	doctor_capabilities();
	doctor_bpf();
	doctor_sandbox();
	doctor_object();
	doctor_module();
	if (argc == 3)
		doctor_iface(argv[2]);
	doctor_daemon();
	if (client.json)
		client_print_json(all);
	return worst == ANSWER_FAIL ? EXIT_FINDING : 0;
}
