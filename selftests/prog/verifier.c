/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * verifier - what each program costs the kernel's verifier, beside the
 * baseline. BASELINE=write rewrites the baseline: say in the commit why it rose.
 */
#include <sys/utsname.h>

#include "lib/bpftest.h"

#define BASELINE_FILE "selftests/baseline/verifier.tsv"
#define SLACK	      10 /* per cent */

static const char *const programs[] = {SEKI_PROG_XDP, SEKI_PROG_XDP_FRAGS, SEKI_PROG_TC, SEKI_PROG_CTL};

#define PROGRAMS ((int)(sizeof(programs) / sizeof(programs[0])))

static struct world world;

/* Instructions that the verifier walked through, 0 when the kernel does not tell (before 5.16). */
static unsigned int program_cost(int index)
{
	const int fds[] = {world.xdp, world.frags, world.tc, world.ctl};
	struct bpf_prog_info info = {0};
	__u32 size = sizeof(info);

	if (bpf_obj_get_info_by_fd(fds[index], &info, &size))
		world_die("info", programs[index], errno);
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

	if (!file) {
		fprintf(stderr, "%s: %s\n", BASELINE_FILE, strerror(errno));
		return 1;
	}
	fprintf(file, "# kernel %s\n", kernel_name());
	for (int i = 0; i < PROGRAMS; i++)
		fprintf(file, "%s\t%u\n", programs[i], program_cost(i));
	return fclose(file) ? 1 : 0;
}

static void cost_stays_near_the_baseline(void)
{
	if (!baseline_is_ours())
		SKIP("the baseline is of another kernel");
	for (int i = 0; i < PROGRAMS; i++) {
		unsigned int now = program_cost(i), base = baseline_read(programs[i]);

		if (!now)
			SKIP("the kernel does not tell verified instructions");
		printf("# %s: %u verified instructions, baseline %u\n", programs[i], now, base);
		CHECK(base, "%s has no line in " BASELINE_FILE, programs[i]);
		CHECK(now <= base + base / 100 * SLACK, "%s rose by more than %d %%", programs[i], SLACK);
	}
}

/* The limit of a privileged program is a million; half of it is the alarm. */
static void cost_stays_far_from_the_limit(void)
{
	for (int i = 0; i < PROGRAMS; i++)
		CHECK(program_cost(i) < 500000, "%s", programs[i]);
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
