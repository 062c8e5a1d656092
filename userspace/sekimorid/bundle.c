// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * bundle.c - packing and walking bundles.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "bundle.h"
#include "lib/file.h"

static size_t bundle_pad(size_t len)
{
	return (len + 7) & ~(size_t)7;
}

void bundle_free(struct bundle *bundle)
{
	free(bundle->data);
	*bundle = (struct bundle){0};
}

int bundle_add(struct bundle *bundle, enum bundle_kind kind, uint32_t index, const char *name,
	       const void *data, size_t len)
{
	struct bundle_entry entry = {.kind = kind, .index = index, .len = len};
	size_t need;

	if (strlen(name) >= sizeof(entry.name))
		return -ENAMETOOLONG;
	if (len > BUNDLE_MAX || bundle->len + sizeof(entry) + bundle_pad(len) > BUNDLE_MAX)
		return -EFBIG;
	need = bundle->len + sizeof(entry) + bundle_pad(len);
	if (need > bundle->size) {
		size_t size = need + need / 2;
		char *grown = realloc(bundle->data, size);

		if (!grown)
			return -ENOMEM;
		bundle->data = grown;
		bundle->size = size;
	}
	memcpy(entry.name, name, strlen(name) + 1);
	memcpy(bundle->data + bundle->len, &entry, sizeof(entry));
	if (len)
		memcpy(bundle->data + bundle->len + sizeof(entry), data, len);
	memset(bundle->data + bundle->len + sizeof(entry) + len, 0, bundle_pad(len) - len);
	bundle->len = need;
	return 0;
}

int bundle_add_file(struct bundle *bundle, enum bundle_kind kind, uint32_t index, const char *path)
{
	AUTO_FREE char *text = NULL;
	struct stat st;
	size_t len = 0;
	int err;

	if (stat(path, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	err = file_read(AT_FDCWD, path, BUNDLE_MAX, &text, &len);
	if (err)
		return err;
	return bundle_add(bundle, kind, index, path, text, len);
}

int bundle_seal(const struct bundle *bundle, int *fd)
{
	return file_seal("sekimori-bundle", bundle->data ? bundle->data : "", bundle->len, fd);
}

uint64_t bundle_digest(const void *data, size_t len)
{
	const uint8_t *p = data;
	uint64_t hash = 0xcbf29ce484222325ULL;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ p[i]) * 0x100000001b3ULL;
	return hash;
}

int bundle_next(const void *data, size_t len, size_t *cursor, const struct bundle_entry **entry,
		const char **text)
{
	const struct bundle_entry *e;

	if (*cursor == len)
		return 0;
	if (len - *cursor < sizeof(*e))
		return -EBADMSG;
	e = (const struct bundle_entry *)((const char *)data + *cursor);
	if (e->kind >= BUNDLE_KIND_MAX || !memchr(e->name, '\0', sizeof(e->name)) ||
	    e->len > len - *cursor - sizeof(*e) || bundle_pad(e->len) > len - *cursor - sizeof(*e))
		return -EBADMSG;
	*entry = e;
	*text = (const char *)(e + 1);
	*cursor += sizeof(*e) + bundle_pad(e->len);
	return 1;
}
