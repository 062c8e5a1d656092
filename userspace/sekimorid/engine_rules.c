// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * engine_rules.c - rules of an engine: built while packets go on being inspected, then taken or refused.
 */
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>

#include "bundle.h"
#include "engine_parts.h"
#include "lib/file.h"
#include "lib/log.h"
#include "process.h"
#include "rules_read.h"

#define HEAP_BLOCK_RULES   (128u << 10)
#define HEAP_BLOCK_PACKETS (4u << 20) /* what streams and bodies need again and again stays */

static void engine_refused(const char *file, unsigned int line, uint32_t sid, const char *keyword,
			   const char *why, void *arg)
{
	struct engine *e = arg;
	size_t left = sizeof(e->ready.text) - e->ready_len;
	int n;

	log_debug("%s:%u: sid %u: %s: %s", file, line, sid, keyword ? keyword : "", why);
	n = snprintf(e->ready.text + e->ready_len, left, "%s:%u: sid %u: %s%s%s\n", file, line, sid,
		     keyword ? keyword : "", keyword ? ": " : "", why);
	if (n < 0 || (size_t)n >= left)
		e->ready.text[e->ready_len] = '\0'; /* counted in failed */
	else
		e->ready_len += (size_t)n;
}

static int engine_compiled(const char *name, const void **image, size_t *len, void *arg)
{
	const struct engine *e = arg;

	if (!e->compiled)
		return -ENOENT;
	*image = e->compiled;
	*len = e->compiled_len;
	return 0;
}

/* Between two rule files: what the ring holds is inspected with the rules of before. */
static void engine_pause(void *arg)
{
	const struct engine *e = arg;

	if (e->inspector)
		engine_ring(arg);
}

/* While a set is made, blocks of its size come from the system one by one, and go back whole with it. */
static void engine_heap(size_t threshold)
{
	(void)mallopt(M_MMAP_THRESHOLD, (int)threshold);
}

static int engine_build(struct engine *e, const void *data, size_t len, struct ruleset **out)
{
	CLEANUP(ruleset_builder_free) struct ruleset_builder *builder = NULL;
	CLEANUP(ruleset_free) struct ruleset *set = NULL;
	struct ruleset_counts counts;
	uint64_t began = engine_now_us();
	char text[256] = "";
	int err;

	engine_heap(HEAP_BLOCK_RULES);
	err = ruleset_builder_new(&builder);
	if (!err && e->inspector)
		err = ruleset_set_previous(builder, inspector_rules(e->inspector));
	if (!err)
		err = rules_read(builder, e->policy, data, len, engine_refused, engine_pause, e);
	if (!err) {
		ruleset_set_cache(builder, engine_compiled, e);
		err = ruleset_build(builder, &set, text, sizeof(text));
		if (err)
			log_error("rules: %s", text);
	}
	engine_heap(HEAP_BLOCK_PACKETS);
	if (err)
		return err;
	ruleset_share_values(set, e->state.values);
	malloc_trim(0); /* the compiler needed more than what it made */
	ruleset_count(set, &counts);
	e->ready.loaded = counts.loaded;
	e->ready.failed = counts.failed;
	e->ready.skipped = counts.skipped;
	e->ready.cached = counts.cached;
	e->ready.load_ms = (uint32_t)((engine_now_us() - began) / 1000);
	log_info("%u rules loaded, %u refused, in %u ms%s", counts.loaded, counts.failed, e->ready.load_ms,
		 counts.cached ? ", compiled ahead" : "");
	*out = TAKE_PTR(set);
	return 0;
}

void engine_drop_compiled(struct engine *e)
{
	if (e->compiled)
		munmap((void *)e->compiled, e->compiled_len);
	e->compiled = NULL;
}

void engine_take_compiled(struct engine *e, int fd)
{
	int err;

	engine_drop_compiled(e);
	err = file_map_sealed(fd, BUNDLE_MAX, &e->compiled, &e->compiled_len);
	if (err) {
		e->compiled = NULL;
		log_warn("compiled rules not taken: %s", strerror(-err));
	}
}

void engine_rules(struct engine *e, int fd)
{
	CLEANUP(ruleset_free) struct ruleset *set = NULL;
	const struct inspector_ops ops = engine_ops(e);
	const void *data = NULL;
	struct rusage used;
	size_t len = 0;
	int err;

	memset(&e->ready, 0, sizeof(e->ready));
	e->ready_len = 0;
	err = e->policy ? file_map_sealed(fd, BUNDLE_MAX, &data, &len) : -EINVAL;
	if (!err)
		err = engine_build(e, data, len, &set);
	if (!err && e->inspector) {
		err = inspector_reload(e->inspector, set);
	} else if (!err) {
		/* What is protected runs Linux, as this host does. */
		static const struct overlap_hosts receivers = {.rows = {{.policy = OVERLAP_LINUX}},
							       .count = 1};
		struct inspector_options options = {
			.live = true,
			.hosts = &receivers,
			.verify_checksums = true,
			.flow_memory = e->policy->engine_memory,
			.tracker = e->state.counts,
			.depth = {e->policy->settings.depth[0], e->policy->settings.depth[1]},
		};

		if (getrandom(&options.seed, sizeof(options.seed), 0) != (ssize_t)sizeof(options.seed))
			err = -EIO;
		else
			err = inspector_new(&options, set, &ops, &e->inspector);
		if (!err)
			err = ring_watch_new(e->loop, PROCESS_FD_OWN, e->ring, ENGINE_BATCH, engine_ring, e,
					     &e->watch);
	}
	e->ready.result = err;
	if (data) {
		rules_digest(data, len, e->ready.digest);
		munmap((void *)data, len);
	}
	engine_drop_compiled(e);
	if (!getrusage(RUSAGE_SELF, &used))
		e->ready.peak_kib = (uint32_t)used.ru_maxrss;
	if (err)
		log_error("rules not taken: %s", strerror(-err));
	if (engine_send(PROCESS_FD_KEEPER, MESSAGE_READY, &e->ready, sizeof(e->ready)))
		loop_stop(e->loop, 1);
}
