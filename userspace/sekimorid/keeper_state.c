// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * keeper_state.c - what survives the daemon in its state folder: the confirmed
 * policy and the lists, as images that are checked before they are believed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "bundle.h"
#include "keeper.h"
#include "lib/file.h"
#include "lib/log.h"

static const char file_policy[] = "policy.image", file_runtime[] = "runtime.image",
		  file_compiled[] = "compiled.rules";

int keeper_state_path(const struct keeper *k, const char *file, char path[INSTANCE_PATH_MAX])
{
	int n = snprintf(path, INSTANCE_PATH_MAX, "%s/%s", k->state_dir, file);

	return n < 0 || n >= INSTANCE_PATH_MAX ? -ENAMETOOLONG : 0;
}

static int state_write(const struct keeper *k, const char *file, const void *data, size_t len)
{
	char path[INSTANCE_PATH_MAX];
	int err = keeper_state_path(k, file, path);

	if (!err)
		err = file_replace(AT_FDCWD, path, data, len, 0600);
	if (err)
		log_error("%s/%s: not saved: %s", k->state_dir, file, strerror(-err));
	return err;
}

static int state_policy_save(const struct keeper *k, const char *file, const struct policy *policy)
{
	AUTO_FREE void *image = NULL;
	size_t len = 0;
	int err = policy_pack(policy, &image, &len);

	return err ? err : state_write(k, file, image, len);
}

/* The runtime part always; the configuration only when it is not on probation. Its lists come first: the
 * image that names them is what a restart believes. */
int keeper_state_save_policy(struct keeper *k)
{
	const struct policy *before = k->before.base;
	int err;

	if (!k->now.runtime || k->pending_until)
		return 0;
	err = state_policy_save(k, file_runtime, k->now.runtime);
	if (err || !k->now.base)
		return err;
	err = keeper_list_state_config_save(k, k->now.base);
	if (!err)
		err = state_policy_save(k, file_policy, k->now.base);
	if (!err)
		keeper_list_state_config_tidy(k, k->now.base->lists_digest,
					      before ? before->lists_digest : 0);
	return err;
}

static int state_policy_load(struct keeper *k, const char *file, struct policy **out)
{
	char path[INSTANCE_PATH_MAX];
	AUTO_FREE char *data = NULL;
	const char *why = "";
	size_t len = 0;
	int err = keeper_state_path(k, file, path);

	if (!err)
		err = file_read(AT_FDCWD, path, POLICY_IMAGE_MAX, &data, &len);
	if (err == -ENOENT)
		return 0;
	if (!err)
		err = policy_unpack(data, len, out, &why);
	if (err)
		log_error("%s: %s (%s); nothing was changed. Move it away to go on without it: what is in "
			  "force stays "
			  "until `sekimori up` or `apply` names interfaces, allow entries and configuration "
			  "again",
			  path, *why ? why : strerror(-err), strerror(-err));
	return err;
}

int keeper_state_load(struct keeper *k)
{
	int err;

	if (mkdir(k->options.state_root, 0755) < 0 && errno != EEXIST)
		return -errno;
	if (mkdir(k->state_dir, 0700) < 0 && errno != EEXIST)
		return -errno;
	err = state_policy_load(k, file_policy, &k->now.base);
	if (!err)
		err = state_policy_load(k, file_runtime, &k->now.runtime);
	if (!err && !k->now.runtime)
		err = policy_default(&k->now.runtime);
	if (!err && k->now.base)
		err = list_limit(k->lists, k->now.base->list_entries);
	if (!err)
		err = keeper_list_state_load(k);
	if (!err && k->now.base)
		err = keeper_list_state_config_load(k, k->now.base, &k->now.lists);
	return err;
}

void keeper_state_forget(struct keeper *k)
{
	k->now.runtime->iface_count = 0;
	k->pending_until = 0;
	if (k->now.base)
		k->now.base->iface_count = 0;
	if (keeper_state_save_policy(k))
		log_error("the state folder still names interfaces");
}

void keeper_state_load_compiled(struct keeper *k)
{
	AUTO_FD int dir = open(k->state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const void *data;
	size_t len;
	int err;

	if (dir < 0 || file_map_own(dir, file_compiled, BUNDLE_MAX, &data, &len))
		return;
	err = file_seal("sekimori-compiled", data, len, &k->compiled);
	munmap((void *)data, len);
	if (err)
		k->compiled = -1;
}

void keeper_state_save_compiled(struct keeper *k)
{
	const void *data;
	size_t len;

	if (k->compiled < 0 || file_map_sealed(k->compiled, BUNDLE_MAX, &data, &len))
		return;
	if (state_write(k, file_compiled, data, len))
		log_warn("the next start compiles the rules again");
	munmap((void *)data, len);
}
