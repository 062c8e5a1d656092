/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * list_judge.h - packets through the pinned program of an instance, judged by their source: for tests in
 * which the list changes meanwhile.
 */
#ifndef SELFTESTS_LIST_JUDGE_H
#define SELFTESTS_LIST_JUDGE_H

#include <arpa/inet.h>
#include <glob.h>

#include "prog/gate_world.h"

/*
 * The i-th prefix of one of four kinds (0 to 3), which are neighbours of each other: hosts and networks of
 * both families.
 */
static inline struct seki_lpm judge_key(uint32_t kind, uint32_t i)
{
	struct seki_lpm key = {.prefixlen = 128};

	if (i % 3 == 0) {
		key.addr.w[0] = htonl(0x20010db8);
		key.addr.w[1] = htonl(i);
		key.addr.w[3] = htonl(kind);
		return key;
	}
	key.addr.b[10] = key.addr.b[11] = 0xff;
	key.addr.w[3] = htonl(0x0a000000 + i * 64 + kind * 16 + (i % 3 == 2 ? 0 : 5));
	if (i % 3 == 2)
		key.prefixlen = 96 + 28;
	return key;
}

static inline struct gate_list_row judge_row(uint32_t kind, uint32_t i)
{
	return (struct gate_list_row){judge_key(kind, i), {.list = kind, .flags = SEKI_ENTRY_SRC}};
}

/* Is a packet that comes in at the interface from there dropped? It asks the program itself. ifindex 0: at 1.
 */
static inline bool judge_drops_at(int prog, uint32_t ifindex, const struct seki_addr *source)
{
	uint8_t frame[14 + 40 + 8 + 8] = {0};
	bool four = source->w[2] == htonl(0xffff) && !source->w[0];
	struct xdp_md context = {.data_end = sizeof(frame), .ingress_ifindex = ifindex};
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = frame, .data_size_in = sizeof(frame), .repeat = 1,
		    .ctx_in = ifindex ? &context : NULL, .ctx_size_in = ifindex ? sizeof(context) : 0);

	frame[12] = four ? 0x08 : 0x86;
	frame[13] = four ? 0x00 : 0xdd;
	if (four) {
		static const uint8_t head[20] = {0x45, 0, 0, 56, 0, 0, 0,   0, 64, 17,
						 0,    0, 0, 0,	 0, 0, 192, 0, 2,  10};

		memcpy(frame + 14, head, sizeof(head));
		memcpy(frame + 26, &source->w[3], 4);
		frame[14 + 20 + 5] = 36;
	} else {
		frame[14] = 0x60;
		frame[14 + 5] = 16;
		frame[14 + 6] = 17;
		frame[14 + 7] = 64;
		memcpy(frame + 22, source, 16);
		frame[38] = 0x20;
		frame[39] = 0x01;
		frame[14 + 40 + 5] = 16;
	}
	return !bpf_prog_test_run_opts(prog, &run) && run.retval == 1;
}

static inline bool judge_drops(int prog, const struct seki_addr *source)
{
	return judge_drops_at(prog, 0, source);
}

/* An address of the i-th prefix; of a network the last one. */
static inline bool judge_drops_key(int prog, uint32_t kind, uint32_t i)
{
	struct seki_lpm key = judge_key(kind, i);

	key.addr.b[15] |= key.prefixlen < 128 ? 3 : 0;
	return judge_drops(prog, &key.addr);
}

/* The instance's packet program, -1: none. The pin's name ends with the object's digest. */
static inline int judge_prog(const char *instance)
{
	glob_t found = {0};
	char pattern[256];
	int prog = -1;

	snprintf(pattern, sizeof(pattern), SEKI_PIN_ROOT "/%s/" SEKI_PROG_XDP "_????????????????", instance);
	if (!glob(pattern, 0, NULL, &found))
		prog = bpf_obj_get(found.gl_pathv[0]);
	globfree(&found);
	return prog;
}

/* A small instance that enforces on one interface. */
static inline bool judge_world(const char *instance, struct gate **gate, struct gate_why *why, int *prog)
{
	struct seki_settings settings = {.rate = 0};
	struct seki_iface_key key = {.ifindex = 1};
	struct seki_iface row = {.role = SEKI_ROLE_WAN, .mode = SEKI_MODE_ENFORCE};

	if (!CHECK(!world_gate(instance, NULL, 0, gate, why), "%s", why->text))
		return false;
	*prog = judge_prog(instance);
	return CHECK_EQ(gate_settings_set(*gate, &settings), 0) &&
	       CHECK_EQ(gate_iface_set(*gate, &key, &row), 0) && CHECK(*prog >= 0, "%d", *prog);
}

#endif
