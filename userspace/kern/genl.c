// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * genl.c - the module's generic netlink family, by libnl.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/utsname.h>

#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <nettle/sha2.h>

#include "gate_private.h"
#include "genl.h"
#include "lib/file.h"

#define ANSWER_SECONDS 10 /* a large table is digested and checked before its commit is answered */

struct kmod {
	struct nl_sock *socket;
	int family;
};

static void socket_free(struct nl_sock **socket)
{
	nl_socket_free(*socket);
}

static void message_free(struct nl_msg **msg)
{
	nlmsg_free(*msg);
}

#define AUTO_MSG __attribute__((cleanup(message_free))) struct nl_msg *

/* libnl's numbers as -errno, as far as a caller could act on them. */
static int nl_errno(int nle)
{
	switch (nle < 0 ? -nle : nle) {
	case 0:
		return 0;
	case NLE_NOMEM:
		return -ENOMEM;
	case NLE_PERM:
	case NLE_NOACCESS:
		return -EPERM;
	case NLE_OBJ_NOTFOUND:
		return -ENOENT;
	case NLE_AGAIN:
	case NLE_INTR:
		return -EAGAIN;
	case NLE_DUMP_INTR:
		return -EINTR;
	case NLE_MSG_TRUNC:
		return -EMSGSIZE;
	default:
		return -EIO;
	}
}

/* --- one request and its answers */

struct exchange {
	struct gate_why *why;
	void (*take)(const struct nlmsghdr *nlh, void *arg);
	void *arg;
	int result;
	bool done;
};

static int on_valid(struct nl_msg *msg, void *arg)
{
	struct exchange *x = arg;

	if (x->take)
		x->take(nlmsg_hdr(msg), x->arg);
	return NL_OK;
}

static int on_end(struct nl_msg *msg, void *arg)
{
	struct exchange *x = arg;

	x->done = true;
	return NL_STOP;
}

/* The module's own words stand behind the error (extack). */
static int on_error(struct sockaddr_nl *from, struct nlmsgerr *error, void *arg)
{
	const struct nlmsghdr *nlh = (const struct nlmsghdr *)((const char *)error - NLMSG_HDRLEN);
	size_t head = NLMSG_HDRLEN + sizeof(*error);
	struct exchange *x = arg;
	struct nlattr *text;

	x->result = error->error;
	x->done = true;
	why_set(x->why, 0, "the kernel module refuses: %s", strerror(-error->error));
	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS))
		return NL_STOP;
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED))
		head += error->msg.nlmsg_len > NLMSG_HDRLEN ? error->msg.nlmsg_len - NLMSG_HDRLEN : 0;
	if (head >= nlh->nlmsg_len)
		return NL_STOP;
	text = nla_find((struct nlattr *)(uintptr_t)((const char *)nlh + head), (int)(nlh->nlmsg_len - head),
			NLMSGERR_ATTR_MSG);
	if (text)
		why_set(x->why, 0, "the kernel module refuses: %.*s", nla_len(text), (char *)nla_data(text));
	return NL_STOP;
}

static int exchange_run(struct kmod *kmod, struct nl_msg *msg, struct exchange *x)
{
	struct nl_cb *cb = nl_cb_alloc(NL_CB_DEFAULT);
	int nle;

	if (!cb)
		return -ENOMEM;
	nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, on_valid, x);
	nl_cb_set(cb, NL_CB_FINISH, NL_CB_CUSTOM, on_end, x);
	nl_cb_set(cb, NL_CB_ACK, NL_CB_CUSTOM, on_end, x);
	nl_cb_err(cb, NL_CB_CUSTOM, on_error, x);
	nle = nl_send_auto(kmod->socket, msg);
	while (nle >= 0 && !x->done) {
		nle = nl_recvmsgs(kmod->socket, cb);
		if (x->done)
			break;
	}
	nl_cb_put(cb);
	if (x->done)
		return x->result;
	return why_set(x->why, nl_errno(nle), "the kernel module does not answer: %s", nl_geterror(nle));
}

static struct nl_msg *message_new(const struct kmod *kmod, enum seki_genl_cmd command, int flags, size_t room)
{
	struct nl_msg *msg = nlmsg_alloc_size(NLMSG_HDRLEN + GENL_HDRLEN + 256 + room);

	if (msg && !genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, kmod->family, 0, flags, (uint8_t)command,
				SEKI_GENL_VERSION)) {
		nlmsg_free(msg);
		return NULL;
	}
	return msg;
}

static void body(const struct nlmsghdr *nlh, const void **attrs, size_t *len)
{
	const struct genlmsghdr *head = nlmsg_data(nlh);

	*attrs = genlmsg_attrdata(head, 0);
	*len = (size_t)genlmsg_attrlen(head, 0);
}

/* Sends what was put together; full: an attribute did not fit, which is a mistake of this file. */
static int send_and_take(struct kmod *kmod, struct nl_msg *msg, bool full, struct exchange *x)
{
	if (!msg)
		return -ENOMEM;
	if (full)
		return -EMSGSIZE;
	return exchange_run(kmod, msg, x);
}

/* --- presence */

/* Anywhere below /lib/modules/RELEASE: DKMS, Debian and `make install` put it into different folders. */
static bool installed_in(int at, const char *name, int depth)
{
	AUTO_FD int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	int again = fd < 0 ? -1 : dup(fd);
	DIR *dir = again < 0 ? NULL : fdopendir(again);
	const struct dirent *entry;
	bool found = false;

	if (!dir && again >= 0)
		close(again);
	while (!found && dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		if (entry->d_type == DT_DIR && depth < 3)
			found = installed_in(fd, entry->d_name, depth + 1);
		else
			found = !strncmp(entry->d_name, "sekimori.ko", 11);
	}
	if (dir)
		closedir(dir);
	return found;
}

static bool installed(void)
{
	static const char *const folders[] = {"updates", "extra"};
	struct utsname name;
	char path[160];
	bool found = false;

	if (uname(&name) < 0)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
		snprintf(path, sizeof(path), "/lib/modules/%s/%s", name.release, folders[i]);
		found |= installed_in(AT_FDCWD, path, 0);
	}
	return found;
}

static bool file_says(const char *path, const char *word)
{
	AUTO_FREE char *data = NULL;
	size_t len;

	return !file_read(AT_FDCWD, path, 4096, &data, &len) && strstr(data, word);
}

static bool signature_needed(void)
{
	return file_says("/sys/module/module/parameters/sig_enforce", "Y") ||
	       file_says("/sys/kernel/security/lockdown", "[integrity]") ||
	       file_says("/sys/kernel/security/lockdown", "[confidentiality]");
}

/* --- opening */

static int socket_open(struct nl_sock **out)
{
	__attribute__((cleanup(socket_free))) struct nl_sock *socket = nl_socket_alloc();
	const struct timeval patience = {.tv_sec = ANSWER_SECONDS};
	int nle, fd, one = 1;

	if (!socket)
		return -ENOMEM;
	nle = genl_connect(socket);
	if (nle < 0)
		return nl_errno(nle);
	fd = nl_socket_get_fd(socket);
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) ||
	    setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one)) ||
	    setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof(one)) ||
	    setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &one, sizeof(one)) ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC))
		return -errno;
	nl_socket_enable_msg_peek(socket);
	*out = TAKE_PTR(socket);
	return 0;
}

static void take_info(const struct nlmsghdr *nlh, void *arg)
{
	const void *attrs;
	size_t len;

	body(nlh, &attrs, &len);
	kmod_info_parse(attrs, len, arg);
}

static int info_get(struct kmod *kmod, struct kmod_info *out)
{
	AUTO_MSG msg = message_new(kmod, SEKI_CMD_GET_INFO, 0, 0);
	struct exchange x = {.take = take_info, .arg = out};

	return send_and_take(kmod, msg, false, &x);
}

int kmod_open(struct kmod **out, struct kmod_info *info, enum kmod_presence *presence)
{
	CLEANUP(kmod_free) struct kmod *kmod = calloc(1, sizeof(*kmod));
	struct kmod_facts facts = {0};
	int err = kmod ? socket_open(&kmod->socket) : -ENOMEM;

	memset(info, 0, sizeof(*info));
	if (!err) {
		kmod->family = genl_ctrl_resolve(kmod->socket, SEKI_GENL_NAME);
		err = kmod->family < 0 ? nl_errno(kmod->family) : info_get(kmod, info);
	}
	facts.answers = !err;
	facts.denied = err == -EPERM;
	facts.genl_version = info->genl_version;
	facts.kfunc_abi = info->kfunc_abi;
	if (err) {
		facts.installed = installed();
		facts.signature_needed = signature_needed();
	}
	*presence = kmod_judge(&facts);
	if (err)
		return err;
	*out = TAKE_PTR(kmod);
	return 0;
}

void kmod_free(struct kmod *kmod)
{
	if (!kmod)
		return;
	nl_socket_free(kmod->socket);
	free(kmod);
}

/* --- tables */

int kmod_table_begin(struct kmod *kmod, enum seki_table_kind kind, uint64_t len,
		     const uint8_t digest[SEKI_DIGEST_BYTES], struct gate_why *why)
{
	AUTO_MSG msg = message_new(kmod, SEKI_CMD_TABLE_BEGIN, 0, 0);
	struct exchange x = {.why = why};
	bool full = msg && (nla_put_u32(msg, SEKI_A_KIND, kind) || nla_put_u64(msg, SEKI_A_SIZE, len) ||
			    nla_put(msg, SEKI_A_DIGEST, SEKI_DIGEST_BYTES, digest));

	return send_and_take(kmod, msg, full, &x);
}

int kmod_table_put(struct kmod *kmod, enum seki_table_kind kind, uint64_t offset, const void *chunk,
		   size_t len, struct gate_why *why)
{
	AUTO_MSG msg = message_new(kmod, SEKI_CMD_TABLE_PUT, 0, len);
	struct exchange x = {.why = why};
	bool full = msg && (nla_put_u32(msg, SEKI_A_KIND, kind) || nla_put_u64(msg, SEKI_A_OFFSET, offset) ||
			    nla_put(msg, SEKI_A_CHUNK, (int)len, chunk));

	return send_and_take(kmod, msg, full, &x);
}

static void take_serial(const struct nlmsghdr *nlh, void *arg)
{
	struct kmod_table table;
	const void *attrs;
	size_t len;

	body(nlh, &attrs, &len);
	kmod_table_parse(attrs, len, &table);
	*(uint64_t *)arg = table.serial;
}

int kmod_table_end(struct kmod *kmod, enum seki_table_kind kind, uint64_t *serial, struct gate_why *why)
{
	AUTO_MSG msg = message_new(kmod, SEKI_CMD_TABLE_COMMIT, 0, 0);
	struct exchange x = {.why = why, .take = take_serial, .arg = serial};

	return send_and_take(kmod, msg, msg && nla_put_u32(msg, SEKI_A_KIND, kind), &x);
}

int kmod_table_abort(struct kmod *kmod, enum seki_table_kind kind, struct gate_why *why)
{
	AUTO_MSG msg = message_new(kmod, SEKI_CMD_TABLE_ABORT, 0, 0);
	struct exchange x = {.why = why};

	return send_and_take(kmod, msg, msg && nla_put_u32(msg, SEKI_A_KIND, kind), &x);
}

int kmod_table_drop(struct kmod *kmod, enum seki_table_kind kind, const char *reason, struct gate_why *why)
{
	AUTO_MSG msg = message_new(kmod, SEKI_CMD_TABLE_DROP, 0, 0);
	struct exchange x = {.why = why};
	bool full =
		msg && (nla_put_u32(msg, SEKI_A_KIND, kind) || nla_put_string(msg, SEKI_A_REASON, reason));

	return send_and_take(kmod, msg, full, &x);
}

int kmod_table_commit(struct kmod *kmod, enum seki_table_kind kind, const void *table, size_t len,
		      uint64_t *serial, struct gate_why *why)
{
	uint8_t digest[SEKI_DIGEST_BYTES];
	struct sha256_ctx sha;
	int err;

	sha256_init(&sha);
	sha256_update(&sha, len, table);
	sha256_digest(&sha, sizeof(digest), digest);
	err = kmod_table_begin(kmod, kind, len, digest, why);
	for (size_t at = 0; !err && at < len; at += SEKI_CHUNK_BYTES) {
		size_t part = len - at < SEKI_CHUNK_BYTES ? len - at : SEKI_CHUNK_BYTES;

		err = kmod_table_put(kmod, kind, at, (const char *)table + at, part, why);
	}
	return err ? err : kmod_table_end(kmod, kind, serial, why);
}

static void take_nothing(const struct nlmsghdr *nlh, void *arg)
{
}

struct each_table {
	kmod_table_fn fn;
	void *arg;
};

static void take_table(const struct nlmsghdr *nlh, void *arg)
{
	const struct each_table *each = arg;
	struct kmod_table table;
	const void *attrs;
	size_t len;

	body(nlh, &attrs, &len);
	kmod_table_parse(attrs, len, &table);
	each->fn(&table, each->arg);
}

int kmod_table_each(struct kmod *kmod, kmod_table_fn fn, void *arg)
{
	AUTO_MSG msg = message_new(kmod, SEKI_CMD_GET_TABLE, NLM_F_DUMP, 0);
	struct each_table each = {.fn = fn, .arg = arg};
	struct exchange x = {.take = take_table, .arg = &each};

	return send_and_take(kmod, msg, false, &x);
}

/* --- guard */

int kmod_guard_set(struct kmod *kmod, uint32_t ifindex, uint32_t prog, const struct seki_guard_row *rows,
		   uint32_t count, struct gate_why *why)
{
	AUTO_MSG msg = message_new(kmod, SEKI_CMD_GUARD_SET, 0, count * sizeof(*rows));
	struct exchange x = {.why = why, .take = take_nothing};
	bool full =
		msg && (nla_put_u32(msg, SEKI_A_IFINDEX, ifindex) || nla_put_u32(msg, SEKI_A_PROG, prog) ||
			nla_put(msg, SEKI_A_ROWS, (int)(count * sizeof(*rows)), rows));

	return send_and_take(kmod, msg, full, &x);
}

int kmod_guard_clear(struct kmod *kmod, uint32_t ifindex, const char *reason, struct gate_why *why)
{
	AUTO_MSG msg = message_new(kmod, SEKI_CMD_GUARD_CLEAR, 0, 0);
	struct exchange x = {.why = why};
	bool full = msg &&
		    (nla_put_u32(msg, SEKI_A_IFINDEX, ifindex) || nla_put_string(msg, SEKI_A_REASON, reason));

	return send_and_take(kmod, msg, full, &x);
}

struct each_guard {
	kmod_guard_fn fn;
	void *arg;
};

static void take_guard(const struct nlmsghdr *nlh, void *arg)
{
	const struct each_guard *each = arg;
	struct kmod_guard guard;
	const void *attrs;
	size_t len;

	body(nlh, &attrs, &len);
	kmod_guard_parse(attrs, len, &guard);
	each->fn(&guard, each->arg);
}

int kmod_guard_each(struct kmod *kmod, kmod_guard_fn fn, void *arg)
{
	AUTO_MSG msg = message_new(kmod, SEKI_CMD_GET_GUARD, NLM_F_DUMP, 0);
	struct each_guard each = {.fn = fn, .arg = arg};
	struct exchange x = {.take = take_guard, .arg = &each};

	return send_and_take(kmod, msg, false, &x);
}

static void take_stats(const struct nlmsghdr *nlh, void *arg)
{
	const void *attrs;
	size_t len;

	body(nlh, &attrs, &len);
	kmod_stats_parse(attrs, len, arg);
}

int kmod_stats(struct kmod *kmod, uint64_t out[SEKI_STAT_MAX])
{
	AUTO_MSG msg = message_new(kmod, SEKI_CMD_GET_STATS, 0, 0);
	struct exchange x = {.take = take_stats, .arg = out};

	return send_and_take(kmod, msg, false, &x);
}
