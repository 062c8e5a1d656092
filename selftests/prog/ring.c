/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ring - what the engines and the keeper's reader of decisions are handed:
 * the records' contents, chunks of large frames, and every kind of loss.
 */
#include "lib/bpftest.h"

#define CLIENT	  "198.51.100.7"
#define BAD	  "198.51.100.66"
#define SERVER	  "192.0.2.10"
#define KEPT_MAX  1024
#define KEPT_SIZE (sizeof(struct seki_record) + SEKI_CHUNK_MAX)

static struct world world;

/* The records since the last rings_forget(). */
static struct kept {
	struct seki_record *record; /* with its frame bytes */
} kept[KEPT_MAX];
static int kept_count, kept_bad;

static int record_keep(void *context, void *data, size_t size)
{
	const struct seki_record *r = data;

	if (size < sizeof(*r) || r->cap_len > SEKI_CHUNK_MAX || sizeof(*r) + r->cap_len > size) {
		kept_bad++;
		return 0;
	}
	if (kept_count < KEPT_MAX) {
		kept[kept_count].record = realloc(kept[kept_count].record, KEPT_SIZE);
		memcpy(kept[kept_count].record, data, sizeof(*r) + r->cap_len);
	}
	kept_count++;
	return 0;
}

static void rings_forget(void)
{
	ring_drain(world.reader);
	ring_drain(world.prio_reader);
	kept_count = 0;
	kept_bad = 0;
}

static void world_fresh(void)
{
	flows_forget(&world);
	map_clear(world.ifaces);
	settings_sane(&world);
	iface_write(&world, 0, SEKI_ROLE_HOST, SEKI_MODE_ENFORCE, 0);
	rings_forget();
}

static const struct seki_record *record_at(int index)
{
	static const struct seki_record none;

	return index < kept_count && index < KEPT_MAX ? kept[index].record : &none;
}

static bool record_holds(const struct seki_record *r, const struct frame *f)
{
	return r->offset + r->cap_len <= f->len && !memcmp(r + 1, f->data + r->offset, r->cap_len);
}

static void packet_record_tells_everything(void)
{
	struct seki_flow_key key = key_of(CLIENT, 40000, SERVER, 80, 6);
	struct seki_addr client = addr_of(CLIENT);
	const struct seki_record *r;
	struct seki_flow flow;
	struct frame f;

	world_fresh();
	iface_write(&world, 12, SEKI_ROLE_WAN, SEKI_MODE_ENFORCE, 0);
	frame_make(&f, "eth vlan:12 ip4:" CLIENT ">" SERVER " tcp:40000>80,PA text:GET");
	CHECK_OUTCOME(send_xdp(&world, &f), pass, COPIED, "data");
	CHECK_EQ(ring_drain(world.reader), 1);
	r = record_at(0);
	flow_find(&world, &key, &flow);
	CHECK_EQ(r->kind, SEKI_REC_PACKET);
	CHECK_EQ(r->flags & ~SEKI_REC_FROM_LO, SEKI_REC_LAST);
	CHECK_EQ(!!(r->flags & SEKI_REC_FROM_LO), !memcmp(&key.lo, &client, sizeof(client)));
	CHECK_EQ(r->cap_len, f.len);
	CHECK_EQ(r->frame_len, f.len);
	CHECK_EQ(r->offset, 0);
	CHECK_EQ(r->l3_offset, 18);
	CHECK_EQ(r->flow_id, flow.id);
	CHECK(!memcmp(&r->key, &key, sizeof(key)), "the key differs");
	CHECK_EQ(r->ifindex, WORLD_IFINDEX);
	CHECK_EQ(r->vlan, 12);
	CHECK_EQ(r->role, SEKI_ROLE_WAN);
	CHECK_EQ(r->mode, SEKI_MODE_ENFORCE);
	CHECK_EQ(r->verdict, SEKI_VERDICT_PASSED);
	CHECK_EQ(r->state, SEKI_FLOW_SUSPECT);
	CHECK_EQ(r->seq, 0);
	CHECK(r->t_ns / 1000000000 + 2 >= world_seconds() && r->t_ns / 1000000000 <= world_seconds(),
	      "t_ns %llu", r->t_ns);
	CHECK(record_holds(r, &f), "the frame differs");
}

static void directions_are_told(void)
{
	struct frame f;

	world_fresh();
	frame_make(&f, "eth ip4:" CLIENT ">" SERVER " udp:5000>53 data:30");
	send_xdp(&world, &f);
	frame_make(&f, "eth ip4:" SERVER ">" CLIENT " udp:53>5000 data:60");
	send_tc(&world, &f);
	CHECK_EQ(ring_drain(world.reader), 2);
	CHECK(!(record_at(0)->flags & SEKI_REC_EGRESS), "XDP called egress");
	CHECK(record_at(1)->flags & SEKI_REC_EGRESS, "tc not called egress");
	CHECK((record_at(0)->flags ^ record_at(1)->flags) & SEKI_REC_FROM_LO, "both from the same side");
	CHECK_EQ(record_at(1)->flow_id, record_at(0)->flow_id);
	CHECK_EQ(record_at(0)->seq, 0);
	CHECK_EQ(record_at(1)->seq, 1);
	CHECK(!memcmp(&record_at(0)->key, &record_at(1)->key, sizeof(struct seki_flow_key)), "keys differ");
}

static void every_size_arrives_whole(void)
{
	struct frame f;

	for (int size = 1; size <= 3300; size += size < 380 || (size > 1870 && size < 1900) ? 1 : 61) {
		int waiting;

		world_fresh();
		frame_make(&f, "eth ip4:" CLIENT ">" SERVER " udp:5000>53 data:%d", size);
		run_xdp(&world, &f);
		waiting = ring_drain(world.reader);
		if (!CHECK(waiting == 1 && record_at(0)->cap_len == f.len && record_holds(record_at(0), &f),
			   "payload of %d bytes: %d records, %u bytes", size, waiting, record_at(0)->cap_len))
			break;
	}
}

/* Chunks follow one another without a gap, and only the last says so. */
static void check_chunks(const struct frame *f, const char *label)
{
	__u32 next = 0;

	for (int i = 0; i < kept_count; i++) {
		const struct seki_record *r = record_at(i);

		CHECK(r->offset == next, "%s: chunk %d at %u, not %u", label, i, r->offset, next);
		CHECK_EQ(r->frame_len, f->len);
		CHECK_EQ(!!(r->flags & SEKI_REC_LAST), i == kept_count - 1);
		CHECK(r->seq - record_at(0)->seq <= (__u32)i, "%s: seq %u of chunk %d", label, r->seq, i);
		CHECK(record_holds(r, f), "%s: bytes of chunk %d differ", label, i);
		next += r->cap_len;
	}
	CHECK(next == f->len, "%s: %u of %zu bytes", label, next, f->len);
	CHECK_EQ(kept_bad, 0);
}

static void large_frames_come_in_chunks(void)
{
	static struct frame f;
	static const int sizes[] = {3500, 4096, 4097, 8192, 8972};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct outcome o;

		world_fresh();
		frame_make(&f, "eth ip4:" CLIENT ">" SERVER " udp:5000>53 data:%d", sizes[i] - 28);
		o = send_xdp(&world, &f);
		CHECK(outcome_is_pass(o, SEKI_R_COPIED), "%d: verdict %d by %s", sizes[i], o.verdict,
		      outcome_reason(o));
		CHECK_EQ(ring_drain(world.reader), (f.len + 4095) / 4096);
		check_chunks(&f, "jumbo");
	}
	world_fresh();
	world.policy.chunk = SEKI_CHUNK_MAX;
	settings_write(&world);
	send_xdp(&world, &f);
	CHECK_EQ(ring_drain(world.reader), 1);
	check_chunks(&f, "one chunk");
}

static void listed_jumbo_is_dropped(void)
{
	static struct frame f;

	world_fresh();
	frame_make(&f, "eth ip4:" BAD ">" SERVER " udp:5000>53 data:8900");
	CHECK_OUTCOME(send_xdp(&world, &f), drop, LISTED_SRC, "jumbo of a listed source");
}

static void super_packets_are_marked(void)
{
	static struct frame f;

	world_fresh();
	frame_make(&f, "eth ip4:" SERVER ">" CLIENT " tcp:80>40000,PA data:2800");
	CHECK_OUTCOME(send_tc_gso(&world, &f, 1400), pass, COPIED, "GSO");
	CHECK_EQ(ring_drain(world.reader), 1);
	CHECK_EQ(record_at(0)->flags & (SEKI_REC_GSO | SEKI_REC_EGRESS), SEKI_REC_GSO | SEKI_REC_EGRESS);
	CHECK(record_at(0)->flags & SEKI_REC_CSUM_PARTIAL, "a super-packet's checksum called complete");
	check_chunks(&f, "GSO");
}

static void all_fragments_of_a_datagram_are_copied(void)
{
	static const char *const lines[] = {
		"eth ip4:" CLIENT ">" SERVER ",mf,id=5 udp:5000>53 data:64",
		"eth ip4:" CLIENT ">" SERVER ",off=72,id=5,type=17 data:64",
		"eth ip6:2001:db8:900d::7>2001:db8:1::10 frag:mf,id=5 udp:5000>53 data:64",
		"eth ip6:2001:db8:900d::7>2001:db8:1::10 frag:off=72,id=5,type=17 data:64",
	};
	struct frame f;

	world_fresh();
	for (int i = 0; i < 4; i++) {
		struct outcome o;

		frame_make(&f, "%s", lines[i]);
		o = send_xdp(&world, &f);
		CHECK(outcome_is_pass(o, SEKI_R_COPIED), "%s: verdict %d by %s", lines[i], o.verdict,
		      outcome_reason(o));
	}
	ring_drain(world.reader);
	CHECK_EQ(kept_count, 4);
	for (int i = 0; i < kept_count; i++) {
		CHECK(record_at(i)->flags & SEKI_REC_FRAGMENT, "record %d is not called a fragment", i);
		CHECK(!record_at(i)->key.lo_port && !record_at(i)->key.hi_port,
		      "record %d has ports in its key", i);
	}
}

static void fragments_do_not_save_a_cut_flow(void)
{
	struct seki_flow_key key = key_of(CLIENT, 5000, SERVER, 53, 17);
	struct frame f;

	world_fresh();
	frame_make(&f, "eth ip4:" CLIENT ">" SERVER " udp:5000>53 data:30");
	send_xdp(&world, &f);
	CHECK_EQ(flow_op(&world, SEKI_OP_BLOCK, &key, 0, world_seconds() + 100), 0);
	frame_make(&f, "eth ip4:" CLIENT ">" SERVER ",mf,id=5 udp:5000>53 data:64");
	CHECK_OUTCOME(send_xdp(&world, &f), drop, FLOW_BLOCKED, "first fragment of a cut flow");
	frame_make(&f, "eth ip4:" CLIENT ">" SERVER ",mf,id=6 udp:5001>53 data:64");
	CHECK(outcome_is_free(send_xdp(&world, &f)), "first fragment of another flow");
}

/* Fragments carry no sequence numbers that could prove where a source is (T1). */
static void fragments_validate_nothing(void)
{
	struct seki_flow_key key = key_of(CLIENT, 0, SERVER, 0, 6);
	struct seki_flow flow;
	struct frame f;

	world_fresh();
	frame_make(&f, "eth ip4:" SERVER ">" CLIENT ",off=720,id=5,type=6 data:64");
	send_tc(&world, &f);
	frame_make(&f, "eth ip4:" CLIENT ">" SERVER ",mf,id=6 tcp:40000>80,A,ack=60 data:52");
	send_xdp(&world, &f);
	flow_find(&world, &key, &flow);
	CHECK(!(flow.flags & SEKI_FLOW_VALIDATED), "flags %x", flow.flags);
}

static void full_ring_is_a_loss_of_its_flow(void)
{
	struct seki_flow_key key = key_of(CLIENT, 5000, SERVER, 53, 17);
	__u64 before = loss_read(&world, SEKI_LOSS_RING_FULL);
	struct seki_flow flow;
	struct frame f;
	int sent;

	world_fresh();
	world.policy.depth[0] = 0x7fffffff;
	settings_write(&world);
	frame_make(&f, "eth ip4:" CLIENT ">" SERVER " udp:5000>53 data:3000");
	for (sent = 0; sent < 20000 && loss_read(&world, SEKI_LOSS_RING_FULL) == before; sent++)
		CHECK_EQ(run_xdp(&world, &f), XDP_PASS);
	CHECK(loss_read(&world, SEKI_LOSS_RING_FULL) > before, "no loss after %d frames", sent);
	CHECK(flow_find(&world, &key, &flow) != FLOW_NOWHERE, "no flow");
	CHECK(flow.flags & SEKI_FLOW_LOST, "flags %x", flow.flags);
	CHECK_EQ(flow.state, SEKI_FLOW_UNINSPECTED);
	CHECK(flow.lost >= 1, "lost %u", flow.lost);
	CHECK_EQ(flow_op(&world, SEKI_OP_CLEAR, &key, flow.id, 0), -EBUSY);
	before = loss_read(&world, SEKI_LOSS_RING_FULL);
	frame_make(&f, "eth ip4:" CLIENT ">" SERVER " tcp:5002>21,A data:30");
	CHECK_EQ(run_xdp(&world, &f), XDP_PASS);
	CHECK(loss_read(&world, SEKI_LOSS_RING_FULL) == before, "a command of FTP still has room");
	ring_drain(world.reader);
	CHECK_EQ(kept_bad, 0);
	CHECK(kept_count > 100, "only %d records", kept_count);
	frame_make(&f, "eth ip4:" CLIENT ">" SERVER " udp:5001>53 data:3000");
	CHECK_OUTCOME(send_xdp(&world, &f), pass, COPIED, "another flow after the reader came back");
	CHECK_EQ(ring_drain(world.reader), 1);
}

/* One ring is there and seven are not: where a frame went shows in the count of losses. */
static bool ring_is_missing(const char *frame)
{
	__u64 before = loss_read(&world, SEKI_LOSS_NO_RING);
	struct frame f;

	frame_make(&f, "%s", frame);
	CHECK_EQ(run_xdp(&world, &f), XDP_PASS);
	return loss_read(&world, SEKI_LOSS_NO_RING) != before;
}

static void missing_ring_is_a_loss_of_its_flow(void)
{
	struct seki_flow flow;
	char line[128], client[32];
	int lost = 0;

	world_fresh();
	world.policy.rings = SEKI_MAX_RINGS;
	settings_write(&world);
	for (int host = 0; host < 64; host++) {
		struct seki_flow_key key;
		bool missing;

		snprintf(client, sizeof(client), "198.51.%d.7", 20 + host);
		snprintf(line, sizeof(line), "eth ip4:%s>" SERVER " udp:6000>53 data:30", client);
		missing = ring_is_missing(line);
		key = key_of(client, 6000, SERVER, 53, 17);
		flow_find(&world, &key, &flow);
		CHECK_EQ(flow.flags & SEKI_FLOW_LOST && flow.state == SEKI_FLOW_UNINSPECTED, missing);
		lost += missing;
	}
	CHECK(lost > 32 && lost < 64, "%d of 64 flows lost", lost);
}

/* T15: what two hosts send each other is for one engine, also later fragments, which have no ports. */
static void one_ring_for_two_hosts(void)
{
	static const struct {
		const char *from, *to, *rest;
	} frames[] = {
		{NULL, SERVER, " udp:6001>53 data:30"},
		{SERVER, NULL, " udp:53>6001 data:30"},
		{NULL, SERVER, " udp:6003>69 data:30"},
		{NULL, SERVER, ",mf,id=5 udp:6004>53 data:64"},
		{NULL, SERVER, ",off=72,id=5,type=17 data:64"},
	};
	char line[128], client[32];
	int here = 0;

	world_fresh();
	world.policy.rings = SEKI_MAX_RINGS;
	settings_write(&world);
	for (int host = 0; host < 128; host++) {
		int missing = 0;

		snprintf(client, sizeof(client), "198.51.101.%d", 1 + host);
		for (size_t i = 0; i < ARRAY_LEN(frames); i++) {
			snprintf(line, sizeof(line), "eth ip4:%s>%s%s",
				 frames[i].from ? frames[i].from : client,
				 frames[i].to ? frames[i].to : client, frames[i].rest);
			missing += ring_is_missing(line);
		}
		CHECK(!missing || missing == (int)ARRAY_LEN(frames), "%s: %d of %zu frames without a ring",
		      client, missing, ARRAY_LEN(frames));
		here += !missing;
	}
	CHECK(here >= 6 && here <= 32, "neighbours do not share the rings: %d of 128 have the first of %u",
	      here, SEKI_MAX_RINGS);
}

static void no_engine_means_no_copies(void)
{
	struct frame f;

	world_fresh();
	world.policy.rings = 0;
	settings_write(&world);
	frame_make(&f, "eth ip4:" CLIENT ">" SERVER " udp:5000>53 data:30");
	CHECK_OUTCOME(send_xdp(&world, &f), pass, CLEAN, "no engine");
	CHECK_EQ(ring_drain(world.reader), 0);
}

static void bare_acknowledgements_are_not_copied(void)
{
	struct frame f;

	world_fresh();
	frame_make(&f, "eth ip4:" CLIENT ">" SERVER " tcp:40000>80,PA data:30");
	send_xdp(&world, &f);
	frame_make(&f, "eth ip4:" CLIENT ">" SERVER " tcp:40000>80,A,seq=1030");
	CHECK_OUTCOME(send_xdp(&world, &f), pass, CLEAN, "bare ACK");
	CHECK_EQ(ring_drain(world.reader), 1);
}

static void decision_record_names_its_cause(void)
{
	const struct seki_record *r;
	struct frame f;

	world_fresh();
	frame_make(&f, "eth ip4:" BAD ">" SERVER " udp:5000>53 data:200");
	CHECK_OUTCOME(send_xdp(&world, &f), drop, LISTED_SRC, "listed");
	CHECK_EQ(ring_drain(world.prio_reader), 1);
	r = record_at(0);
	CHECK_EQ(r->kind, SEKI_REC_DECISION);
	CHECK_EQ(r->verdict, SEKI_VERDICT_BLOCKED);
	CHECK_EQ(r->reason, SEKI_R_LISTED_SRC);
	CHECK_EQ(r->list, 5);
	CHECK_EQ(r->entry, 96 + 32 + 1);
	CHECK_EQ(r->sid, 0);
	CHECK_EQ(r->frame_len, f.len);
	CHECK_EQ(r->flags & SEKI_REC_WOULD, 0);
	CHECK(r->cap_len >= 42 && record_holds(r, &f), "the frame's head differs");
	iface_write(&world, 0, SEKI_ROLE_HOST, SEKI_MODE_MONITOR, 0);
	rings_forget();
	CHECK_OUTCOME(send_xdp(&world, &f), would, LISTED_SRC, "listed in monitor");
	CHECK_EQ(ring_drain(world.prio_reader), 1);
	r = record_at(0);
	CHECK_EQ(r->verdict, SEKI_VERDICT_WOULD_BLOCK);
	CHECK_EQ(r->flags & SEKI_REC_WOULD, SEKI_REC_WOULD);
	CHECK_EQ(r->entry, 96 + 32 + 1);
}

/* The key of a decision names both parties, since no flow may exist. */
static void decision_record_names_its_parties(void)
{
	struct seki_flow_key key = key_of(BAD, 5000, SERVER, 53, 17);
	struct frame f;

	world_fresh();
	frame_make(&f, "eth ip4:" BAD ">" SERVER " udp:5000>53 data:20");
	send_xdp(&world, &f);
	CHECK_EQ(ring_drain(world.prio_reader), 1);
	CHECK(!memcmp(&record_at(0)->key, &key, sizeof(key)), "the key differs");
}

/* An alert entry passes and tells (maps.h). */
static void alert_entry_is_told(void)
{
	struct frame f;

	world_fresh();
	list_add_entry(&world, "198.51.100.67",
		       (struct seki_entry){.list = 6, .flags = SEKI_ENTRY_SRC | SEKI_ENTRY_ALERT});
	frame_make(&f, "eth ip4:198.51.100.67>" SERVER " udp:5000>53 data:20");
	CHECK(!send_xdp(&world, &f).dropped, "an alert entry drops");
	CHECK_EQ(ring_drain(world.prio_reader), 1);
	CHECK_EQ(record_at(0)->kind, SEKI_REC_DECISION);
	CHECK_EQ(record_at(0)->entry, 96 + 32 + 1);
	CHECK_EQ(record_at(0)->verdict, SEKI_VERDICT_PASSED);
}

static void decisions_are_held_back_per_source(void)
{
	__u64 held = 0;
	int told = 0;

	for (int attempt = 0; attempt < 5; attempt++) {
		__u32 second;
		struct frame f;

		world_fresh();
		world.policy.decision_rate = 2;
		settings_write(&world);
		second = world_seconds();
		held = loss_read(&world, SEKI_LOSS_HELD_BACK);
		frame_make(&f, "eth ip4:" BAD ">" SERVER " udp:5000>53 data:20");
		for (int i = 0; i < 5; i++)
			run_xdp(&world, &f);
		held = loss_read(&world, SEKI_LOSS_HELD_BACK) - held;
		told = ring_drain(world.prio_reader);
		if (world_seconds() == second)
			break;
	}
	CHECK_EQ(told, 2);
	CHECK_EQ(held, 3);
}

static void full_priority_ring_is_a_loss(void)
{
	__u64 before;
	struct frame f;

	world_fresh();
	world.policy.decision_rate = 1000000;
	settings_write(&world);
	before = loss_read(&world, SEKI_LOSS_PRIO_FULL);
	frame_make(&f, "eth ip4:" BAD ">" SERVER " udp:5000>53 data:20");
	for (int i = 0; i < 20000 && loss_read(&world, SEKI_LOSS_PRIO_FULL) == before; i++)
		CHECK_EQ(run_xdp(&world, &f), XDP_DROP);
	CHECK(loss_read(&world, SEKI_LOSS_PRIO_FULL) > before, "no loss");
	rings_forget();
}

static const struct ktap_test tests[] = {
	TEST(packet_record_tells_everything),
	TEST(directions_are_told),
	TEST(every_size_arrives_whole),
	TEST(large_frames_come_in_chunks),
	TEST(listed_jumbo_is_dropped),
	TEST(super_packets_are_marked),
	TEST(all_fragments_of_a_datagram_are_copied),
	TEST(fragments_do_not_save_a_cut_flow),
	TEST(fragments_validate_nothing),
	TEST(full_ring_is_a_loss_of_its_flow),
	TEST(missing_ring_is_a_loss_of_its_flow),
	TEST(one_ring_for_two_hosts),
	TEST(no_engine_means_no_copies),
	TEST(bare_acknowledgements_are_not_copied),
	TEST(decision_record_names_its_cause),
	TEST(decision_record_names_its_parties),
	TEST(alert_entry_is_told),
	TEST(decisions_are_held_back_per_source),
	TEST(full_priority_ring_is_a_loss),
};

int main(void)
{
	int result;

	if (world_missing())
		return ktap_skip_all(world_missing());
	world_open(&world, NULL);
	list_add_entry(&world, BAD, (struct seki_entry){.list = 5, .flags = SEKI_ENTRY_SRC, .sid = 2100});
	rings_watch(&world, record_keep, NULL);
	result = ktap_run(tests, sizeof(tests) / sizeof(tests[0]));
	world_close(&world);
	for (int i = 0; i < KEPT_MAX; i++)
		free(kept[i].record);
	return result;
}
