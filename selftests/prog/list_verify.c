// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * list_verify.c - the kernel's tables against what they should hold: equal after builds and after changes one
 * by one; whatever is then altered in them, whole words or single bits, is found and named.
 */
#include <arpa/inet.h>
#include <sys/mman.h>

#include "gate_world.h"
#include "lib/draw.h"
#include "sekimori/blacklist.h"

#define ROWS 3000

static struct gate *gate;
static struct gate_why why;
static struct gate_list_row rows[ROWS];
static uint32_t count;
static bool key_taken(const struct seki_lpm *key)
{
	for (uint32_t i = 0; i < count; i++)
		if (!memcmp(&rows[i].key.addr, &key->addr, sizeof(key->addr)))
			return true;
	return false;
}

/* Prefixes of both families, of every kind of place: hosts, several keys at a level, the trie. None lies
 * inside another. */
static void row_draw(struct gate_list_row *out)
{
	static const uint32_t lengths4[] = {32, 31, 24, 30, 23}, lengths6[] = {128, 64, 48, 60, 96};
	bool six = draw(3) == 0;
	uint32_t len = six ? lengths6[draw(5)] : lengths4[draw(5)];
	struct gate_list_row made; /* out may be one of the rows that it must not be like */

	do {
		struct seki_lpm key = {.prefixlen = six ? len : 96 + len};

		if (six) {
			key.addr.w[0] = htonl(0x20010000 + draw(1u << 16));
			key.addr.w[1] = htonl(draw(1u << 16) << 16);
		} else {
			key.addr.b[10] = key.addr.b[11] = 0xff;
			key.addr.w[3] = htonl(0x0b000000 + (draw(1u << 20) << 9));
		}
		made.key = key;
	} while (key_taken(&made.key));
	*out = made;
	out->value = (struct seki_entry){.expires = draw(2) ? 0 : 1000000 + draw(1000),
					 .list = (uint16_t)draw(5),
					 .flags = (uint8_t)(1 + draw(3)),
					 .severity = (uint8_t)draw(SEKI_SEVERITY_MAX)};
}

static bool build(void)
{
	struct seki_settings settings;
	uint32_t slot;

	return CHECK(!gate_list_build(gate, rows, count, &slot, &why), "%s", why.text) &&
	       CHECK_EQ(gate_settings_get(gate, &settings), 0) && ((settings.active = slot), 1) &&
	       CHECK_EQ(gate_settings_set(gate, &settings), 0);
}

static void instance_opens(void)
{
	struct seki_settings settings = {.rate = 0};

	if (!CHECK(!world_gate("verify", NULL, 0, &gate, &why), "%s", why.text))
		return;
	CHECK_EQ(gate_settings_set(gate, &settings), 0);
	for (; count < ROWS; count++)
		row_draw(&rows[count]);
	build();
}

static void equal_after_build(void)
{
	struct gate_list_verdict verdict;

	CHECK_EQ(gate_list_verify(gate, rows, count, &verdict), 0);
	CHECK_EQ(verdict.differences, 0);
	CHECK(verdict.want == verdict.held && verdict.want);
	CHECK_EQ(gate_list_verify(gate, rows, count - 1, &verdict), 0);
	CHECK_EQ(verdict.differences, 1);
	CHECK_EQ(verdict.first[0].kind, GATE_LIST_EXTRA);
	CHECK(!memcmp(&verdict.first[0].key, &rows[count - 1].key, sizeof(rows[0].key)));
}

/* Thousands of single changes leave what a build of the same rows says. */
static void equal_after_changes(void)
{
	struct gate_list_verdict verdict;

	for (uint32_t i = 0; i < (ktap_slow() ? 1000 : 10000); i++) {
		uint32_t at = draw(count);

		if (draw(2)) {
			CHECK_EQ(gate_list_remove(gate, &rows[at].key, NULL), 0);
			row_draw(&rows[at]);
		}
		rows[at].value.expires = draw(2) ? 0 : 1000000 + draw(1000);
		if (!CHECK_EQ(gate_list_put(gate, &rows[at]), 0))
			return;
	}
	CHECK_EQ(gate_list_verify(gate, rows, count, &verdict), 0);
	CHECK_EQ(verdict.differences, 0);
	CHECK(verdict.want == verdict.held);
}

/* --- altered behind the daemon's back, through the pins */

static void *part_map(const char *name, const char *shard, size_t *bytes)
{
	struct seki_settings settings;
	struct bpf_map_info info = {0};
	__u32 len = sizeof(info);
	char path[256];
	void *memory;
	int fd;

	CHECK_EQ(gate_settings_get(gate, &settings), 0);
	snprintf(path, sizeof(path), SEKI_PIN_ROOT "/verify/list_%s_%u%s", name, settings.active, shard);
	fd = bpf_obj_get(path);
	if (!CHECK(fd >= 0, "%s", path) || bpf_obj_get_info_by_fd(fd, &info, &len))
		return NULL;
	*bytes = (size_t)info.max_entries * info.value_size;
	memory = mmap(NULL, *bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	return memory == MAP_FAILED ? NULL : memory;
}

/* One found difference at least, and the prefix that was touched among those named. */
static void altered_is_found(const char *what, const struct seki_lpm *touched)
{
	struct gate_list_verdict verdict;
	bool named = false;

	CHECK_EQ(gate_list_verify(gate, rows, count, &verdict), 0);
	CHECK(verdict.differences > 0, "%s: nothing found", what);
	CHECK(verdict.count > 0, "%s: nothing named", what);
	for (uint32_t i = 0; touched && i < verdict.count; i++)
		named |= !memcmp(&verdict.first[i].key, touched, sizeof(*touched));
	CHECK(!touched || named, "%s: the prefix is not named", what);
}

/* Where in a bucket the key and the word of slot i are. */
static size_t key_at(bool six, uint32_t i)
{
	return six ? offsetof(struct seki_list_bucket6, key[i]) : offsetof(struct seki_list_bucket4, key[i]);
}

static size_t said_at(bool six, uint32_t i)
{
	return six ? offsetof(struct seki_list_bucket6, said[i])
		   : offsetof(struct seki_list_bucket4, said[i]);
}

/* A bit of the key of a used slot, or of what it says: expiry, list, flags, length. */
static void bucket_bits(bool six, const char *part)
{
	const size_t line = six ? sizeof(union seki_list_line6) : sizeof(struct seki_list_bucket4);
	const size_t first = six ? SEKI_LIST_BLOOM6 : 0, wanted = ktap_slow() ? 12 : 60;
	size_t bytes = 0, found = 0;
	uint8_t *memory = part_map(part, "_0", &bytes);

	if (!CHECK(memory, "%s", part))
		return;
	for (uint32_t tries = 0; tries < 4000000 && found < wanted; tries++) {
		size_t at = (first + draw((uint32_t)(bytes / line - first))) * line;
		uint32_t slot = draw(SEKI_LIST_SLOTS);
		uint8_t *said = memory + at + said_at(six, slot), *key = memory + at + key_at(six, slot);
		uint8_t *byte = draw(2) ? said + draw(8) : key + draw(six ? 16 : 4);
		uint8_t bit = (uint8_t)(1u << draw(8));
		uint64_t word;

		memcpy(&word, said, sizeof(word));
		if (!word)
			continue;
		*byte ^= bit;
		altered_is_found(part, NULL);
		*byte ^= bit;
		found++;
		if (ktap_failed_checks)
			break;
	}
	CHECK_EQ(found, wanted);
	munmap(memory, bytes);
}

static void bucket_words(void)
{
	if (!build())
		return;
	bucket_bits(false, "shard4");
	bucket_bits(true, "shard6");
}

/* A word that leads to entries and is cleared keeps packets from what is there: that is a finding, too. */
static void lost_ways(void)
{
	static const size_t begins[] = {0, SEKI_LIST_AT_GATE6};
	struct gate_list_verdict verdict;

	/* After changes there are bits that lead nowhere any more, which costs time and nothing else. */
	if (!build())
		return;
	for (size_t w = 0; w < ARRAY_LEN(begins); w++) {
		size_t bytes = 0, cleared = 0;
		uint64_t *memory = part_map(w ? "words" : "gate4", "", &bytes);

		if (!CHECK(memory))
			return;
		for (size_t i = begins[w]; i < bytes / 8 && cleared < 5; i++) {
			uint64_t kept = memory[i];

			if (!kept)
				continue;
			memory[i] = 0;
			CHECK_EQ(gate_list_verify(gate, rows, count, &verdict), 0);
			CHECK(verdict.differences > 0 && verdict.count > 0, "word %zu", i);
			memory[i] = kept;
			cleared++;
		}
		CHECK_EQ(cleared, 5);
		munmap(memory, bytes);
	}
	CHECK_EQ(gate_list_verify(gate, rows, count, &verdict), 0);
	CHECK_EQ(verdict.differences, 0);
}

static void lost_and_added_rows(void)
{
	for (uint32_t i = 0; i < (ktap_slow() ? 20 : 200); i++) {
		struct gate_list_row row = rows[draw(count)], other;

		CHECK_EQ(gate_list_remove(gate, &row.key, NULL), 0);
		altered_is_found("a row is gone", &row.key);
		CHECK_EQ(gate_list_put(gate, &row), 0);
		row_draw(&other);
		CHECK_EQ(gate_list_put(gate, &other), 0);
		altered_is_found("a row too many", &other.key);
		CHECK_EQ(gate_list_remove(gate, &other.key, NULL), 0);
		other = row;
		other.value.list = (uint16_t)((row.value.list + 1) % 5);
		CHECK_EQ(gate_list_put(gate, &other), 0);
		altered_is_found("another list", &row.key);
		CHECK_EQ(gate_list_put(gate, &row), 0);
		if (ktap_failed_checks)
			return;
	}
	equal_after_changes();
}

static void instance_closes(void)
{
	CHECK_EQ(gate_remove(gate, &why), 0);
	gate_free(gate);
}

static const struct ktap_test tests[] = {
	TEST(instance_opens), TEST(equal_after_build),	 TEST(equal_after_changes), TEST(bucket_words),
	TEST(lost_ways),      TEST(lost_and_added_rows), TEST(instance_closes),
};
WORLD_MAIN(tests)
