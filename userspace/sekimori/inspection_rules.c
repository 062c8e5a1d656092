// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * inspection_rules.c - what an inspection loads: rule files, the classification
 * beside them, and the data that they name.
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "data_file.h"
#include "inspection.h"
#include "lib/file.h"

#define RULES_BYTES_MAX (256u << 20)

static void on_refused(const char *file, unsigned int line, uint32_t sid, const char *keyword,
		       const char *why, void *arg)
{
	struct inspection *inspection = arg;

	inspection->refused++;
	fprintf(stderr, "%s:%u: ", file, line);
	if (sid)
		fprintf(stderr, "sid %u: ", sid);
	if (keyword && *keyword)
		fprintf(stderr, "%s: ", keyword);
	fprintf(stderr, "%s\n", why);
}

int inspection_load_file(struct inspection *inspection, const char *path, inspection_add_fn add)
{
	AUTO_FREE char *text = NULL;
	size_t len;
	int error = file_read(AT_FDCWD, path, RULES_BYTES_MAX, &text, &len);

	if (!error)
		error = add(inspection->builder, path, text, len, on_refused, inspection);
	if (error && error != -EINVAL) { /* -EINVAL: lines were refused and named, the others hold */
		fprintf(stderr, "%s: %s\n", path, strerror(-error));
		return error;
	}
	return 0;
}

int inspection_load_dataset(const char *rules, const char *name, char **text, size_t *len, void *arg)
{
	const struct inspection *inspection = arg;

	return data_file_read(rules, inspection->dataset_folder, name, text, len);
}

/* The classification that lies beside a rule file belongs to it. */
static int load_classification_beside(struct inspection *inspection, const char *rules)
{
	static const char name[] = "classification.config";
	const char *slash = strrchr(rules, '/');
	size_t dir_len = slash ? (size_t)(slash - rules) + 1 : 0;
	AUTO_FREE char *path = malloc(dir_len + sizeof(name));

	if (!path)
		return -ENOMEM;
	memcpy(path, rules, dir_len);
	memcpy(path + dir_len, name, sizeof(name));
	if (access(path, F_OK))
		return 0;
	return inspection_load_file(inspection, path, ruleset_add_classification);
}

/* Every file that pattern names; a pattern that names none is taken as a file, whose absence is then said. */
int inspection_load_rules(struct inspection *inspection, const char *pattern)
{
	glob_t found;
	int error = 0;

	inspection->rules_given = true;
	if (glob(pattern, GLOB_NOCHECK, NULL, &found))
		return -ENOMEM;
	for (size_t i = 0; i < found.gl_pathc && !error; i++) {
		error = load_classification_beside(inspection, found.gl_pathv[i]);
		if (!error)
			error = inspection_load_file(inspection, found.gl_pathv[i], ruleset_add_rules);
	}
	globfree(&found);
	return error;
}

int inspection_load_data(struct inspection *inspection)
{
	int error = 0;

	for (unsigned int i = 0; i < inspection->data_count && !error; i++) {
		AUTO_FREE char *text = NULL;
		size_t len;

		error = file_read(AT_FDCWD, inspection->data[i].path, RULES_BYTES_MAX, &text, &len);
		if (!error)
			error = ruleset_add_data(inspection->builder, inspection->data[i].kind,
						 inspection->data[i].path, text, len, on_refused, inspection);
		if (error == -EINVAL)
			error = 0; /* lines were refused and named, the others hold */
		if (error)
			fprintf(stderr, "%s: %s\n", inspection->data[i].path, strerror(-error));
	}
	return error;
}
