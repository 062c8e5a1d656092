// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * keeper_watch.c - what our side began goes to the watch, its notes to the
 * reporter.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "keeper_watch.h"
#include "lib/file.h"
#include "lib/log.h"
#include "lib/wall.h"

#define LEARN_SECONDS (24 * 3600u) /* what is seen for the first time so early is not told */
#define KNOWN_MAGIC   0x314b4547u  /* "GEK1" */

struct known_head {
	uint32_t magic, count;
	uint64_t learn_until;
};

void watch_line_send(struct keeper *k, char *line, size_t len)
{
	if (len <= MESSAGE_LINE_MAX)
		keeper_report(k, MESSAGE_EGRESS, line, len);
	free(line);
}

static struct said *said_find(struct keeper_watch *w, const uint8_t mac[6], uint16_t vlan)
{
	for (unsigned int i = 0; i < SAID; i++)
		if (w->said[i].last && w->said[i].it.vlan == vlan && !memcmp(w->said[i].it.mac, mac, 6))
			return &w->said[i];
	return NULL;
}

void keeper_watch_said(struct keeper *k, const struct message_host_said *in)
{
	struct keeper_watch *w = k->watch;
	struct said *row = said_find(w, in->mac, in->vlan);

	if (!message_text_valid(in->name, sizeof(in->name)) || !*in->name || !in->by ||
	    in->by >= HOST_SAID_BY_MAX) {
		k->proposals_refused++;
		return;
	}
	if (!row) {
		row = &w->said[0];
		for (unsigned int i = 1; i < SAID; i++)
			if (w->said[i].last < row->last)
				row = &w->said[i];
	}
	row->last = keeper_now() ? keeper_now() : 1;
	row->it = *in;
}

static void on_note(const struct egress_note *note, void *arg)
{
	struct keeper *k = arg;
	static const uint8_t nobody[6];
	struct egress_note named = *note;
	const struct said *said;
	char *line;
	size_t len;

	named.name = egress_names_find(k->watch->names, &note->talk->host);
	said = memcmp(note->talk->mac, nobody, sizeof(nobody))
		       ? said_find(k->watch, note->talk->mac, note->talk->vlan)
		       : NULL;
	if (said) {
		named.said = said->it.name;
		named.said_by = host_said_names[said->it.by];
	}
	if (egress_line_note(&named, &line, &len))
		k->events_lost++;
	else
		watch_line_send(k, line, len);
}

/* --- what was ever seen, kept over a restart */

static int known_path(const struct keeper *k, char path[INSTANCE_PATH_MAX])
{
	return snprintf(path, INSTANCE_PATH_MAX, "%s/egress.known", k->state_dir) < INSTANCE_PATH_MAX
		       ? 0
		       : -ENAMETOOLONG;
}

static void known_load(struct keeper *k)
{
	struct keeper_watch *w = k->watch;
	char path[INSTANCE_PATH_MAX];
	AUTO_FREE char *data = NULL;
	struct known_head head;
	size_t len = 0;

	w->learn_until = keeper_wall_us() + LEARN_SECONDS * 1000000ull;
	if (known_path(k, path) ||
	    file_read(AT_FDCWD, path, sizeof(head) + EGRESS_KNOWN_MAX * 8, &data, &len))
		return; /* the first start */
	if (len >= sizeof(head))
		memcpy(&head, data, sizeof(head));
	if (len < sizeof(head) || head.magic != KNOWN_MAGIC || head.count > EGRESS_KNOWN_MAX ||
	    len != sizeof(head) + (size_t)head.count * 8 ||
	    egress_watch_know(w->watch, (const uint64_t *)(const void *)(data + sizeof(head)), head.count)) {
		keeper_audit(k, AUDIT_ALARM, 0, "%s is damaged: what hosts use is learnt anew for a day",
			     path);
		return;
	}
	w->learn_until = head.learn_until;
	w->known_saved = head.count;
}

void watch_known_save(struct keeper *k)
{
	struct keeper_watch *w = k->watch;
	struct known_head head = {.magic = KNOWN_MAGIC, .learn_until = w->learn_until};
	char path[INSTANCE_PATH_MAX];
	AUTO_FREE char *data = NULL;
	const uint64_t *known;
	size_t count = egress_watch_known(w->watch, &known);
	int err = known_path(k, path);

	if (err || count == w->known_saved)
		return;
	data = malloc(sizeof(head) + count * 8);
	if (!data)
		return;
	head.count = (uint32_t)count;
	memcpy(data, &head, sizeof(head));
	memcpy(data + sizeof(head), known, count * 8);
	err = file_replace(AT_FDCWD, path, data, sizeof(head) + count * 8, 0600);
	if (err)
		log_warn("%s: %s", path, strerror(-err));
	else
		w->known_saved = count;
}

int keeper_watch_start(struct keeper *k)
{
	struct egress_limits limits = {0};
	int err;

	k->watch = calloc(1, sizeof(*k->watch));
	if (!k->watch)
		return -ENOMEM;
	err = egress_watch_new(&limits, on_note, k, &k->watch->watch);
	if (err)
		return err;
	known_load(k);
	return 0;
}

void keeper_watch_policy(struct keeper *k, const struct policy *policy)
{
	struct keeper_watch *w = k->watch;
	struct egress_limits limits = {.bulk_bytes = (uint64_t)policy->egress.bulk << 20,
				       .learn_until = w->learn_until};

	struct egress_names *names = NULL;

	if (egress_names_make(policy, &names))
		log_warn("no memory for the names of hosts: findings name addresses only");
	egress_names_free(w->names);
	w->names = names;
	egress_watch_limits(w->watch, &limits);
	w->canary_interval = policy->egress.canary;
}

/* --- records */

static void origin_fill(struct keeper *k, const struct seki_record *record, struct egress_origin *out)
{
	bool lo = record->flags & SEKI_REC_FROM_LO;

	*out = (struct egress_origin){
		.t_us = wall_of(record->t_ns / 1000),
		.host = lo ? record->key.lo : record->key.hi,
		.dst = lo ? record->key.hi : record->key.lo,
		.sport = ntohs(lo ? record->key.lo_port : record->key.hi_port),
		.dport = ntohs(lo ? record->key.hi_port : record->key.lo_port),
		.proto = record->key.proto,
		.verdict = record->verdict,
		.denied = record->reason == SEKI_R_EGRESS_DENIED || record->reason == SEKI_R_EGRESS_AWAITED,
		.vlan = record->vlan,
		.rule = record->sid,
	};
	/* This machine is one host, whatever address it chose. */
	if (record->role == SEKI_ROLE_HOST)
		memset(&out->host, 0, sizeof(out->host));
}

/* It began. data is as in the record. */
static void origin_pass(struct keeper *k, const struct seki_record *record, const uint8_t *data)
{
	struct egress_origin origin;
	struct seki_process process;

	origin_fill(k, record, &origin);
	if (record->flags & SEKI_REC_PROCESS) {
		memcpy(&process, data + SEKI_ORIGIN_HEAD, sizeof(process));
		origin.process = &process;
	} else if (record->cap_len >= 14 && record->role == SEKI_ROLE_DMZ) {
		memcpy(origin.mac, data + 6, sizeof(origin.mac));
	}
	egress_watch_origin(k->watch->watch, &origin);
}

/* --- what may be a data connection that its FTP connection has not announced yet */

static bool announced_fits(const struct seki_expect_key *key, const struct seki_record *record)
{
	const struct seki_flow_key *flow = &record->key;
	bool lo = record->flags & SEKI_REC_FROM_LO;

	return !memcmp(lo ? &flow->lo : &flow->hi, &key->src, sizeof(key->src)) &&
	       !memcmp(lo ? &flow->hi : &flow->lo, &key->dst, sizeof(key->dst)) &&
	       (lo ? flow->hi_port : flow->lo_port) == key->dport;
}

static bool was_announced(const struct keeper_watch *w, const struct seki_record *record)
{
	for (unsigned int i = 0; i < AWAITED; i++)
		if (keeper_now() < w->announced[i].until && announced_fits(&w->announced[i].key, record))
			return true;
	return false;
}

/* False: it is to be told now. */
static bool awaited_put(struct keeper_watch *w, const struct seki_record *record, const uint8_t *data)
{
	size_t len = SEKI_ORIGIN_HEAD + (record->flags & SEKI_REC_PROCESS ? sizeof(struct seki_process) : 0);

	if (was_announced(w, record))
		return true;
	for (unsigned int i = 0; i < AWAITED; i++) {
		struct awaited *a = &w->awaited[i];

		if (a->until)
			continue;
		a->until = keeper_now() + SEKI_AWAIT_SECONDS;
		a->record = *record;
		memcpy(a->data, data, len);
		return true;
	}
	return false;
}

void keeper_watch_announced(struct keeper *k, const struct seki_expect_key *key)
{
	struct keeper_watch *w = k->watch;
	struct announced *said = &w->announced[w->announced_next++ % AWAITED];

	said->key = *key;
	said->until = keeper_now() + SEKI_AWAIT_SECONDS;
	for (unsigned int i = 0; i < AWAITED; i++)
		if (w->awaited[i].until && announced_fits(key, &w->awaited[i].record))
			w->awaited[i].until = 0;
}

void watch_awaited(struct keeper *k, uint32_t now)
{
	for (unsigned int i = 0; i < AWAITED; i++) {
		struct awaited *a = &k->watch->awaited[i];

		if (!a->until || now < a->until)
			continue;
		a->until = 0;
		origin_pass(k, &a->record, a->data);
	}
}

void keeper_watch_origin(struct keeper *k, const struct seki_record *record, const uint8_t *data)
{
	/* One that the policy permits was not detected. */
	if (watch_is_own_canary(k->watch, record, data))
		k->watch->span.canaries_seen += record->reason == SEKI_R_EGRESS_DENIED;
	else if (record->reason != SEKI_R_EGRESS_AWAITED || !awaited_put(k->watch, record, data))
		origin_pass(k, record, data);
}

void keeper_watch_listed(struct keeper *k, const struct seki_record *record, const char *list)
{
	bool ours = record->flags & SEKI_REC_EGRESS
			    ? record->role == SEKI_ROLE_HOST
			    : record->role == SEKI_ROLE_DMZ || record->role == SEKI_ROLE_LAN;
	bool outward = ours && record->reason == SEKI_R_LISTED_DST;
	bool inward = !ours && record->reason == SEKI_R_LISTED_SRC;
	struct egress_origin pair;

	if (!outward && !inward)
		return;
	origin_fill(k, record, &pair);
	if (inward) { /* host is always ours */
		struct seki_addr other = pair.host;

		pair.host = pair.dst;
		pair.dst = other;
		if (record->role == SEKI_ROLE_HOST) {
			pair.dst = record->flags & SEKI_REC_FROM_LO ? record->key.lo : record->key.hi;
			memset(&pair.host, 0, sizeof(pair.host));
		}
	}
	egress_watch_listed(k->watch->watch, &pair, outward, list);
}

void keeper_watch_raw(struct keeper *k, uint64_t frames, bool stopped, bool restored)
{
	k->watch->span.gaps[EGRESS_GAP_BACKSTOP] += restored;
	if (frames)
		egress_watch_raw(k->watch->watch, keeper_wall_us(), frames, stopped);
}

static bool is_own(const struct keeper *k, const struct seki_addr *addr)
{
	for (uint32_t i = 0; i < k->auto_count; i++)
		if (k->autos[i].flags & SEKI_NET_OWN &&
		    !memcmp(k->autos[i].prefix.addr, addr->b, sizeof(addr->b)))
			return true;
	return false;
}

void keeper_watch_tunnel(struct keeper *k, const struct message_tunnel *in)
{
	struct egress_origin pair = {.t_us = keeper_wall_us(),
				     .host = in->host,
				     .dst = in->server,
				     .dport = 53,
				     .proto = IPPROTO_UDP,
				     .verdict = SEKI_VERDICT_PASSED};

	if (is_own(k, &pair.host))
		memset(&pair.host, 0, sizeof(pair.host));
	egress_watch_tunnel(k->watch->watch, &pair, in->domain, in->names, in->bytes);
}

/* --- bytes of the flows that our side began */

static int on_flow(const struct seki_flow_key *key, const struct seki_flow *flow, void *arg)
{
	struct keeper *k = arg;
	bool lo = flow->flags & SEKI_FLOW_INIT_LO;
	struct seki_addr host = lo ? key->lo : key->hi;
	struct tap *tap;
	uint64_t out, in;

	if (!(flow->flags & SEKI_FLOW_EGRESS_OK))
		return 0;
	/* Two flows in one place lose each other's figures, so that what they sent is told again, never too
	 * little. */
	tap = &k->watch->taps[flow->id * 0x9e3779b97f4a7c15ull >> 48];
	if (tap->id != flow->id)
		*tap = (struct tap){.id = flow->id};
	out = flow->bytes[0] - tap->out;
	in = flow->bytes[1] - tap->in;
	if (!out && !in)
		return 0;
	tap->out = flow->bytes[0];
	tap->in = flow->bytes[1];
	if (is_own(k, &host))
		memset(&host, 0, sizeof(host));
	egress_watch_bytes(k->watch->watch, keeper_wall_us(), &host, lo ? &key->hi : &key->lo, key->proto,
			   ntohs(lo ? key->hi_port : key->lo_port), out, in);
	return 0;
}

void watch_flows(struct keeper *k)
{
	if (gate_flow_each(k->gate, on_flow, k))
		log_warn("the flow tables could not be read: bytes of this moment are not counted");
}
