// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * reload.c - memory of an engine that exchanges its rules some times: steady,
 * and at most while a child compiles and it reads the new set beside the old.
 * Arguments: rule files.
 */
#include <fcntl.h>
#include <malloc.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/bench.h"
#include "core/match/inspector.h"
#include "lib/file.h"

#define RELOADS 4u /* what one leaves behind the next one would show */

static const void *image;
static size_t image_len;

static int fetch(const char *name, const void **data, size_t *len, void *arg)
{
	*data = image;
	*len = image_len;
	return image ? 0 : -1;
}

static struct ruleset *build(int argc, char **argv, struct ruleset *previous)
{
	CLEANUP(ruleset_builder_free) struct ruleset_builder *builder = NULL;
	struct ruleset *set = NULL;
	char why[128];

	if (ruleset_builder_new(&builder) || ruleset_set_previous(builder, previous))
		exit(1);
	for (int i = 1; i < argc; i++) {
		AUTO_FREE char *text = NULL;
		size_t len;

		if (file_read(AT_FDCWD, argv[i], 256u << 20, &text, &len) ||
		    ruleset_add_rules(builder, argv[i], text, len, NULL, NULL))
			exit(1);
	}
	ruleset_set_cache(builder, fetch, NULL);
	if (ruleset_build(builder, &set, why, sizeof(why)))
		exit(1);
	malloc_trim(0);
	return set;
}

/* MiB of a row of /proc/self/status. */
static double memory(const char *row)
{
	AUTO_FREE char *text = NULL;
	size_t len;
	char *at;

	if (file_read(AT_FDCWD, "/proc/self/status", 65536, &text, &len))
		exit(1);
	at = strstr(text, row);
	return at ? strtod(at + strlen(row), NULL) / 1024 : 0;
}

/* As the daemon does it: a child reads and compiles, what it made comes back as sealed memory. Its peak in
 * MiB. */
static double compile_in_child(int argc, char **argv)
{
	int memfd = memfd_create("image", MFD_CLOEXEC);
	struct rusage used;
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		struct ruleset *set = build(argc, argv, NULL);
		void *data;
		size_t len;

		if (ruleset_cache_image(set, &data, &len) || write(memfd, data, len) != (ssize_t)len)
			_exit(1);
		_exit(0);
	}
	if (wait4(pid, &status, 0, &used) != pid || status)
		exit(1);
	image_len = (size_t)lseek(memfd, 0, SEEK_END);
	image = mmap(NULL, image_len, PROT_READ, MAP_SHARED, memfd, 0);
	return (double)used.ru_maxrss / 1024;
}

/* Exchanges *set, which the inspector has, for a new one of the same files. Memory before and at most, in
 * MiB. */
static void reload(int argc, char **argv, struct inspector *inspector, struct ruleset **set, double *before,
		   double *peak)
{
	CLEANUP(ruleset_free) struct ruleset *old = *set;
	int refs = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);

	*before = memory("VmRSS:");
	if (refs < 0 || write(refs, "5", 1) != 1)
		exit(1);
	close(refs);
	*set = build(argc, argv, old);
	if (inspector_reload(inspector, *set))
		exit(1);
	*peak = memory("VmHWM:");
}

int main(int argc, char **argv)
{
	const struct inspector_options options = {0};
	const struct inspector_ops ops = {0};
	CLEANUP(inspector_free) struct inspector *inspector = NULL;
	CLEANUP(ruleset_free) struct ruleset *set = NULL;
	double compiling, began, before, peak, steady = 0, most = 0, ratio = 0;

	mallopt(M_MMAP_THRESHOLD, 128 << 10); /* as the engine does */
	/* Before this process has grown: a real child begins with nothing of it. */
	compiling = compile_in_child(argc, argv);
	set = build(argc, argv, NULL);
	if (inspector_new(&options, set, &ops, &inspector))
		return 1;
	began = bench_now_ns();
	for (unsigned int i = 0; i < RELOADS; i++) {
		reload(argc, argv, inspector, &set, &before, &peak);
		steady = i ? steady : before;
		most = peak > most ? peak : most;
		ratio = peak / before > ratio ? peak / before : ratio;
	}
	bench_row("reload.engine_ms", (bench_now_ns() - began) / RELOADS / 1e6, -1, "");
	malloc_trim(0);
	bench_row("reload.steady_mib", steady, -1, "");
	bench_row("reload.steady_afterwards_mib", memory("VmRSS:"), -1, "");
	bench_row("reload.engine_peak_mib", most, -1, "");
	bench_row("reload.compiler_peak_mib", compiling, -1, "");
	bench_row("reload.engine_peak_of_steady_percent", 100 * ratio, -1, "");
	return 0;
}
