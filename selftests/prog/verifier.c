/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * verifier - what each program costs the kernel's verifier, beside the
 * baseline. BASELINE=write rewrites the baseline: say in the commit why it rose.
 */
#include <sys/utsname.h>

#include "lib/bpftest.h"

#define BASELINE_FILE "selftests/baseline/verifier.tsv"
#define SLACK	      10 /* per cent */

static struct world world;

/* Instructions that the verifier walked through; 0 when it is not loaded, or the kernel does not tell
 * (before 5.16). */
static unsigned int program_cost(const struct bpf_program *program)
{
	struct bpf_prog_info info = {0};
	__u32 size = sizeof(info);
	int fd = bpf_program__fd(program);

	if (fd < 0)
		return 0;
	if (bpf_obj_get_info_by_fd(fd, &info, &size))
		world_die("info", bpf_program__name(program), errno);
	return info.verified_insns;
}

/* "6.18": the verifier's ways differ between kernels, so the baseline names the one it was written on. */
static const char *kernel_name(void)
{
	static struct utsname host;
	char *dot;

	if (uname(&host))
		return "unknown";
	dot = strchr(host.release, '.');
	if (dot)
		dot[1 + strspn(dot + 1, "0123456789")] = 0;
	return host.release;
}

/* Whether the baseline was written on this kernel; true as well when there is none. */
static bool baseline_is_ours(void)
{
	FILE *file = fopen(BASELINE_FILE, "re");
	char kernel[64] = "";
	bool ours;

	if (!file)
		return true;
	ours = fscanf(file, "# kernel %63s", kernel) != 1 || !strcmp(kernel, kernel_name());
	fclose(file);
	return ours;
}

/* The program's line in the baseline, 0 when it has none. */
static unsigned int baseline_read(const char *program)
{
	char line[256], name[128];
	unsigned int cost, found = 0;
	FILE *file = fopen(BASELINE_FILE, "re");

	if (!file)
		return 0;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "%127[^\t]\t%u", name, &cost) == 2 && !strcmp(name, program))
			found = cost;
	fclose(file);
	return found;
}

static int baseline_write(void)
{
	FILE *file = fopen(BASELINE_FILE, "we");
	struct bpf_program *program;

	if (!file) {
		fprintf(stderr, "%s: %s\n", BASELINE_FILE, strerror(errno));
		return 1;
	}
	fprintf(file, "# kernel %s\n", kernel_name());
	bpf_object__for_each_program(program, world.object)
		fprintf(file, "%s\t%u\n", bpf_program__name(program), program_cost(program));
	return fclose(file) ? 1 : 0;
}

static void cost_stays_near_the_baseline(void)
{
	struct bpf_program *program;

	if (!baseline_is_ours())
		SKIP("the baseline is of another kernel");
	bpf_object__for_each_program(program, world.object)
	{
		const char *name = bpf_program__name(program);
		unsigned int now = program_cost(program), base = baseline_read(name);

		printf("# %s: %u verified instructions, baseline %u\n", name, now, base);
		CHECK(base, "%s has no line in " BASELINE_FILE, name);
		CHECK(now <= base + base / 100 * SLACK, "%s rose by more than %d %%", name, SLACK);
	}
}

/* The limit of a privileged program is a million; half of it is the alarm. */
static void cost_stays_far_from_the_limit(void)
{
	struct bpf_program *program;
	unsigned int told = 0;

	bpf_object__for_each_program(program, world.object)
	{
		const char *name = bpf_program__name(program);
		unsigned int now = program_cost(program);

		printf("# %s: %u verified instructions\n", name, now);
		CHECK(now < 500000, "%s", name);
		told |= now;
	}
	if (!told)
		SKIP("the kernel does not tell verified instructions");
}

static const struct ktap_test tests[] = {
	TEST(cost_stays_near_the_baseline),
	TEST(cost_stays_far_from_the_limit),
};

int main(void)
{
	const char *mode = getenv("BASELINE");
	int result;

	if (world_missing())
		return ktap_skip_all(world_missing());
	world_open(&world, NULL);
	if (mode && !strcmp(mode, "write"))
		result = baseline_write();
	else
		result = ktap_run(tests, sizeof(tests) / sizeof(tests[0]));
	world_close(&world);
	return result;
}
