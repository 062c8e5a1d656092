// SPDX-License-Identifier: GPL-2.0-or-later
/* store.c - what goes in comes out, figures agree with events, and every loss is counted. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <sqlite3.h>
#include <zlib.h>

#include "lib/ktap.h"
#include "lib/postgres.h"
#include "store/store.h"
#include "store/store_private.h"

#define SEPTEMBER 1409529600000000ull /* 2014-09-01 00:00 UTC */
#define HOUR	  3600000000ull
#define DAY	  (24 * HOUR)

static char folder[64];
static bool on_server; /* the same test over PostgreSQL */
static unsigned int test_number;

static void folder_new(void)
{
	char path[96];
	FILE *file;

	snprintf(folder, sizeof(folder), "/tmp/sekimori-store.XXXXXX");
	CHECK(mkdtemp(folder));
	if (!on_server)
		return;
	snprintf(path, sizeof(path), "%s/" DB_SERVER_FILE, folder);
	file = fopen(path, "w");
	CHECK(file);
	fprintf(file, "host=%s user=postgres dbname=postgres\nt%u\n", postgres.dir, ++test_number);
	fclose(file);
}

static void folder_end(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	CHECK_EQ(system(command), 0);
}

static struct store *store_of(bool readonly)
{
	const struct store_options options = {.dir = folder, .readonly = readonly};
	char why[STORE_WHY_MAX] = "";
	struct store *store = NULL;

	CHECK_EQ(store_open(&options, &store, why), 0);
	return store;
}

static struct store_event alert(uint64_t t, uint32_t sid, uint8_t severity, uint8_t verdict)
{
	return (struct store_event){
		.t_packet = t,
		.t_match = t + 1000,
		.kind = STORE_ALERT,
		.severity = severity,
		.verdict = verdict,
		.proto = 6,
		.gid = 1,
		.sid = sid,
		.rev = 1,
		.src = {.b = {[10] = 0xff, [11] = 0xff, 198, 18, 0, (uint8_t)sid}},
		.dst = {.b = {[10] = 0xff, [11] = 0xff, 192, 0, 2, 1}},
		.src_port = 40000,
		.dst_port = 80,
		.label = "an attack",
		.rule = "{\"threat\":\"x\"}",
		.line = "{}",
		.line_len = 2,
	};
}

static bool count_row(const struct store_row *row, void *arg)
{
	++*(uint64_t *)arg;
	return true;
}

static uint64_t events_in(struct store *store, struct store_filter filter)
{
	uint64_t n = 0;

	CHECK_EQ(store_scan(store, &filter, count_row, &n), 0);
	return n;
}

static bool sum_figure(const struct store_figure *figure, void *arg)
{
	*(uint64_t *)arg += figure->count;
	return true;
}

static uint64_t figures_in(struct store *store, struct store_filter filter)
{
	uint64_t n = 0;

	CHECK_EQ(store_figures(store, &filter, sum_figure, &n), 0);
	return n;
}

static bool one_month(const struct store_month *month, void *arg)
{
	struct store_month *sum = arg;

	sum->inserted += month->inserted;
	sum->removed += month->removed;
	sum->lost += month->lost;
	sum->bytes += month->bytes;
	return true;
}

static struct store_month months_in(struct store *store)
{
	struct store_month sum = {0};

	CHECK_EQ(store_months(store, one_month, &sum), 0);
	return sum;
}

/* Of lines that no packing makes smaller. */
static void lines_random(char *line, size_t len)
{
	uint32_t random = 1;

	for (size_t i = 0; i < len; i++) {
		random = random * 1664525 + 1013904223;
		line[i] = (char)(random >> 24);
	}
}

static uint64_t mark(struct store *store, uint64_t id, uint64_t t)
{
	const struct store_run run = {id, 1};
	const struct store_marking marking = {
		.moment = STORE_DELIVERED, .t = t, .runs = &run, .run_count = 1};
	uint64_t marked;

	CHECK_EQ(store_mark(store, &marking, &marked), 0);
	return marked;
}

static void calendar(void)
{
	static const struct {
		uint64_t seconds;
		uint32_t year, month;
	} rows[] = {
		{0, 1970, 1},	       {951782399, 2000, 2},   {951868799, 2000, 2},   {951868800, 2000, 3},
		{1409529600, 2014, 9}, {1412121599, 2014, 9},  {1412121600, 2014, 10}, {4107542399, 2100, 2},
		{4107542400, 2100, 3}, {1735689599, 2024, 12}, {1735689600, 2025, 1},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		CHECK_EQ(month_of(rows[i].seconds * 1000000), rows[i].year * 12 + rows[i].month - 1);
	for (uint32_t month = 1970 * 12; month < 2400 * 12; month++) {
		CHECK_EQ(month_of(month_begin(month)), month);
		CHECK_EQ(month_of(month_begin(month + 1) - 1), month);
	}
}

struct seen {
	struct store_row row;
	char label[32], tenant[32];
	uint64_t id;
};

static bool see(const struct store_row *row, void *arg)
{
	struct seen *seen = arg;

	seen->row = *row;
	seen->id = row->event.id;
	snprintf(seen->label, sizeof(seen->label), "%s", row->event.label);
	snprintf(seen->tenant, sizeof(seen->tenant), "%s", row->event.tenant);
	return false;
}

static void round_trip(void)
{
	CLEANUP(store_close) struct store *store = NULL;
	struct store_event event = alert(SEPTEMBER + 5, 9000001, SEKI_SEVERITY_CRITICAL, SEKI_VERDICT_CUT);
	struct store_filter all = {.to = 0};
	struct seen seen = {0};
	AUTO_FREE char *line = NULL;
	size_t len = 0;

	folder_new();
	store = store_of(false);
	event.tenant = "shop";
	event.src = (struct seki_addr){.b = {0x20, 1, 0xd, 0xb8, [15] = 7}};
	event.line = "{\"a\":\"\xe3\x81\x82\"}";
	event.line_len = strlen(event.line);
	CHECK_EQ(store_insert(store, &event, 1).stored, 1);
	CHECK(event.id);
	CHECK_EQ(store_scan(store, &all, see, &seen), 0);
	CHECK_EQ(seen.id, event.id);
	CHECK_EQ(seen.row.event.t_packet, SEPTEMBER + 5);
	CHECK_EQ(seen.row.event.t_match, SEPTEMBER + 1005);
	CHECK_EQ(seen.row.event.verdict, SEKI_VERDICT_CUT);
	CHECK(!memcmp(&seen.row.event.src, &event.src, 16));
	CHECK(!memcmp(&seen.row.event.dst, &event.dst, 16));
	CHECK_STR(seen.label, "an attack");
	CHECK_STR(seen.tenant, "shop");
	CHECK_EQ(store_line(store, event.id, &line, &len), 0);
	CHECK_STR(line, event.line);
	CHECK_EQ(seen.row.moments[STORE_DELIVERED], 0);
	CHECK_EQ(mark(store, event.id, 77), 1);
	CHECK_EQ(mark(store, event.id, 99), 1);
	CHECK_EQ(mark(store, event.id + 1, 99), 0);
	CHECK_EQ(store_scan(store, &all, see, &seen), 0);
	CHECK_EQ(seen.row.moments[STORE_DELIVERED], 77);
	CHECK_EQ(seen.row.moments[STORE_ACKED], 0);
	folder_end();
}

/* Three months, two tenants; what any filter selects is the same in events and figures. */
static void filters_and_figures(void)
{
	enum { EVENTS = 6000 };
	CLEANUP(store_close) struct store *store = NULL;
	CLEANUP(store_close) struct store *reader = NULL;
	AUTO_FREE struct store_event *events = calloc(EVENTS, sizeof(*events));
	static const struct store_filter filters[] = {
		{.to = 0},
		{.from = SEPTEMBER, .to = SEPTEMBER + 30 * DAY},
		{.from = SEPTEMBER + 9 * HOUR, .to = SEPTEMBER + 40 * DAY + HOUR / 4},
		{.severities = 1u << SEKI_SEVERITY_CRITICAL, .verdicts = ~(1u << SEKI_VERDICT_BLOCKED)},
		{.sid = 3},
		{.tenant = "a"},
		{.tenant = "a",
		 .kinds = 1u << STORE_ALERT,
		 .from = SEPTEMBER + DAY,
		 .to = SEPTEMBER + 2 * DAY},
		{.kinds = 1u << STORE_DROP},
	};
	struct store_result result;

	folder_new();
	store = store_of(false);
	for (uint32_t i = 0; i < EVENTS; i++) {
		events[i] = alert(SEPTEMBER + (uint64_t)i * DAY / 100, 1 + i % 7, i % 4, i % 5);
		events[i].tenant = i % 2 ? "a" : "b";
		if (i % 3 == 0) {
			events[i].kind = STORE_DROP;
			events[i].sid = 0;
			events[i].label = i % 2 ? "listed-source" : "spoofed";
		}
	}
	result = store_insert(store, events, EVENTS);
	CHECK_EQ(result.stored, EVENTS);
	CHECK_EQ(result.lost, 0);
	reader = store_of(true); /* while the writer has it open */
	for (size_t i = 0; i < ARRAY_LEN(filters); i++) {
		uint64_t n = 0;

		for (uint32_t j = 0; j < EVENTS; j++) {
			const struct store_event *e = &events[j];
			const struct store_filter *f = &filters[i];

			n += e->t_packet >= f->from && (!f->to || e->t_packet < f->to) &&
			     (!f->severities || f->severities >> e->severity & 1) &&
			     (!f->verdicts || f->verdicts >> e->verdict & 1) &&
			     (!f->kinds || f->kinds >> e->kind & 1) && (!f->sid || f->sid == e->sid) &&
			     (!f->tenant || !strcmp(f->tenant, e->tenant));
		}
		CHECK(n > 0);
		CHECK_EQ(events_in(reader, filters[i]), n);
		{
			struct store_filter brief = filters[i];

			brief.brief = true;
			CHECK_EQ(events_in(reader, brief), n);
		}
		CHECK_EQ(figures_in(reader, filters[i]), n);
	}
	CHECK_EQ(events_in(reader, (struct store_filter){.host = &events[1].src}), EVENTS / 7);
	CHECK_EQ(events_in(reader, (struct store_filter){.limit = 10, .newest_first = true}), 10);
	CHECK_EQ(events_in(reader, (struct store_filter){.after = events[EVENTS - 5].id}), 4);
	{
		uint64_t n = 0;

		CHECK_EQ(store_figures(reader, &(struct store_filter){.from = SEPTEMBER + 1}, sum_figure, &n),
			 -EINVAL);
	}
	folder_end();
}

static bool in_order(const struct store_row *row, void *arg)
{
	uint64_t *last = arg;

	CHECK(row->event.t_packet >= *last);
	*last = row->event.t_packet;
	return true;
}

static void order_of_time(void)
{
	CLEANUP(store_close) struct store *store = NULL;
	struct store_event events[200];
	uint64_t last = 0;

	folder_new();
	store = store_of(false);
	for (size_t i = 0; i < ARRAY_LEN(events); i++) /* jumps to and fro over the end of the month */
		events[i] = alert(SEPTEMBER + 29 * DAY + (i * 7919 % 200) * HOUR / 4, 1, 0, 0);
	CHECK_EQ(store_insert(store, events, ARRAY_LEN(events)).stored, ARRAY_LEN(events));
	CHECK_EQ(store_scan(store, &(struct store_filter){.to = 0}, in_order, &last), 0);
	CHECK(month_of(last) != month_of(SEPTEMBER));
	folder_end();
}

static void refused_events(void)
{
	CLEANUP(store_close) struct store *store = NULL;
	struct store_event events[4];
	struct store_result result;

	folder_new();
	store = store_of(false);
	for (size_t i = 0; i < 4; i++)
		events[i] = alert(SEPTEMBER, 1, 0, 0);
	events[1].severity = SEKI_SEVERITY_MAX;
	events[2].t_packet = UINT64_MAX;
	result = store_insert(store, events, 4);
	CHECK_EQ(result.stored, 2);
	CHECK_EQ(result.lost, 2);
	CHECK_EQ(result.error, -EINVAL);
	CHECK(events[0].id && !events[1].id && !events[2].id && events[3].id);
	folder_end();
}

static void scribble(const char *name, off_t at)
{
	char path[128];
	uint8_t junk[8192];
	int fd;

	memset(junk, 0x5a, sizeof(junk));
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	fd = open(path, O_RDWR);
	CHECK(fd >= 0);
	CHECK_EQ(pwrite(fd, junk, sizeof(junk), at), (ssize_t)sizeof(junk));
	close(fd);
}

/* The month's tables are not what they were. */
static void damage_month(void)
{
	char sql[96];

	if (!on_server) {
		scribble("events-2014-09.db", 0);
		return;
	}
	snprintf(sql, sizeof(sql), "DROP TABLE t%u_events_2014_09.total", test_number);
	CHECK(postgres_sql(sql));
}

static void damage_index(void)
{
	char sql[96];

	if (!on_server) {
		scribble("index.db", 0);
		return;
	}
	snprintf(sql, sizeof(sql), "DELETE FROM t%u_index.version", test_number);
	CHECK(postgres_sql(sql));
}

static void damaged_month(void)
{
	CLEANUP(store_close) struct store *store = NULL;
	struct store_event events[100];
	struct store_month sum;

	folder_new();
	store = store_of(false);
	for (size_t i = 0; i < 100; i++)
		events[i] = alert(SEPTEMBER + i, 1, 0, 0);
	CHECK_EQ(store_insert(store, events, 100).stored, 100);
	store_close(TAKE_PTR(store));
	damage_month();
	store = store_of(false);
	sum = months_in(store);
	CHECK_EQ(sum.inserted, 100);
	CHECK_EQ(sum.lost, 100);
	CHECK_EQ(store_insert(store, events, 50).stored, 50);
	sum = months_in(store);
	CHECK_EQ(sum.inserted, 150);
	CHECK_EQ(sum.lost, 100);
	CHECK_EQ(events_in(store, (struct store_filter){.to = 0}), 50);
	folder_end();
}

static void damaged_index(void)
{
	CLEANUP(store_close) struct store *store = NULL;
	struct store_event events[100];

	folder_new();
	store = store_of(false);
	for (size_t i = 0; i < 100; i++)
		events[i] = alert(SEPTEMBER + i, 1, 0, 0);
	CHECK_EQ(store_insert(store, events, 100).stored, 100);
	store_close(TAKE_PTR(store));
	damage_index();
	store = store_of(false);
	CHECK_EQ(events_in(store, (struct store_filter){.to = 0}), 100);
	CHECK_EQ(figures_in(store, (struct store_filter){.to = 0}), 100);
	CHECK_EQ(months_in(store).inserted, 100);
	folder_end();
}

/* No room: the batch is refused whole, counted, and the store goes on when there is room again. */
static void no_room(void)
{
	CLEANUP(store_close) struct store *store = NULL;
	AUTO_FREE struct store_event *events = calloc(5000, sizeof(*events));
	AUTO_FREE char *line = malloc(5000 * 1000);
	struct rlimit before, small;
	struct store_result result;

	folder_new();
	lines_random(line, 5000 * 1000);
	store = store_of(false);
	for (size_t i = 0; i < 5000; i++) {
		events[i] = alert(SEPTEMBER + i, 1, 0, 0);
		events[i].line = line + i * 1000;
		events[i].line_len = 1000;
	}
	CHECK_EQ(store_insert(store, events, 100).stored, 100);
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &before);
	small = before;
	small.rlim_cur = 1u << 20;
	setrlimit(RLIMIT_FSIZE, &small);
	result = store_insert(store, events, 5000);
	setrlimit(RLIMIT_FSIZE, &before);
	CHECK_EQ(result.stored, 0);
	CHECK_EQ(result.lost, 5000);
	CHECK(result.error < 0);
	CHECK(!events[4999].id);
	result = store_insert(store, events, 5000);
	CHECK_EQ(result.stored, 5000);
	CHECK_EQ(events_in(store, (struct store_filter){.to = 0}), 5100);
	CHECK_EQ(figures_in(store, (struct store_filter){.to = 0}), 5100);
	CHECK_EQ(months_in(store).inserted, 5100);
	folder_end();
}

static void retention_by_age(void)
{
	CLEANUP(store_close) struct store *store = NULL;
	struct store_event events[90];
	struct store_retained out;
	struct store_month sum;

	folder_new();
	store = store_of(false);
	for (size_t i = 0; i < 90; i++)
		events[i] = alert(SEPTEMBER + i * DAY, 1 + i / 30, 0, 0);
	CHECK_EQ(store_insert(store, events, 90).stored, 90);
	store_limits(store, &(struct store_limits){.max_days = 61});
	CHECK_EQ(store_retain(store, SEPTEMBER + 91 * DAY - 1, &out), 0);
	CHECK_EQ(out.removed, 0); /* the last event of September is not 61 days old yet */
	CHECK_EQ(store_retain(store, SEPTEMBER + 91 * DAY, &out), 0);
	CHECK_EQ(out.removed, 30);
	CHECK_EQ(events_in(store, (struct store_filter){.to = 0}), 60);
	CHECK_EQ(figures_in(store, (struct store_filter){.to = 0}), 90);
	CHECK_EQ(figures_in(store, (struct store_filter){.sid = 1}), 30);
	sum = months_in(store);
	CHECK_EQ(sum.inserted, 90);
	CHECK_EQ(sum.removed, 30);
	CHECK_EQ(sum.lost, 0);
	/* A late one of that month begins a new file, whose figures add to those kept. */
	events[0].t_packet = SEPTEMBER;
	CHECK_EQ(store_insert(store, events, 1).stored, 1);
	CHECK_EQ(figures_in(store, (struct store_filter){.sid = 1}), 31);
	CHECK_EQ(store_retain(store, SEPTEMBER + 91 * DAY, &out), 0);
	CHECK_EQ(out.removed, 1);
	CHECK_EQ(figures_in(store, (struct store_filter){.sid = 1}), 31);
	sum = months_in(store);
	CHECK_EQ(sum.inserted, 91);
	CHECK_EQ(sum.removed, 31);
	CHECK_EQ(sum.lost, 0);
	folder_end();
}

/* Is the packed form of text anywhere in the folder's files? */
static bool lies_on_disk(const char *text)
{
	uint8_t packed[512];
	uLongf len = sizeof(packed);
	char path[128];
	AUTO_FREE char *data = malloc(1u << 22);
	bool found = false;

	CHECK_EQ(compress2(packed, &len, (const uint8_t *)text, strlen(text), 1), Z_OK);
	for (int i = 0; i < 2; i++) {
		AUTO_FILE FILE *file = NULL;
		size_t n;

		snprintf(path, sizeof(path), "%s/events-2014-09.db%s", folder, i ? "-wal" : "");
		file = fopen(path, "re");
		n = file ? fread(data, 1, 1u << 22, file) : 0;
		found |= memmem(data, n, packed, len) != NULL;
	}
	return found;
}

/* Each packet for the time of its severity; then it is gone from the disk, and its event is still there. */
static void packets_kept(void)
{
	static const char critical[] = "{\"packet\":\"Y3JpdGljYWw=\"}",
			  low[] = "{\"packet\":\"bG93bG93bG93\"}";
	const struct store_limits limits = {
		.packet_seconds = {[SEKI_SEVERITY_CRITICAL] = 3600, [SEKI_SEVERITY_LOW] = 60}};
	CLEANUP(store_close) struct store *store = NULL;
	struct store_event events[3] = {alert(SEPTEMBER, 1, SEKI_SEVERITY_CRITICAL, SEKI_VERDICT_CUT),
					alert(SEPTEMBER, 2, SEKI_SEVERITY_LOW, SEKI_VERDICT_CUT),
					alert(SEPTEMBER, 3, SEKI_SEVERITY_HIGH, SEKI_VERDICT_CUT)};
	struct store_retained out;
	AUTO_FREE char *first = NULL;
	AUTO_FREE char *second = NULL;
	char *none = NULL;

	folder_new();
	store = store_of(false);
	store_limits(store, &limits);
	events[0].packet = critical;
	events[1].packet = events[2].packet = low;
	CHECK_EQ(store_insert(store, events, 3).stored, 3);
	CHECK_EQ(store_packet(store, events[0].id, &first), 0);
	CHECK_STR(first, critical);
	CHECK_EQ(store_packet(store, events[1].id, &second), 0);
	CHECK_STR(second, low);
	CHECK_EQ(store_packet(store, events[2].id, &none), -ENOENT); /* none of that severity is kept */
	CHECK(on_server || lies_on_disk(low));
	CHECK_EQ(store_retain(store, SEPTEMBER + 60000000, &out), 0);
	CHECK_EQ(out.packets, 0);
	CHECK_EQ(store_retain(store, SEPTEMBER + 60000001, &out), 0);
	CHECK_EQ(out.packets, 1);
	CHECK_EQ(store_packet(store, events[1].id, &none), -ENOENT);
	CHECK(on_server || (!lies_on_disk(low) && lies_on_disk(critical)));
	/* A shorter time that is said later holds for what is there, too. */
	store_limits(store, &(struct store_limits){0});
	CHECK_EQ(store_retain(store, SEPTEMBER + 60000002, &out), 0);
	CHECK_EQ(out.packets, 1);
	CHECK_EQ(store_packet(store, events[0].id, &none), -ENOENT);
	CHECK_EQ(events_in(store, (struct store_filter){.to = 0}), 3);
	folder_end();
}

/* Between the figures' move into the index and the file's end: neither twice nor lost. */
static void retention_cut_short(void)
{
	CLEANUP(store_close) struct store *store = NULL;
	struct store_event events[30];

	folder_new();
	store = store_of(false);
	for (size_t i = 0; i < 30; i++)
		events[i] = alert(SEPTEMBER + i * DAY, 1, 0, 0);
	CHECK_EQ(store_insert(store, events, 30).stored, 30);
	CHECK_EQ(db_run(store->index, "UPDATE month SET kept = 1; INSERT INTO figure VALUES("
				      "1566144,0,1,1,0,0,'','',30,1409529600000000,1409529600000000)"),
		 0);
	CHECK_EQ(figures_in(store, (struct store_filter){.to = 0}), 30);
	store_close(TAKE_PTR(store));
	store = store_of(false);
	CHECK_EQ(figures_in(store, (struct store_filter){.to = 0}), 30);
	CHECK_EQ(events_in(store, (struct store_filter){.to = 0}), 0);
	CHECK_EQ(months_in(store).removed, 30);
	folder_end();
}

static void retention_by_size(void)
{
	CLEANUP(store_close) struct store *store = NULL;
	AUTO_FREE struct store_event *events = calloc(4000, sizeof(*events));
	AUTO_FREE char *line = malloc(4000 * 1000);
	struct store_retained out;
	struct store_month sum;

	folder_new();
	lines_random(line, 4000 * 1000);
	store = store_of(false);
	for (size_t i = 0; i < 4000; i++) {
		events[i] = alert(SEPTEMBER + 15 * DAY + i * DAY / 100, 1, 0, 0);
		events[i].line = line + i * 1000;
		events[i].line_len = 1000;
	}
	CHECK_EQ(store_insert(store, events, 4000).stored, 4000);
	CHECK(months_in(store).bytes > 4u << 20);
	store_limits(store, &(struct store_limits){.max_bytes = 2u << 20});
	CHECK_EQ(store_retain(store, SEPTEMBER + 60 * DAY, &out), 0);
	sum = months_in(store);
	CHECK(sum.bytes <= 2u << 20, "%llu bytes are left", (unsigned long long)sum.bytes);
	CHECK_EQ(sum.removed, out.removed);
	CHECK_EQ(events_in(store, (struct store_filter){.to = 0}), 4000 - out.removed);
	CHECK(out.removed > 1500 && out.removed < 3900, "removed %llu", (unsigned long long)out.removed);
	CHECK_EQ(figures_in(store, (struct store_filter){.to = 0}), 4000);
	/* the oldest went */
	CHECK_EQ(events_in(store, (struct store_filter){.to = SEPTEMBER + 30 * DAY}), 0);
	CHECK_EQ(events_in(store, (struct store_filter){.after = events[3900].id}), 99);
	folder_end();
}

static bool see_counter(const char *name, uint64_t sum, void *arg)
{
	uint64_t *sums = arg;

	sums[!strcmp(name, "alive.ms")] += sum;
	return true;
}

static void counters(void)
{
	CLEANUP(store_close) struct store *store = NULL;
	const struct store_delta deltas[] = {{"alive.ms", 1000}, {"lost.ring-full", 3}, {"lost.spool", 0}};
	uint64_t sums[2] = {0};

	folder_new();
	store = store_of(false);
	for (uint64_t i = 0; i < 10; i++)
		CHECK_EQ(store_count(store, SEPTEMBER + i * STORE_SLOT_US / 2, deltas, ARRAY_LEN(deltas)), 0);
	CHECK_EQ(store_counters(store, SEPTEMBER, SEPTEMBER + 2 * STORE_SLOT_US, see_counter, sums), 0);
	CHECK_EQ(sums[1], 4000);
	CHECK_EQ(sums[0], 12);
	folder_end();
}

static bool see_notice(const struct store_notice *notice, void *arg)
{
	*(uint64_t *)arg = *(uint64_t *)arg * 100 + notice->count;
	return true;
}

static uint64_t notices_in(struct store *store, bool open_only)
{
	uint64_t seen = 0;

	CHECK_EQ(store_notices(store, 0, 0, open_only, see_notice, &seen), 0);
	return seen;
}

/* An acknowledgement is a person's word: what the notifier tells later does not take it back. */
static void notices(void)
{
	CLEANUP(store_close) struct store *store = NULL;
	struct store_notice notice = {.id = 3, .count = 1, .t_first = SEPTEMBER, .sid = 7};
	struct store_notice other = {.id = 4, .count = 2, .t_first = SEPTEMBER + 1};
	struct store_event events[3];
	const struct store_filter acked = {.urgent = true, .untold = false};
	struct store_marking marking = {.moment = STORE_SENT, .t = SEPTEMBER + 2, .notice = 3};
	struct store_run runs[2];
	struct seen seen = {.id = 0};
	uint64_t marked;

	folder_new();
	store = store_of(false);
	for (uint32_t i = 0; i < 3; i++)
		events[i] = alert(SEPTEMBER + i, 1, SEKI_SEVERITY_CRITICAL, SEKI_VERDICT_CUT);
	CHECK_EQ(store_insert(store, events, 3).stored, 3);
	CHECK_EQ(events_in(store, (struct store_filter){.untold = true}), 3);
	runs[0] = (struct store_run){events[0].id, 1};
	runs[1] = (struct store_run){events[2].id, 1};
	marking.runs = runs;
	marking.run_count = 2;
	CHECK_EQ(store_mark(store, &marking, &marked), 0);
	CHECK_EQ(marked, 2);
	CHECK_EQ(events_in(store, (struct store_filter){.untold = true}), 1);
	CHECK_EQ(store_notice_put(store, &notice), 0);
	CHECK_EQ(store_notice_put(store, &other), 0);
	notice.count = 9;
	CHECK_EQ(store_notice_put(store, &notice), 0);
	CHECK_EQ(notices_in(store, false), 209);
	CHECK_EQ(notices_in(store, true), 209);
	CHECK_EQ(store_notice_ack(store, 3, SEPTEMBER + 5, "hanako", "restored"), 0);
	CHECK_EQ(store_notice_ack(store, 3, SEPTEMBER + 6, "taro", ""), -EALREADY);
	CHECK_EQ(store_notice_ack(store, 5, SEPTEMBER + 6, "taro", ""), -ENOENT);
	notice.count = 10;
	CHECK_EQ(store_notice_put(store, &notice), 0);
	CHECK_EQ(notices_in(store, true), 2);
	CHECK_EQ(store_scan(store, &acked, see, &seen), 0);
	CHECK_EQ(seen.row.notice, 3);
	CHECK_EQ(seen.row.moments[STORE_ACKED], SEPTEMBER + 5);
	folder_end();
}

/* Lines lie packed in the order of their ids; any of them is found, also the long, the empty and the first of
 * a pack. */
static void lines_packed(void)
{
	CLEANUP(store_close) struct store *store = NULL;
	static struct store_event events[200];
	static char text[200][64], large[400000];
	AUTO_FREE char *line = NULL;
	size_t len;

	folder_new();
	store = store_of(false);
	memset(large, 'y', sizeof(large));
	for (uint32_t i = 0; i < 200; i++) {
		events[i] = alert(SEPTEMBER + i, 1, SEKI_SEVERITY_LOW, SEKI_VERDICT_PASSED);
		events[i].line_len = (size_t)snprintf(text[i], sizeof(text[i]), "{\"number\":%u}", i);
		events[i].line = text[i];
	}
	events[70].line_len = 0;
	events[100].line = large;
	events[100].line_len = sizeof(large);
	CHECK_EQ(store_insert(store, events, 200).stored, 200);
	for (uint32_t i = 0; i < 200; i++) {
		free(TAKE_PTR(line));
		if (i == 70) {
			CHECK_EQ(store_line(store, events[i].id, &line, &len), -ENOENT);
			continue;
		}
		CHECK_EQ(store_line(store, events[i].id, &line, &len), 0);
		CHECK(len == events[i].line_len && !memcmp(line, events[i].line, len), "line %u", i);
	}
	CHECK_EQ(store_line(store, events[199].id + 1, &line, &len), -ENOENT);
	folder_end();
}

/* The index of hosts is made in steps: an address is found on both sides of the last one. */
static void hosts_found(void)
{
	CLEANUP(store_close) struct store *store = NULL;
	static struct store_event events[10000];
	struct seki_addr host = {.b = {[10] = 0xff, [11] = 0xff, 198, 18, 0, 7}};

	folder_new();
	store = store_of(false);
	for (uint32_t batch = 0; batch < 14; batch++) {
		for (uint32_t i = 0; i < ARRAY_LEN(events); i++)
			events[i] = alert(SEPTEMBER + i, i % 100, SEKI_SEVERITY_LOW, SEKI_VERDICT_PASSED);
		events[0].dst = host;
		events[7].dst = host; /* both ends the same: one event */
		CHECK_EQ(store_insert(store, events, ARRAY_LEN(events)).stored, ARRAY_LEN(events));
		CHECK_EQ(events_in(store, (struct store_filter){.host = &host}), (batch + 1) * 101);
	}
	folder_end();
}

/* A month and an index that the first version wrote: everything is there, what was sent is not sent again. */
static void upgraded(void)
{
	static const char month[] =
		"CREATE TABLE event(id INTEGER PRIMARY KEY, t INTEGER NOT NULL, t_match INTEGER NOT NULL, "
		"kind INTEGER "
		"NOT NULL, severity INTEGER NOT NULL, verdict INTEGER NOT NULL, proto INTEGER NOT NULL, "
		"target INTEGER "
		"NOT NULL, src BLOB, dst BLOB, sport INTEGER NOT NULL, dport INTEGER NOT NULL, gid INTEGER "
		"NOT NULL, "
		"sid INTEGER NOT NULL, rev INTEGER NOT NULL, tenant TEXT NOT NULL, label TEXT NOT NULL, list "
		"TEXT NOT "
		"NULL, iface TEXT NOT NULL, t_sent INTEGER, t_delivered INTEGER, t_acked INTEGER);"
		"CREATE TABLE line(id INTEGER PRIMARY KEY, line BLOB NOT NULL);"
		"CREATE TABLE rule(gid INTEGER NOT NULL, sid INTEGER NOT NULL, rev INTEGER NOT NULL, label "
		"TEXT NOT "
		"NULL, json TEXT NOT NULL, PRIMARY KEY(gid, sid)) WITHOUT ROWID;"
		"CREATE TABLE figure(slot INTEGER NOT NULL, kind INTEGER NOT NULL, gid INTEGER NOT NULL, sid "
		"INTEGER "
		"NOT NULL, severity INTEGER NOT NULL, verdict INTEGER NOT NULL, tenant TEXT NOT NULL, label "
		"TEXT NOT "
		"NULL, n INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, PRIMARY KEY(slot, "
		"kind, gid, "
		"sid, severity, verdict, tenant, label)) WITHOUT ROWID;"
		"CREATE TABLE total(inserted INTEGER NOT NULL, removed INTEGER NOT NULL); INSERT INTO total "
		"VALUES(2, "
		"0);"
		"CREATE INDEX event_t ON event(t); CREATE INDEX event_src ON event(src) WHERE src IS NOT "
		"NULL;"
		"CREATE INDEX event_dst ON event(dst) WHERE dst IS NOT NULL;"
		"CREATE INDEX event_urgent ON event(t) WHERE kind = 0 AND severity = 3 AND verdict != 1;"
		"INSERT INTO event VALUES(1, 1409529600000000, 1409529600000000, 0, 3, 2, 6, 0, X'C6120007', "
		"X'C0000201', 1, 80, 1, 9, 1, '', '', '', 'wan', 1409529600000001, NULL, NULL);"
		"INSERT INTO event VALUES(2, 1409529600000002, 1409529600000002, 0, 3, 2, 6, 0, X'C6120007', "
		"X'C0000201', 1, 80, 1, 9, 1, '', '', '', 'wan', NULL, NULL, NULL);"
		"INSERT INTO line VALUES(2, 'the second');"
		"PRAGMA user_version=1;";
	CLEANUP(store_close) struct store *store = NULL;
	struct seki_addr host = {.b = {[10] = 0xff, [11] = 0xff, 198, 18, 0, 7}};
	struct store_event fresh = alert(SEPTEMBER + 9, 9, SEKI_SEVERITY_CRITICAL, SEKI_VERDICT_CUT);
	const struct store_options reader = {.dir = folder, .readonly = true};
	char path[128], why[STORE_WHY_MAX];
	AUTO_FREE char *line = NULL;
	uint64_t id;
	size_t len;
	sqlite3 *db;

	folder_new();
	snprintf(path, sizeof(path), "%s/events-2014-09.db", folder);
	CHECK_EQ(sqlite3_open(path, &db), SQLITE_OK);
	CHECK_EQ(sqlite3_exec(db, month, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	snprintf(path, sizeof(path), "%s/index.db", folder);
	CHECK_EQ(sqlite3_open(path, &db), SQLITE_OK);
	CHECK_EQ(sqlite3_exec(db, "CREATE TABLE notice(id INTEGER PRIMARY KEY); PRAGMA user_version=1", NULL,
			      NULL, NULL),
		 SQLITE_OK);
	sqlite3_close(db);
	CHECK_EQ(store_open(&reader, &store, why), -EPROTO); /* a reader changes nothing, and says so */
	CHECK(strstr(why, "upgrades"), "%s", why);
	snprintf(path, sizeof(path), "rm -f '%s'/index.db*",
		 folder); /* its tables beside notices are not in this test */
	CHECK_EQ(system(path), 0);
	store = store_of(false);
	id = (uint64_t)month_of(SEPTEMBER) << STORE_ID_BITS | 2;
	CHECK_EQ(events_in(store, (struct store_filter){0}), 2);
	CHECK_EQ(events_in(store, (struct store_filter){.host = &host}), 2);
	CHECK_EQ(events_in(store, (struct store_filter){.untold = true}), 1);
	CHECK_EQ(store_line(store, id, &line, &len), 0);
	CHECK_STR(line, "the second");
	CHECK_EQ(store_insert(store, &fresh, 1).stored, 1);
	CHECK_EQ(fresh.id, id + 1);
	CHECK_EQ(months_in(store).inserted, 3);
	CHECK_EQ(months_in(store).lost, 0);
	folder_end();
}

/* The server goes in the middle: a batch is refused whole and stored when it is back; a reader says so, too.
 */
static void server_away(void)
{
	CLEANUP(store_close) struct store *store = NULL;
	CLEANUP(store_close) struct store *reader = NULL;
	CLEANUP(store_close) struct store *early = NULL;
	struct store_filter all = {.to = 0};
	struct store_event events[100];
	struct store_result result;
	const struct store_options options = {.dir = folder}, reading = {.dir = folder, .readonly = true};
	char why[STORE_WHY_MAX] = "";
	uint64_t n = 0;

	folder_new();
	store = store_of(false);
	for (size_t i = 0; i < 100; i++)
		events[i] = alert(SEPTEMBER + i, 1, 0, 0);
	CHECK_EQ(store_insert(store, events, 100).stored, 100);
	reader = store_of(true);
	CHECK_EQ(events_in(reader, all), 100);
	postgres_stop();
	result = store_insert(store, events, 100);
	CHECK_EQ(result.stored, 0);
	CHECK_EQ(result.lost, 100);
	CHECK_EQ(result.error, -ENOTCONN);
	CHECK_EQ(store_scan(reader, &all, count_row, &n), -ENOTCONN);
	CHECK_EQ(store_open(&reading, &early, why), -ENOTCONN);
	CHECK(strstr(why, "PostgreSQL"), "%s", why);
	store_close(TAKE_PTR(store));
	CHECK_EQ(store_open(&options, &store, why),
		 0); /* a daemon that starts without its server waits for it */
	CHECK_EQ(store_insert(store, events, 100).stored, 0);
	CHECK(postgres_start());
	CHECK_EQ(store_insert(store, events, 100).stored, 100);
	CHECK_EQ(events_in(reader, all), 200);
	CHECK_EQ(months_in(store).inserted, 200);
	CHECK_EQ(months_in(store).lost, 0);
	folder_end();
}

/* Two daemons that were given the same names would mix their events. */
static void second_writer(void)
{
	CLEANUP(store_close) struct store *store = NULL;
	CLEANUP(store_close) struct store *other = NULL;
	struct store_event event = alert(SEPTEMBER, 1, 0, 0);
	const struct store_options options = {.dir = folder};
	char why[STORE_WHY_MAX] = "";

	folder_new();
	store = store_of(false);
	CHECK_EQ(store_open(&options, &other, why), 0);
	CHECK_EQ(store_insert(other, &event, 1).error, -ENOTCONN);
	store_close(TAKE_PTR(store));
	CHECK_EQ(store_insert(other, &event, 1).stored, 1);
	folder_end();
}

static bool line_of_each(const struct store_row *row, void *arg)
{
	AUTO_FREE char *line = NULL;
	size_t len;

	CHECK_EQ(store_line(arg, row->event.id, &line, &len), 0);
	return true;
}

/* Whoever reads rows may ask for something else meanwhile; what is no UTF-8 is no reason to lose a batch. */
static void text_and_walks(void)
{
	CLEANUP(store_close) struct store *store = NULL;
	static struct store_event events[5000];
	struct seen seen = {0};

	folder_new();
	store = store_of(false);
	for (size_t i = 0; i < ARRAY_LEN(events); i++) {
		events[i] = alert(SEPTEMBER + i, 0, 0, 0);
		events[i].label = i ? "a'b\"; DROP" : "\xff\xed\xa0\x80\xe3\x81\x82";
	}
	CHECK_EQ(store_insert(store, events, ARRAY_LEN(events)).stored, ARRAY_LEN(events));
	CHECK_EQ(store_scan(store, &(struct store_filter){.limit = 4500}, line_of_each, store), 0);
	CHECK_EQ(store_scan(store, &(struct store_filter){.limit = 1}, see, &seen), 0);
	CHECK(strstr(seen.label, "\xe3\x81\x82"), "%s", seen.label);
	folder_end();
}

static void over_server(void (*test)(void))
{
	const char *why = postgres_there();

	if (why && *why)
		SKIP(why);
	if (!CHECK(!why, "the server that is installed did not start"))
		return;
	on_server = true;
	test();
	on_server = false;
}

#define ON_SERVER(test)                                                                                      \
	static void test##_on_server(void)                                                                   \
	{                                                                                                    \
		over_server(test);                                                                           \
	}
ON_SERVER(round_trip)
ON_SERVER(filters_and_figures)
ON_SERVER(order_of_time)
ON_SERVER(refused_events)
ON_SERVER(damaged_month)
ON_SERVER(damaged_index)
ON_SERVER(retention_by_age)
ON_SERVER(retention_cut_short)
ON_SERVER(packets_kept)
ON_SERVER(retention_by_size)
ON_SERVER(counters)
ON_SERVER(notices)
ON_SERVER(lines_packed)
ON_SERVER(hosts_found)
ON_SERVER(text_and_walks)
ON_SERVER(server_away)
ON_SERVER(second_writer)

static const struct ktap_test tests[] = {
	TEST(calendar),
	TEST(round_trip),
	TEST(filters_and_figures),
	TEST(order_of_time),
	TEST(refused_events),
	TEST(damaged_month),
	TEST(damaged_index),
	TEST(no_room),
	TEST(retention_by_age),
	TEST(retention_cut_short),
	TEST(packets_kept),
	TEST(retention_by_size),
	TEST(counters),
	TEST(notices),
	TEST(lines_packed),
	TEST(hosts_found),
	TEST(text_and_walks),
	TEST(upgraded),
	TEST(round_trip_on_server),
	TEST(filters_and_figures_on_server),
	TEST(order_of_time_on_server),
	TEST(refused_events_on_server),
	TEST(damaged_month_on_server),
	TEST(damaged_index_on_server),
	TEST(retention_by_age_on_server),
	TEST(retention_cut_short_on_server),
	TEST(packets_kept_on_server),
	TEST(retention_by_size_on_server),
	TEST(counters_on_server),
	TEST(notices_on_server),
	TEST(lines_packed_on_server),
	TEST(hosts_found_on_server),
	TEST(text_and_walks_on_server),
	TEST(server_away_on_server),
	TEST(second_writer_on_server),
};
KTAP_MAIN(tests)
