// SPDX-License-Identifier: GPL-2.0-or-later
/* misuse.c - what the verifier must refuse of calls into the module, and what it must take. */
#include "lib/kmod_world.h"

static const struct {
	const char *name;
	const char *words; /* of the verifier, any of them separated by '|'; NULL: it loads */
} programs[] = {
	{"right_xdp", NULL},
	{"right_tc", NULL},
	{"beyond_memory",
	 "invalid indirect access|invalid read from stack|invalid access|invalid write to stack"},
	{"unbounded_length", "unbounded memory access|R3 min value is negative|R3 unbounded"},
	{"no_context", "R1|arg#0"},
	{"no_memory", "R2|arg#1"},
	{"unchecked_packet", "invalid access to packet|R2 min value|R2 offset"},
	{"tc_call_in_xdp", "calling kernel function"},
	{"xdp_call_in_tc", "calling kernel function"},
	{"other_kind", "calling kernel function"},
};

static char heard[1 << 16];

static int hear(enum libbpf_print_level level, const char *format, va_list args)
{
	size_t at = strlen(heard);

	vsnprintf(heard + at, sizeof(heard) - at, format, args);
	return 0;
}

static bool says_one_of(const char *words)
{
	char copy[256], *save = NULL;

	snprintf(copy, sizeof(copy), "%s", words);
	for (char *one = strtok_r(copy, "|", &save); one; one = strtok_r(NULL, "|", &save))
		if (strstr(heard, one))
			return true;
	return false;
}

static void try_one(int i)
{
	char path[256];
	struct bpf_object *object;
	struct bpf_program *prog;
	int err;

	snprintf(path, sizeof(path), "%s/kmodtest/misuse.bpf.o", getenv("BUILD") ? getenv("BUILD") : "build");
	heard[0] = '\0';
	object = bpf_object__open(path);
	if (!CHECK(object, "%s", path))
		return;
	prog = bpf_object__find_program_by_name(object, programs[i].name);
	err = prog ? bpf_program__set_autoload(prog, true) : -ENOENT;
	if (!err)
		err = bpf_object__load(object);
	if (!programs[i].words)
		CHECK(!err, "%s", heard);
	else
		CHECK(err && says_one_of(programs[i].words), "%d: %s", err, heard);
	bpf_object__close(object);
}

/* ktap_run() runs them in order. */
static void next_program(void)
{
	static int next;

	try_one(next++);
}

static struct ktap_test tests[ARRAY_LEN(programs)];

int main(void)
{
	const char *skip = world_enter();

	if (skip) {
		printf("KTAP version 1\n1..0 # SKIP %s\n", skip);
		return 0;
	}
	libbpf_set_print(hear);
	for (size_t i = 0; i < ARRAY_LEN(tests); i++)
		tests[i] = (struct ktap_test){programs[i].name, next_program};
	return ktap_run(tests, ARRAY_LEN(tests));
}
