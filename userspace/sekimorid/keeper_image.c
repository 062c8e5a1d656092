// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * keeper_image.c - images of lists: mapped once, checked once, held by those who need them.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#include "keeper.h"
#include "lib/apart.h"
#include "lib/file.h"
#include "lib/pause.h"

struct opening {
	const void *data;
	size_t len;
	struct list_image *image;
	const char *why;
	int err;
};

static void opening_run(void *arg)
{
	struct opening *o = arg;

	o->err = list_image_open(o->data, o->len, o->image, &o->why);
}

/* Takes the mapping in any case. */
static int image_take(const void *data, size_t len, struct keeper_image **out, const char **why)
{
	struct keeper_image *image = calloc(1, sizeof(*image));
	struct opening opening = {
		.data = data, .len = len, .image = image ? &image->image : NULL, .why = "", .err = -ENOMEM};
	int err;

	if (image)
		pause_while(opening_run, &opening);
	*why = opening.why;
	err = opening.err;
	if (err) {
		munmap((void *)data, len);
		free(image);
		return err;
	}
	image->owners = 1;
	image->data = data;
	image->len = len;
	*out = image;
	return 0;
}

int keeper_image_sealed(int fd, struct keeper_image **out, const char **why)
{
	const void *data;
	size_t len;
	int err = file_map_sealed(fd, LIST_IMAGE_MAX, &data, &len);

	*why = "";
	return err ? err : image_take(data, len, out, why);
}

int keeper_image_file(const struct keeper *k, const char *file, struct keeper_image **out, const char **why)
{
	AUTO_FREE char *folder = strdup(file);
	char path[INSTANCE_PATH_MAX];
	char *slash = folder ? strrchr(folder, '/') : NULL;
	AUTO_FD int dir = -1;
	const void *data;
	size_t len;
	int err;

	*why = "";
	if (!folder)
		return -ENOMEM;
	if (slash)
		*slash = '\0';
	err = keeper_state_path(k, slash ? folder : ".", path);
	if (err)
		return err;
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return -errno;
	err = file_map_own(dir, slash ? slash + 1 : file, LIST_IMAGE_MAX, &data, &len);
	return err ? err : image_take(data, len, out, why);
}

struct keeper_image *keeper_image_share(struct keeper_image *image)
{
	if (image)
		image->owners++;
	return image;
}

void keeper_image_free(struct keeper_image *image)
{
	if (!image || --image->owners)
		return;
	apart_unmap(image->data, image->len);
	free(image);
}
