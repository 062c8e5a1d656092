// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd_inspect.c - `sekimori inspect`: captures against rules, without
 * privileges and without a network. Writes alerts as EVE and a summary.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <glob.h>
#include <inttypes.h>
#include <jansson.h>
#include <pcap/pcap.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "client.h"
#include "core/eve_writer.h"
#include "core/inspector.h"
#include "core/packet.h"
#include "core/ruleset.h"
#include "data_file.h"
#include "eve_merge.h"
#include "lib/conf.h"
#include "lib/file.h"
#include "rules_cache.h"
#include "rules_profile.h"

#define RULES_BYTES_MAX	 (256u << 20)
#define PROGRESS_FRAMES	 65536u
#define WORKERS_MAX	 64u
#define READ_BYTES	 (1u << 20) /* of a capture at a time */
#define INSPECT_DATA_MAX 64u

struct sid_count {
	uint32_t sid;
	uint64_t count;
};

struct inspection {
	struct inspector_options options;
	struct overlap_hosts hosts; /* the first worker's, for all */
	struct ruleset_builder *builder;
	struct rules_cache cache;
	struct ruleset *set;
	struct inspector *inspector;
	FILE *eve;
	struct eve_writer records;
	const char *log_dir, *capture;
	bool json, rules_given, profile;
	unsigned int workers, worker; /* how many share the captures, and which of them this is */
	char *const *captures;
	unsigned int capture_count, capture_at;
	struct eve_part part; /* with several workers: instead of eve */
	int status;
	struct {
		enum rule_data_kind kind;
		const char *path;
	} data[INSPECT_DATA_MAX]; /* read when every variable is known, before the rules */
	unsigned int data_count;
	const char *dataset_folder;
	struct sid_count *sids; /* by sid */
	size_t sid_count, sid_capacity;
	uint64_t refused, frames, cut_frames;
	uint64_t capture_frames; /* of the capture at hand, whoever looks at them */
	double seconds;
};

static void inspection_free(struct inspection *inspection)
{
	inspector_free(inspection->inspector);
	ruleset_builder_free(inspection->builder);
	ruleset_free(inspection->set);
	if (inspection->eve)
		fclose(inspection->eve);
	eve_part_clear(&inspection->part);
	free(inspection->sids);
}

static double now_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* --- what is found */

static void count_sid(struct inspection *inspection, uint32_t sid, uint64_t count)
{
	size_t low = 0, high = inspection->sid_count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (inspection->sids[middle].sid < sid)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == inspection->sid_count || inspection->sids[low].sid != sid) {
		if (inspection->sid_count == inspection->sid_capacity) {
			size_t capacity = inspection->sid_capacity ? inspection->sid_capacity * 2 : 64;
			struct sid_count *grown = realloc(inspection->sids, capacity * sizeof(*grown));

			if (!grown)
				return;
			inspection->sids = grown;
			inspection->sid_capacity = capacity;
		}
		memmove(&inspection->sids[low + 1], &inspection->sids[low],
			(inspection->sid_count - low) * sizeof(*inspection->sids));
		inspection->sids[low] = (struct sid_count){.sid = sid};
		inspection->sid_count++;
	}
	inspection->sids[low].count += count;
}

static int write_record(void *arg, uint64_t about, const char *line, size_t len)
{
	struct inspection *inspection = arg;
	struct eve_moment now = {inspection->capture_at, inspection->capture_frames, about};

	if (inspection->part.file)
		return eve_part_add(&inspection->part, now, line, len);
	return fwrite(line, 1, len, inspection->eve) == len ? 0 : -EIO;
}

static void on_alert(const struct detect_alert *alert, void *arg)
{
	struct inspection *inspection = arg;

	if (!alert->quiet)
		count_sid(inspection, alert->rule->sid, 1);
	eve_writer_alert(&inspection->records, alert);
}

static void on_event(const struct inspector_event *event, void *arg)
{
	eve_writer_event(&((struct inspection *)arg)->records, event);
}

static void on_tx(const struct flow *flow, const struct tx *tx, void *arg)
{
	eve_writer_tx(&((struct inspection *)arg)->records, flow, tx);
}

static void on_flow_end(const struct flow *flow, enum flow_end_reason reason, void *arg)
{
	eve_writer_flow_end(&((struct inspection *)arg)->records, flow, reason);
}

static void on_refused(const char *file, unsigned int line, uint32_t sid, const char *keyword,
		       const char *why, void *arg)
{
	struct inspection *inspection = arg;

	inspection->refused++;
	fprintf(stderr, "%s:%u: ", file, line);
	if (sid)
		fprintf(stderr, "sid %u: ", sid);
	if (keyword && *keyword)
		fprintf(stderr, "%s: ", keyword);
	fprintf(stderr, "%s\n", why);
}

static void complain_lost(const struct eve_writer *records)
{
	for (int kind = 0; kind < EVE_KIND_MAX; kind++)
		if (records->lost[kind])
			fprintf(stderr,
				"eve.json lacks %" PRIu64 " records of kind %s: too long, or not written\n",
				records->lost[kind], eve_kind_names[kind]);
}

/* --- what is loaded */

typedef int (*add_fn)(struct ruleset_builder *builder, const char *file, const char *text, size_t len,
		      ruleset_refused_fn fn, void *arg);

static int load_file(struct inspection *inspection, const char *path, add_fn add)
{
	AUTO_FREE char *text = NULL;
	size_t len;
	int error = file_read(AT_FDCWD, path, RULES_BYTES_MAX, &text, &len);

	if (!error)
		error = add(inspection->builder, path, text, len, on_refused, inspection);
	if (error && error != -EINVAL) { /* -EINVAL: lines were refused and named, the others hold */
		fprintf(stderr, "%s: %s\n", path, strerror(-error));
		return error;
	}
	return 0;
}

static int load_dataset(const char *rules, const char *name, char **text, size_t *len, void *arg)
{
	const struct inspection *inspection = arg;

	return data_file_read(rules, inspection->dataset_folder, name, text, len);
}

/* The classification that lies beside a rule file belongs to it. */
static int load_classification_beside(struct inspection *inspection, const char *rules)
{
	static const char name[] = "classification.config";
	const char *slash = strrchr(rules, '/');
	size_t dir_len = slash ? (size_t)(slash - rules) + 1 : 0;
	AUTO_FREE char *path = malloc(dir_len + sizeof(name));

	if (!path)
		return -ENOMEM;
	memcpy(path, rules, dir_len);
	memcpy(path + dir_len, name, sizeof(name));
	if (access(path, F_OK))
		return 0;
	return load_file(inspection, path, ruleset_add_classification);
}

static int set_bytes(const char *value, uint64_t min, uint64_t max, uint64_t *out)
{
	uint64_t bytes;
	int error = conf_bytes(value, &bytes);

	if (error || bytes < min || bytes > max)
		return error ? error : -ERANGE;
	*out = bytes;
	return 0;
}

static int set_depth(struct inspection *inspection, unsigned int dirs, const char *value)
{
	uint64_t bytes;
	int error = set_bytes(value, 1, UINT32_MAX, &bytes);

	for (int d = 0; d < 2 && !error; d++)
		if (dirs >> d & 1)
			inspection->options.depth[d] = (uint32_t)bytes;
	return error;
}

static int set_depth_both(struct inspection *inspection, const char *value)
{
	return set_depth(inspection, 3, value);
}

static int set_depth_server(struct inspection *inspection, const char *value)
{
	return set_depth(inspection, 1, value);
}

static int set_depth_client(struct inspection *inspection, const char *value)
{
	return set_depth(inspection, 2, value);
}

static int set_flow_memory(struct inspection *inspection, const char *value)
{
	return set_bytes(value, 1u << 20, 1ull << 40, &inspection->options.flow_memory);
}

static int set_flow_max(struct inspection *inspection, const char *value)
{
	uint64_t count;
	int error = set_bytes(value, 2, 1u << 24, &count);

	if (!error)
		inspection->options.flow_max = (uint32_t)count;
	return error;
}

static int set_data(struct inspection *inspection, enum rule_data_kind kind, const char *path)
{
	if (inspection->data_count == INSPECT_DATA_MAX)
		return -E2BIG;
	inspection->data[inspection->data_count].kind = kind;
	inspection->data[inspection->data_count++].path = path;
	return 0;
}

static int set_references(struct inspection *inspection, const char *value)
{
	return set_data(inspection, RULE_DATA_REFERENCES, value);
}

static int set_categories(struct inspection *inspection, const char *value)
{
	return set_data(inspection, RULE_DATA_CATEGORIES, value);
}

static int set_reputation(struct inspection *inspection, const char *value)
{
	return set_data(inspection, RULE_DATA_REPUTATION, value);
}

static int set_dataset_folder(struct inspection *inspection, const char *value)
{
	inspection->dataset_folder = value;
	return 0;
}

static int set_thresholds(struct inspection *inspection, const char *value)
{
	return set_data(inspection, RULE_DATA_THRESHOLD, value);
}

static int set_bool(const char *value, bool *out)
{
	static const char *const words[2][4] = {{"no", "false", "off", "0"}, {"yes", "true", "on", "1"}};

	for (int truth = 0; truth < 2; truth++)
		for (size_t i = 0; i < ARRAY_LEN(words[truth]); i++)
			if (!strcmp(value, words[truth][i])) {
				*out = truth;
				return 0;
			}
	return -EINVAL;
}

static int set_midstream(struct inspection *inspection, const char *value)
{
	bool midstream;
	int error = set_bool(value, &midstream);

	if (!error)
		inspection->options.handshake_required = !midstream;
	return error;
}

static int set_one_side(struct inspection *inspection, const char *value)
{
	return set_bool(value, &inspection->options.answer_opens);
}

static int set_action_order(struct inspection *inspection, const char *value)
{
	const char *why = "";
	int error = ruleset_set_action_order(inspection->builder, value, &why);

	if (error)
		fprintf(stderr, "action-order: %s\n", why);
	return error;
}

static int set_workers(struct inspection *inspection, const char *value)
{
	char *end;
	unsigned long count = strtoul(value, &end, 10);

	if (*end || *value < '0' || *value > '9' || !count || count > WORKERS_MAX) {
		fprintf(stderr, "--workers %s: a number from 1 to %u is expected\n", value, WORKERS_MAX);
		return -EINVAL;
	}
	inspection->workers = (unsigned int)count;
	return 0;
}

static const struct {
	const char *key;
	int (*set)(struct inspection *inspection, const char *value);
	const char *help;
} settings[] = {
	{"depth", set_depth_both, "inspection depth per transaction and direction (1m)"},
	{"depth.to-server", set_depth_server, "the same, client to server"},
	{"depth.to-client", set_depth_client, "the same, server to client"},
	{"flow.memory", set_flow_memory, "bytes for flows and reassembly (256m)"},
	{"threshold-file", set_thresholds, "limits, suppressed alerts and changed actions"},
	{"reference-config-file", set_references, "where the references of rules lead to"},
	{"reputation-categories-file", set_categories, "number,name,description per line"},
	{"reputation-file", set_reputation, "address,category number,score per line"},
	{"dataset-folder", set_dataset_folder, "where files of data sets lie that are not beside the rules"},
	{"flow.max", set_flow_max, "flows at the same time (65536)"},
	{"action-order", set_action_order, "of rules that fit one packet (pass,drop,reject,alert)"},
	{"stream.async-oneside", set_one_side,
	 "the server's half of a handshake will do, where one is required (no)"},
	{"stream.midstream", set_midstream, "take up TCP whose handshake is not seen (yes)"},
};

/* Rule variables by name, also as Suricata's configuration spells them. */
static const char *variable_name(const char *key)
{
	static const char *const prefixes[] = {"vars.address-groups.", "vars.port-groups."};

	for (size_t i = 0; i < ARRAY_LEN(prefixes); i++)
		if (!strncmp(key, prefixes[i], strlen(prefixes[i])))
			return key + strlen(prefixes[i]);
	return *key >= 'A' && *key <= 'Z' ? key : NULL;
}

#define RECEIVERS_KEY "host-os-policy."

/* host-os-policy.linux=[10.0.0.0/8,2001:db8::/32]: who puts overlapping segments and fragments together how.
 */
static int add_receivers(struct inspection *inspection, const char *name, const char *value)
{
	enum overlap_policy policy;
	const char *why = "";
	int error = overlap_policy_find(name, &policy);

	if (error) {
		fprintf(stderr, "--set " RECEIVERS_KEY "%s: there are\n ", name);
		for (unsigned int i = 0; i < OVERLAP_POLICY_MAX; i++)
			fprintf(stderr, " %s", overlap_policy_name((enum overlap_policy)i));
		fputc('\n', stderr);
		return error;
	}
	inspection->options.hosts = &inspection->hosts;
	while (!error && *(value += strspn(value, "[], "))) {
		size_t len = strcspn(value, "[], ");
		struct prefix prefix;

		error = prefix_parse(value, len, &prefix, &why);
		if (!error)
			error = overlap_hosts_add(&inspection->hosts, &prefix, policy);
		if (error)
			fprintf(stderr, "--set " RECEIVERS_KEY "%s: %.*s: %s\n", name, (int)len, value,
				error == -ENOSPC ? "too many prefixes" : why);
		value += len;
	}
	return error;
}

static int apply_setting(struct inspection *inspection, const char *text)
{
	const char *equals = strchr(text, '='), *why = "unknown", *name;
	AUTO_FREE char *key = NULL;
	int error = -EINVAL;

	if (!equals) {
		fprintf(stderr, "--set %s: KEY=VALUE is expected\n", text);
		return -EINVAL;
	}
	key = strndup(text, (size_t)(equals - text));
	if (!key)
		return -ENOMEM;
	for (size_t i = 0; i < ARRAY_LEN(settings); i++)
		if (!strcmp(key, settings[i].key)) {
			error = settings[i].set(inspection, equals + 1);
			if (error)
				fprintf(stderr, "--set %s: %s\n", text, strerror(-error));
			return error;
		}
	if (!strncmp(key, RECEIVERS_KEY, strlen(RECEIVERS_KEY)))
		return add_receivers(inspection, key + strlen(RECEIVERS_KEY), equals + 1);
	name = variable_name(key);
	if (name)
		error = ruleset_set_variable(inspection->builder, name, equals + 1, &why);
	if (!error)
		return 0;
	if (name) {
		fprintf(stderr, "--set %s: %s\n", text, why);
		return error;
	}
	fprintf(stderr, "--set %s: unknown key; there are rule variables (HOME_NET=…) and\n", text);
	for (size_t i = 0; i < ARRAY_LEN(settings); i++)
		fprintf(stderr, "  %-16s %s\n", settings[i].key, settings[i].help);
	fprintf(stderr,
		"  " RECEIVERS_KEY "NAME which receivers resolve overlaps like NAME (bsd everywhere)\n");
	return -EINVAL;
}

static int open_eve(struct inspection *inspection)
{
	AUTO_FREE char *path = NULL;

	if (!inspection->log_dir)
		return 0;
	if (mkdir(inspection->log_dir, 0755) && errno != EEXIST) {
		fprintf(stderr, "%s: %s\n", inspection->log_dir, strerror(errno));
		return -errno;
	}
	if (asprintf(&path, "%s/eve.json", inspection->log_dir) < 0)
		return -ENOMEM;
	inspection->eve = fopen(path, "we");
	if (!inspection->eve) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return -errno;
	}
	return 0;
}

static int prepare_inspector(struct inspection *inspection)
{
	const struct inspector_ops ops = {.alert = on_alert,
					  .event = on_event,
					  .tx = on_tx,
					  .flow_end = on_flow_end,
					  .arg = inspection};
	int error = inspector_new(&inspection->options, inspection->set, &ops, &inspection->inspector);

	inspection->records.arg = inspection;
	inspection->records.write = inspection->eve || inspection->part.file ? write_record : NULL;
	if (!error && inspection->profile)
		error = inspector_profile_on(inspection->inspector, rules_profile_clock);
	if (error)
		fprintf(stderr, "%s\n", strerror(-error));
	return error;
}

static int prepare(struct inspection *inspection)
{
	char why[256] = "";
	int error;

	rules_cache_use(&inspection->cache, inspection->builder);
	error = ruleset_build(inspection->builder, &inspection->set, why, sizeof(why));
	if (!error)
		rules_cache_keep(&inspection->cache, inspection->set);
	if (error) {
		fprintf(stderr, "the rules cannot be compiled: %s\n", *why ? why : strerror(-error));
		return error;
	}
	error = open_eve(inspection);
	return error ? error : prepare_inspector(inspection);
}

/* --- what is read */

static bool link_of(int datalink, enum link_type *out)
{
	static const struct {
		int datalink;
		enum link_type link;
	} rows[] = {
		{DLT_NULL, LINK_NULL},	    {DLT_LOOP, LINK_NULL},     {DLT_EN10MB, LINK_ETHERNET},
		{DLT_PPP, LINK_PPP},	    {DLT_RAW, LINK_RAW},       {DLT_IPV4, LINK_IPV4},
		{DLT_IPV6, LINK_IPV6},	    {DLT_LINUX_SLL, LINK_SLL}, {DLT_LINUX_SLL2, LINK_SLL2},
		{DLT_PPP_SERIAL, LINK_PPP}, {DLT_C_HDLC, LINK_CHDLC},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].datalink == datalink) {
			*out = rows[i].link;
			return true;
		}
	return false;
}

static void show_progress(const struct inspection *inspection, double since, double *shown)
{
	double now = now_seconds();

	if (!isatty(STDERR_FILENO) || now - since < 2 || now - *shown < 0.5)
		return;
	*shown = now;
	fprintf(stderr, "\r%s: %" PRIu64 " packets, %.0f s ", inspection->capture, inspection->frames,
		now - since);
}

/* Large reads: a capture is read from its beginning to its end. */
static pcap_t *open_capture(const char *path, char *buffer, char *why)
{
	FILE *file = strcmp(path, "-") ? fopen(path, "re") : stdin;
	pcap_t *pcap;

	if (!file) {
		snprintf(why, PCAP_ERRBUF_SIZE, "%s", strerror(errno));
		return NULL;
	}
	if (buffer && file != stdin)
		setvbuf(file, buffer, _IOFBF, READ_BYTES);
	pcap = pcap_fopen_offline(file, why);
	if (!pcap && file != stdin)
		fclose(file);
	return pcap;
}

/* Two hosts' packets all go to one worker, fragments and tunnels too: by the outermost addresses, either way
 * round. */
static bool frame_is_mine(const struct inspection *inspection, enum link_type link, const uint8_t *frame,
			  size_t len)
{
	struct packet packet;
	uint64_t pair = 0, words[4];

	if (inspection->workers <= 1)
		return true;
	packet_decode_layer(link, frame, len, 0, &packet);
	memcpy(words, packet.src.b, 16);
	memcpy(words + 2, packet.dst.b, 16);
	for (int i = 0; packet.ip_version && i < 4; i++)
		pair += (words[i] ^ words[i] >> 29) * 0x9e3779b97f4a7c15u;
	pair ^= pair >> 32;
	return pair * 0xff51afd7ed558ccdu % 0xffffffffu % inspection->workers == inspection->worker;
}

static int read_capture(struct inspection *inspection, const char *path)
{
	char why[PCAP_ERRBUF_SIZE] = "";
	AUTO_FREE char *buffer = malloc(READ_BYTES);
	pcap_t *pcap = open_capture(path, buffer, why);
	double began = now_seconds(), shown = 0;
	struct pcap_pkthdr *head;
	enum link_type link;
	const u_char *frame;
	int status;

	if (!pcap) {
		fprintf(stderr, "%s: %s\n", path, why);
		return -EINVAL;
	}
	if (!link_of(pcap_datalink(pcap), &link)) {
		fprintf(stderr, "%s: link type %d (%s) is not decoded\n", path, pcap_datalink(pcap),
			pcap_datalink_val_to_description_or_dlt(pcap_datalink(pcap)));
		pcap_close(pcap);
		return -EPROTONOSUPPORT;
	}
	inspection->capture = inspection->records.origin.capture_file = path;
	inspection->capture_frames = 0;
	while ((status = pcap_next_ex(pcap, &head, &frame)) == 1) {
		struct inspector_hint hint = {.truncated = head->caplen < head->len};
		uint64_t time_us = (uint64_t)head->ts.tv_sec * 1000000 + (uint64_t)head->ts.tv_usec;

		if (!inspection->records.first_us || time_us < inspection->records.first_us)
			inspection->records.first_us = time_us;
		if (time_us > inspection->records.last_us)
			inspection->records.last_us = time_us;

		inspection->capture_frames++;
		if (frame_is_mine(inspection, link, frame, head->caplen)) {
			inspection->cut_frames += hint.truncated;
			inspector_frame(inspection->inspector, link, frame, head->caplen, time_us, &hint);
		} else {
			inspector_pass_over(inspection->inspector, time_us);
		}
		if (!(++inspection->frames % PROGRESS_FRAMES) && !inspection->worker)
			show_progress(inspection, began, &shown);
	}
	inspection->capture_frames = UINT64_MAX; /* what ends now comes behind every frame */
	inspector_finish(inspection->inspector);
	if (shown > 0)
		fputc('\n', stderr);
	if (status == PCAP_ERROR)
		fprintf(stderr, "%s: %s; what came before was inspected\n", path, pcap_geterr(pcap));
	pcap_close(pcap);
	inspection->seconds += now_seconds() - began;
	return status == PCAP_ERROR ? -EIO : 0;
}

/* --- what is said */

static const char *const reason_names[] = {
#define X(id, name, ...) [SEKI_R_##id] = name,
	SEKI_REASONS(X)
#undef X
};

static void print_json(const struct inspection *inspection, const struct inspector_stats *stats,
		       const struct ruleset_counts *rules)
{
	json_t *alerts = json_array(), *undecoded = json_object(), *root;

	for (size_t i = 0; i < inspection->sid_count; i++) {
		const struct rule_info *rule = ruleset_find(inspection->set, inspection->sids[i].sid);

		json_array_append_new(alerts,
				      json_pack("{sI sI ss*}", "sid", (json_int_t)inspection->sids[i].sid,
						"count", (json_int_t)inspection->sids[i].count, "msg",
						rule ? rule->msg : NULL));
	}
	for (int i = 0; i < SEKI_REASON_MAX; i++)
		if (stats->undecoded[i])
			json_object_set_new(undecoded, reason_names[i],
					    json_integer((json_int_t)stats->undecoded[i]));
	root = json_pack("{sI sI sI so so s{sI sI sI} s{sI sI sI sI sI sI sI sI sI sI} sf}", "packets",
			 (json_int_t)stats->packets, "bytes", (json_int_t)stats->bytes, "flows",
			 (json_int_t)stats->flows, "alerts", alerts, "undecoded", undecoded, "rules",
			 "loaded", (json_int_t)rules->loaded, "failed", (json_int_t)rules->failed, "skipped",
			 (json_int_t)rules->skipped, "inspection", "alerts", (json_int_t)stats->alerts,
			 "inspected_bytes", (json_int_t)stats->inspected_bytes, "ciphertext_bytes",
			 (json_int_t)stats->ciphertext_bytes, "skipped_bytes",
			 (json_int_t)stats->skipped_bytes, "gaps", (json_int_t)stats->reassembly_gaps,
			 "overlaps", (json_int_t)stats->overlaps, "midstream", (json_int_t)stats->midstream,
			 "fragments", (json_int_t)stats->fragments, "checksum_bad",
			 (json_int_t)stats->checksum_bad, "flows_given_up", (json_int_t)stats->flows_given_up,
			 "seconds", inspection->seconds);
	if (root)
		json_dumpf(root, stdout, JSON_INDENT(1));
	putchar('\n');
	json_decref(root);
}

static void print_row(const char *name, uint64_t value)
{
	if (value)
		printf("  %-20s %" PRIu64 "\n", name, value);
}

static void print_text(const struct inspection *inspection, const struct inspector_stats *stats,
		       const struct ruleset_counts *rules)
{
	printf("%" PRIu64 " packets, %" PRIu64 " bytes, %" PRIu64 " flows; %u rules, %u refused; %" PRIu64
	       " alerts\n",
	       stats->packets, stats->bytes, stats->flows, rules->loaded, rules->failed, stats->alerts);
	for (size_t i = 0; i < inspection->sid_count; i++) {
		const struct rule_info *rule = ruleset_find(inspection->set, inspection->sids[i].sid);

		printf("%10" PRIu64 "  %-10u %s\n", inspection->sids[i].count, inspection->sids[i].sid,
		       rule ? rule->msg : "");
	}
	print_row("midstream flows", stats->midstream);
	print_row("gaps", stats->reassembly_gaps);
	print_row("contradictions", stats->overlaps);
	print_row("beyond depth, bytes", stats->skipped_bytes);
	print_row("ciphertext, bytes", stats->ciphertext_bytes);
	print_row("bad checksums", stats->checksum_bad);
	print_row("flows given up", stats->flows_given_up);
	print_row("… for memory", stats->memory_flows);
	print_row("holes given up, full", stats->full_streams);
	print_row("fragments, full", stats->full_fragments);
	print_row("announced, full", stats->full_expectations);
	print_row("anomalies", stats->events);
	print_row("cut by the capture", inspection->cut_frames);
	for (int i = 0; i < SEKI_REASON_MAX; i++)
		print_row(reason_names[i], stats->undecoded[i]);
	if (inspection->seconds > 0)
		fprintf(stderr, "%.2f s, %.2f Gbit/s; rules compiled in %.0f ms\n", inspection->seconds,
			(double)stats->bytes * 8 / 1e9 / inspection->seconds, rules->load_ms);
}

/* --- the command */

static int usage(void)
{
	fputs("usage: sekimori inspect [-S FILE.rules]... [--set KEY=VALUE]... [-k none|all] [-l DIR]\n"
	      "                        [--severity FILE] [--classification FILE] [--cache DIR] [--workers "
	      "N]\n"
	      "                        [--json] FILE.pcap... | -\n"
	      "  -S FILE               rules, also a pattern like 'rules/*.rules'; classification.config "
	      "beside\n"
	      "                        it is read too\n"
	      "  --set KEY=VALUE       a rule variable (HOME_NET=…) or a limit (depth, flow.memory, flow.max "
	      "…),\n"
	      "                        threshold-file=FILE: a threshold.config\n"
	      "  -k none               do not verify checksums\n"
	      "  -l DIR                write records to DIR/eve.json\n"
	      "  --eve KIND,…          which records (alert,drop,stats); all of them: all\n"
	      "  --severity FILE       lines of: sid severity\n"
	      "  --workers N           share the captures among N threads, by pairs of hosts (1); what "
	      "rules\n"
	      "                        count across pairs is counted by each worker\n"
	      "  --cache DIR|none      where compiled rules are kept (the user's cache folder)\n"
	      "exit: 0 nothing found, 1 alerts, 2 wrong use or unreadable input\n",
	      stderr);
	return EXIT_USAGE;
}

enum {
	OPTION_SET = 256,
	OPTION_SEVERITY,
	OPTION_CLASSIFICATION,
	OPTION_CACHE,
	OPTION_WORKERS,
	OPTION_EVE,
	OPTION_JSON,
	OPTION_HELP
};

/* Every file that pattern names; a pattern that names none is taken as a file, whose absence is then said. */
static int load_rules(struct inspection *inspection, const char *pattern)
{
	glob_t found;
	int error = 0;

	inspection->rules_given = true;
	if (glob(pattern, GLOB_NOCHECK, NULL, &found))
		return EXIT_FINDING;
	for (size_t i = 0; i < found.gl_pathc && !error; i++) {
		error = load_classification_beside(inspection, found.gl_pathv[i]);
		if (!error)
			error = load_file(inspection, found.gl_pathv[i], ruleset_add_rules);
	}
	globfree(&found);
	return error;
}

static void complain_eve(const char *text)
{
	fprintf(stderr, "--eve %s: kinds of records are", text);
	for (int kind = 0; kind < EVE_KIND_MAX; kind++)
		fprintf(stderr, " %s", eve_kind_names[kind]);
	fputs(", or all\n", stderr);
}

/* 0, or an exit status. */
static int take_option(struct inspection *inspection, int option)
{
	int error = 0;

	switch (option) {
	case 'S':
		error = load_rules(inspection, optarg);
		break;
	case 'k':
		if (strcmp(optarg, "none") && strcmp(optarg, "all"))
			return usage();
		inspection->options.verify_checksums = !strcmp(optarg, "all");
		break;
	case 'l':
		inspection->log_dir = optarg;
		break;
	case OPTION_SET:
		error = apply_setting(inspection, optarg);
		break;
	case OPTION_SEVERITY:
		error = load_file(inspection, optarg, ruleset_add_severity);
		break;
	case OPTION_CLASSIFICATION:
		error = load_file(inspection, optarg, ruleset_add_classification);
		break;
	case OPTION_CACHE:
		inspection->cache.folder = optarg;
		break;
	case OPTION_WORKERS:
		error = set_workers(inspection, optarg);
		break;
	case OPTION_EVE:
		error = eve_kinds_read(optarg, &inspection->records.kinds);
		if (error)
			complain_eve(optarg);
		break;
	case OPTION_JSON:
		inspection->json = true;
		break;
	default:
		return usage();
	}
	return error ? EXIT_USAGE : 0;
}

static const char short_options[] = "S:k:l:h";
static const struct option long_options[] = {
	{"set", required_argument, NULL, OPTION_SET},
	{"severity", required_argument, NULL, OPTION_SEVERITY},
	{"classification", required_argument, NULL, OPTION_CLASSIFICATION},
	{"cache", required_argument, NULL, OPTION_CACHE},
	{"workers", required_argument, NULL, OPTION_WORKERS},
	{"eve", required_argument, NULL, OPTION_EVE},
	{"json", no_argument, NULL, OPTION_JSON},
	{"help", no_argument, NULL, OPTION_HELP},
	{0},
};

static int load_data(struct inspection *inspection)
{
	int error = 0;

	for (unsigned int i = 0; i < inspection->data_count && !error; i++) {
		AUTO_FREE char *text = NULL;
		size_t len;

		error = file_read(AT_FDCWD, inspection->data[i].path, RULES_BYTES_MAX, &text, &len);
		if (!error)
			error = ruleset_add_data(inspection->builder, inspection->data[i].kind,
						 inspection->data[i].path, text, len, on_refused, inspection);
		if (error == -EINVAL)
			error = 0; /* lines were refused and named, the others hold */
		if (error)
			fprintf(stderr, "%s: %s\n", inspection->data[i].path, strerror(-error));
	}
	return error;
}

/* Variables, classes and severities must be known before the rules that use them, whatever the order on the
 * line. */
static int take_options(struct inspection *inspection, int argc, char **argv)
{
	int option, status;

	for (int pass = 0; pass < 2; pass++) {
		if (pass && load_data(inspection))
			return EXIT_USAGE;
		optind = 0;
		while ((option = getopt_long(argc, argv, short_options, long_options, NULL)) != -1) {
			if ((option == 'S') != pass)
				continue;
			status = take_option(inspection, option);
			if (status)
				return status;
		}
	}
	return optind == argc ? usage() : 0;
}

/* --- workers: each reads the captures by itself and looks at its share */

static void *read_captures(void *arg)
{
	struct inspection *inspection = arg;

	for (unsigned int i = 0; i < inspection->capture_count; i++) {
		inspection->capture_at = i;
		if (read_capture(inspection, inspection->captures[i]))
			inspection->status = EXIT_USAGE;
	}
	return NULL;
}

/* A worker of its own state over the same rules. */
static int worker_new(const struct inspection *first, unsigned int index, struct inspection *out)
{
	*out = (struct inspection){
		.options = first->options,
		.set = ruleset_ref(first->set),
		.log_dir = first->log_dir,
		.records.kinds = first->records.kinds,
		.workers = first->workers,
		.worker = index,
		.captures = first->captures,
		.capture_count = first->capture_count,
	};
	out->options.flow_memory /= first->workers;
	if (first->eve)
		out->part.file = tmpfile();
	if (first->eve && !out->part.file)
		return -errno;
	return prepare_inspector(out);
}

static void add_counters(struct inspector_stats *sum, const struct inspector_stats *more)
{
	uint64_t *to = (uint64_t *)sum;
	const uint64_t *from = (const uint64_t *)more;

	_Static_assert(sizeof(*sum) % sizeof(uint64_t) == 0, "the counters are numbers of one size");
	for (size_t i = 0; i < sizeof(*sum) / sizeof(uint64_t); i++)
		to[i] += from[i];
}

/* Takes up what a worker found; every worker saw every frame, so those are not added. */
static void worker_merge(struct inspection *to, const struct inspection *worker,
			 struct inspector_stats *stats)
{
	struct inspector_stats one;

	inspector_count(worker->inspector, &one);
	add_counters(stats, &one);
	for (size_t i = 0; i < worker->sid_count; i++)
		count_sid(to, worker->sids[i].sid, worker->sids[i].count);
	for (int kind = 0; kind < EVE_KIND_MAX; kind++)
		to->records.lost[kind] += worker->records.lost[kind];
	to->records.first_us = worker->records.first_us;
	to->records.last_us = worker->records.last_us;
	to->cut_frames += worker->cut_frames;
	if (worker->seconds > to->seconds)
		to->seconds = worker->seconds;
	if (worker->status)
		to->status = worker->status;
}

static int merge_records(struct inspection *inspection, struct inspection *workers)
{
	AUTO_FREE struct eve_part *parts = calloc(inspection->workers, sizeof(*parts));
	int error;

	if (!parts)
		return -ENOMEM;
	for (unsigned int i = 0; i < inspection->workers; i++)
		parts[i] = workers[i].part;
	error = eve_parts_merge(parts, inspection->workers, inspection->eve);
	if (error)
		fprintf(stderr, "%s/eve.json: %s\n", inspection->log_dir, strerror(-error));
	return error;
}

static int run_workers(struct inspection *inspection, struct inspection *workers,
		       struct inspector_stats *stats)
{
	pthread_t threads[WORKERS_MAX];
	unsigned int started = 0;
	int error = 0;

	while (started < inspection->workers && !error) {
		error = worker_new(inspection, started, &workers[started]);
		if (!error)
			error = -pthread_create(&threads[started], NULL, read_captures, &workers[started]);
		if (!error)
			started++;
	}
	for (unsigned int i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	for (unsigned int i = 0; i < started && !error; i++)
		worker_merge(inspection, &workers[i], stats);
	if (!error && inspection->eve)
		error = merge_records(inspection, workers);
	return error;
}

static int share_captures(struct inspection *inspection, struct inspector_stats *stats)
{
	AUTO_FREE struct inspection *workers = calloc(inspection->workers, sizeof(*workers));
	int error;

	if (!workers)
		return -ENOMEM;
	json_object_seed(0); /* jansson wants that before threads */
	error = run_workers(inspection, workers, stats);
	for (unsigned int i = 0; i < inspection->workers; i++)
		inspection_free(&workers[i]);
	return error;
}

static int inspect_all(struct inspection *inspection, int argc, char **argv)
{
	struct inspector_stats stats = {0};
	struct ruleset_counts rules;

	inspection->captures = argv + optind;
	inspection->capture_count = (unsigned int)(argc - optind);
	for (int i = optind; i < argc && inspection->workers > 1; i++) {
		if (strcmp(argv[i], "-"))
			continue;
		fputs("standard input can be read once only: one worker\n", stderr);
		inspection->workers = 1;
	}
	if (inspection->profile)
		inspection->workers = 1; /* two threads in turns on one processor would measure each other */
	if (prepare(inspection))
		return EXIT_USAGE;
	if (inspection->workers <= 1) {
		read_captures(inspection);
		inspector_count(inspection->inspector, &stats);
	} else if (share_captures(inspection, &stats)) {
		inspection->status = EXIT_USAGE;
	}
	ruleset_count(inspection->set, &rules);
	eve_writer_stats(&inspection->records, &stats, &rules);
	if (inspection->eve && fflush(inspection->eve)) {
		fprintf(stderr, "%s/eve.json: %s\n", inspection->log_dir, strerror(errno));
		inspection->status = EXIT_USAGE;
	}
	complain_lost(&inspection->records);
	if (inspection->profile &&
	    rules_profile_print(inspection->inspector, inspection->set, inspection->json))
		inspection->status = EXIT_USAGE;
	if (inspection->profile)
		return inspection->status;
	if (inspection->json)
		print_json(inspection, &stats, &rules);
	else
		print_text(inspection, &stats, &rules);
	return inspection->status ? inspection->status : stats.alerts ? EXIT_FINDING : 0;
}

static int inspect_command(int argc, char **argv, bool profile)
{
	struct inspection inspection = {.options.verify_checksums = true,
					.records.kinds = EVE_STANDARD,
					.json = client.json,
					.profile = profile};
	int status;

	if (ruleset_builder_new(&inspection.builder)) {
		fprintf(stderr, "%s\n", strerror(ENOMEM));
		return EXIT_USAGE;
	}
	ruleset_set_loader(inspection.builder, load_dataset, &inspection);
	status = take_options(&inspection, argc, argv);
	if (!status && !inspection.rules_given)
		fputs("no rules were given (-S): only decoding is shown\n", stderr);
	if (!status)
		status = inspect_all(&inspection, argc, argv);
	inspection_free(&inspection);
	return status;
}

int cmd_inspect(int argc, char **argv)
{
	return inspect_command(argc, argv, false);
}

int cmd_rules_profile(int argc, char **argv)
{
	return inspect_command(argc, argv, true);
}
