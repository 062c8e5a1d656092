/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gate_world.h - a world of its own for a gate test: mount and network
 * namespace, fresh bpffs, all of it gone with the process.
 */
#ifndef SELFTESTS_GATE_WORLD_H
#define SELFTESTS_GATE_WORLD_H

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <net/if.h>
#include <bpf/bpf.h>

#include "kern/gate.h"
#include "lib/log.h"
#include "lib/ktap.h"

static char world_object[PATH_MAX];

/* $SEKI_OBJECT, else the object beside the build that this program belongs to. */
static inline bool world_object_find(void)
{
	static const char *const places[] = {"..", "../.."};
	const char *given = getenv("SEKI_OBJECT");
	char self[PATH_MAX], path[PATH_MAX + 64];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (given)
		return realpath(given, world_object);
	if (len < 0)
		return false;
	self[len] = '\0';
	*strrchr(self, '/') = '\0';
	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		snprintf(path, sizeof(path), "%s/%s/" SEKI_OBJECT, self, places[i]);
		if (realpath(path, world_object))
			return true;
	}
	return false;
}

/* NULL, or why there can be no such world here. */
static inline const char *world_enter(void)
{
	log_init("test", getenv("SEKI_TEST_DEBUG") ? LOG_LEVEL_DEBUG : LOG_LEVEL_ERROR);
	if (geteuid())
		return "needs root";
	if (!world_object_find())
		return "no " SEKI_OBJECT;
	if (unshare(CLONE_NEWNS | CLONE_NEWNET))
		return "cannot unshare namespaces";
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("bpf", "/sys/fs/bpf", "bpf", 0, NULL))
		return "cannot mount bpffs";
	return NULL;
}

#define WORLD_MAIN(tests)                                                                                    \
	int main(void)                                                                                       \
	{                                                                                                    \
		const char *refused = world_enter();                                                         \
		if (refused) {                                                                               \
			printf("KTAP version 1\n1..0 # SKIP %s\n", refused);                                 \
			return 0;                                                                            \
		}                                                                                            \
		return ktap_run(tests, sizeof(tests) / sizeof((tests)[0]));                                  \
	}

/* Runs a shell command quietly; true when it succeeded. */
static inline bool __attribute__((format(printf, 1, 2))) world_run(const char *format, ...)
{
	char command[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	strncat(command, getenv("SEKI_TEST_DEBUG") ? "" : " >/dev/null 2>&1",
		sizeof(command) - strlen(command) - 1);
	return system(command) == 0;
}

/* A small instance: tables as large as tests need. */
static inline int world_gate(const char *instance, const uint32_t *ifindexes, unsigned int count,
			     struct gate **gate, struct gate_why *why)
{
	struct gate_options options = {.object = world_object,
				       .instance = instance,
				       .ring_bytes = 65536,
				       .flow_entries = 1024,
				       .embryo_entries = 1024};

	return gate_open(&options, ifindexes, count, gate, why);
}

static inline bool world_pin_exists(const char *instance, const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), SEKI_PIN_ROOT "/%s/%s", instance, name);
	return !access(path, F_OK);
}

/* An XDP program that passes everything and is nobody's. */
static inline int world_foreign_prog(void)
{
	struct bpf_insn code[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = 2},
		{.code = BPF_JMP | BPF_EXIT},
	};

	return bpf_prog_load(BPF_PROG_TYPE_XDP, "stranger", "GPL", code, ARRAY_LEN(code), NULL);
}

#endif
