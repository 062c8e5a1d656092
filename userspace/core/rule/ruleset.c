// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ruleset.c - reads rule files into a builder; the finished set with its
 * references and look-ups. Compiling is ruleset_build.c.
 */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "ruleset_build.h"
#include "severity.h"

/* What a set starts with; every row may be replaced by ruleset_set_variable(). */
static const struct {
	const char *name, *value;
} ruleset_variables[] = {
	{"HOME_NET", "[192.168.0.0/16,10.0.0.0/8,172.16.0.0/12,fc00::/7]"},
	{"EXTERNAL_NET", "any"},
	{"HTTP_SERVERS", "$HOME_NET"},
	{"SMTP_SERVERS", "$HOME_NET"},
	{"SQL_SERVERS", "$HOME_NET"},
	{"DNS_SERVERS", "$HOME_NET"},
	{"TELNET_SERVERS", "$HOME_NET"},
	{"AIM_SERVERS", "$EXTERNAL_NET"},
	{"DC_SERVERS", "$HOME_NET"},
	{"DNP3_SERVER", "$HOME_NET"},
	{"DNP3_CLIENT", "$HOME_NET"},
	{"MODBUS_CLIENT", "$HOME_NET"},
	{"MODBUS_SERVER", "$HOME_NET"},
	{"ENIP_CLIENT", "$HOME_NET"},
	{"ENIP_SERVER", "$HOME_NET"},
	{"HTTP_PORTS", "80"},
	{"SHELLCODE_PORTS", "!80"},
	{"ORACLE_PORTS", "1521"},
	{"SSH_PORTS", "22"},
	{"DNP3_PORTS", "20000"},
	{"MODBUS_PORTS", "502"},
	{"FILE_DATA_PORTS", "[$HTTP_PORTS,110,143]"},
	{"FTP_PORTS", "21"},
	{"GENEVE_PORTS", "6081"},
	{"VXLAN_PORTS", "4789"},
	{"TEREDO_PORTS", "3544"},
};

int ruleset_builder_fill(struct ruleset_builder *builder)
{
	int err = transform_pool_new(&builder->transforms);

	if (!err)
		err = text_pool_new(&builder->texts);
	if (!err)
		err = dataset_pool_new(&builder->datasets);
	if (!err)
		err = reputation_new(&builder->reputation);
	return err;
}

int ruleset_builder_new(struct ruleset_builder **out)
{
	CLEANUP(ruleset_builder_free) struct ruleset_builder *builder = calloc(1, sizeof(*builder));
	const char *why;
	int err;

	if (!builder)
		return -ENOMEM;
	err = rule_groups_init(&builder->groups, &builder->arena);
	builder->names = rule_names_new();
	if (!err)
		err = ruleset_builder_fill(builder);
	/* Its first block stays from rule to rule. */
	if (err || !builder->names || !arena_alloc(&builder->scratch, 1))
		return -ENOMEM;
	classification_init(&builder->classes);
	reference_init(&builder->references);
	err = ruleset_set_action_order(builder, "pass,drop,reject,alert", &why);
	if (err)
		return err;
	for (size_t i = 0; i < ARRAY_LEN(ruleset_variables); i++) {
		err = rule_groups_set(&builder->groups, ruleset_variables[i].name, ruleset_variables[i].value,
				      &why);
		if (err)
			return err;
	}
	*out = TAKE_PTR(builder);
	return 0;
}

void ruleset_builder_free(struct ruleset_builder *builder)
{
	if (!builder)
		return;
	for (uint32_t i = 0; i < builder->count; i++)
		rule_clear(builder->rules[i]);
	free(builder->rules);
	rule_groups_clear(&builder->groups);
	rule_names_free(builder->names);
	text_pool_free(builder->texts);
	transform_pool_free(builder->transforms);
	dataset_pool_free(builder->datasets);
	reputation_free(builder->reputation);
	free(builder->files);
	severity_clear(&builder->severities);
	free(builder->sids);
	arena_clear(&builder->arena);
	arena_clear(&builder->scratch);
	free(builder);
}

int ruleset_set_action_order(struct ruleset_builder *builder, const char *order, const char **why)
{
	uint8_t rank[RULE_PASS + 1];
	unsigned int seen = 0;

	for (uint8_t i = 0; i <= RULE_PASS; i++) {
		size_t len = strcspn(order, ",");
		enum rule_action action;

		if (!rule_action_find(order, len, &action) || seen & 1u << action) {
			*why = "not pass, drop, reject and alert, each once";
			return -EINVAL;
		}
		seen |= 1u << action;
		rank[action] = i;
		order += len + (order[len] == ',');
	}
	if (*order) {
		*why = "more than four actions";
		return -EINVAL;
	}
	memcpy(builder->action_rank, rank, sizeof(rank));
	return 0;
}

int ruleset_set_variable(struct ruleset_builder *builder, const char *name, const char *value,
			 const char **why)
{
	return rule_groups_set(&builder->groups, name, value, why);
}

int ruleset_add_classification(struct ruleset_builder *builder, const char *file, const char *text,
			       size_t len, ruleset_refused_fn fn, void *arg)
{
	return classification_read(&builder->classes, &builder->arena, file, text, len, fn, arg);
}

int ruleset_add_severity(struct ruleset_builder *builder, const char *file, const char *text, size_t len,
			 ruleset_refused_fn fn, void *arg)
{
	return severity_read(&builder->severities, file, text, len, fn, arg);
}

const char *const rule_data_words[RULE_DATA_MAX + 1] = {
#define X(id, word, help) [RULE_DATA_##id] = word,
	RULE_DATA_KINDS(X)
#undef X
};

static int ruleset_keep_file(struct ruleset_builder *builder, const char *file, const char *text, size_t len)
{
	struct ruleset_file *files;
	const char *name = arena_string(&builder->arena, file, strlen(file));

	if (builder->file_count == DATASET_SETS_MAX)
		return -E2BIG;
	files = realloc(builder->files, (builder->file_count + 1u) * sizeof(*files));
	if (files)
		builder->files = files;
	if (!files || !name)
		return -ENOMEM;
	files[builder->file_count++] = (struct ruleset_file){name, text, len};
	return 0;
}

int ruleset_add_data(struct ruleset_builder *builder, enum rule_data_kind kind, const char *file,
		     const char *text, size_t len, ruleset_refused_fn fn, void *arg)
{
	switch (kind) {
	case RULE_DATA_THRESHOLD:
		return threshold_read(&builder->thresholds, &builder->arena, &builder->groups, file, text,
				      len, fn, arg);
	case RULE_DATA_REFERENCES:
		return reference_read(&builder->references, &builder->arena, file, text, len, fn, arg);
	case RULE_DATA_CATEGORIES:
		return reputation_read_categories(builder->reputation, file, text, len, fn, arg);
	case RULE_DATA_REPUTATION:
		return reputation_read(builder->reputation, file, text, len, fn, arg);
	case RULE_DATA_SET:
		return ruleset_keep_file(builder, file, text, len);
	default:
		return -EINVAL;
	}
}

int ruleset_set_previous(struct ruleset_builder *builder, struct ruleset *previous)
{
	builder->previous = previous;
	return previous ? text_pool_reuse(builder->texts, previous->texts) : 0;
}

void ruleset_set_loader(struct ruleset_builder *builder, ruleset_load_fn fn, void *arg)
{
	builder->load = fn;
	builder->load_arg = arg;
}

/* Keeps (gid, sid) in an open hash so that a second rule of the same number is refused. -EEXIST, -ENOMEM. */
static int ruleset_take_sid(struct ruleset_builder *builder, uint32_t gid, uint32_t sid)
{
	uint64_t key = (uint64_t)gid << 32 | sid;
	uint32_t at;

	if (builder->count * 2 >= builder->sid_room) {
		uint32_t room = builder->sid_room ? builder->sid_room * 2 : 4096;
		uint64_t *sids = calloc(room, sizeof(*sids));

		if (!sids)
			return -ENOMEM;
		for (uint32_t i = 0; i < builder->sid_room; i++) {
			if (!builder->sids[i])
				continue;
			at = (uint32_t)(builder->sids[i] * 2654435761u) & (room - 1);
			while (sids[at])
				at = (at + 1) & (room - 1);
			sids[at] = builder->sids[i];
		}
		free(builder->sids);
		builder->sids = sids;
		builder->sid_room = room;
	}
	at = (uint32_t)(key * 2654435761u) & (builder->sid_room - 1);
	for (; builder->sids[at]; at = (at + 1) & (builder->sid_room - 1)) {
		if (builder->sids[at] == key)
			return -EEXIST;
	}
	builder->sids[at] = key;
	return 0;
}

static int ruleset_keep(struct ruleset_builder *builder, struct rule *rule)
{
	if (builder->count == builder->room) {
		uint32_t room = builder->room ? builder->room * 2 : 1024;
		struct rule **rules = realloc(builder->rules, room * sizeof(struct rule *));

		if (!rules)
			return -ENOMEM;
		builder->rules = rules;
		builder->room = room;
	}
	builder->rules[builder->count++] = rule;
	return 0;
}

struct ruleset_place {
	const char *file;
	unsigned int line;
	ruleset_refused_fn fn;
	void *arg;
};

struct ruleset_load {
	const struct ruleset_builder *builder;
	const struct ruleset_place *place;
};

/* The part of a path that names the file. */
static const char *ruleset_base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* A file that was given beforehand by that path or, for want of a folder to start from, by that name; else
 * the loader's. */
static int ruleset_load_set(const struct rule_context *context, const char *name, struct dataset *set,
			    const struct dataset_source *source)
{
	const struct ruleset_load *load = context->load_arg;
	const struct ruleset_builder *builder = load->builder;
	const struct ruleset_place *place = load->place;
	const struct ruleset_file *file = NULL;
	AUTO_FREE char *text = NULL;
	size_t len = 0;

	for (uint32_t i = 0; i < builder->file_count; i++) {
		const struct ruleset_file *one = &builder->files[i];

		if (!strcmp(one->name, name) ||
		    (!file && !strcmp(ruleset_base_name(one->name), ruleset_base_name(name))))
			file = one;
	}
	if (file)
		return dataset_load(set, source, file->name, file->text, file->len, place->fn, place->arg);
	if (!builder->load || builder->load(place->file, name, &text, &len, builder->load_arg))
		return -ENOENT;
	return dataset_load(set, source, name, text, len, place->fn, place->arg);
}

/* The number is taken: a later revision takes the place of the older one, whose line is told. -EEXIST: it is
 * none. */
static int ruleset_supersede(struct ruleset_builder *builder, const struct ruleset_place *place,
			     struct rule *rule)
{
	uint32_t i = 0;

	while (i < builder->count && (builder->rules[i]->info.sid != rule->info.sid ||
				      builder->rules[i]->info.gid != rule->info.gid))
		i++;
	if (i == builder->count || builder->rules[i]->info.rev >= rule->info.rev)
		return -EEXIST;
	builder->failed++;
	if (place->fn)
		place->fn(builder->rules[i]->info.file, builder->rules[i]->info.line, rule->info.sid, "rev",
			  "a later revision takes its place", place->arg);
	rule_clear(builder->rules[i]);
	builder->rules[i] = rule;
	return 0;
}

static int ruleset_add_rule(struct ruleset_builder *builder, const struct ruleset_place *place,
			    const char *text, size_t len)
{
	struct ruleset_load load = {builder, place};
	struct rule_context context = {
		.arena = &builder->arena,
		.scratch = &builder->scratch,
		.groups = &builder->groups,
		.names = builder->names,
		.texts = builder->texts,
		.classes = &builder->classes,
		.references = &builder->references,
		.transforms = builder->transforms,
		.datasets = builder->datasets,
		.reputation = builder->reputation,
		.load = ruleset_load_set,
		.load_arg = &load,
	};
	struct rule_refusal refusal;
	struct rule *rule;
	int err = rule_parse(&context, text, len, &rule, &refusal);

	if (!err) {
		rule->info.file = place->file;
		rule->info.line = place->line;
		err = ruleset_take_sid(builder, rule->info.gid, rule->info.sid);
		if (err == -EEXIST && !ruleset_supersede(builder, place, rule))
			return 0;
		if (err == -EEXIST)
			refusal = (struct rule_refusal){rule->info.sid, "sid", "the number is already taken"};
		if (!err)
			err = ruleset_keep(builder, rule);
		if (err)
			rule_clear(rule);
	}
	if (err == -ENOMEM)
		return err;
	if (err) {
		builder->failed++;
		if (place->fn)
			place->fn(place->file, place->line, refusal.sid, refusal.keyword, refusal.why,
				  place->arg);
	}
	return 0;
}

void ruleset_set_clock(struct ruleset_builder *builder, double (*now_ms)(void))
{
	builder->now_ms = now_ms;
}

void ruleset_set_cache(struct ruleset_builder *builder, ruleset_fetch_fn fetch, void *arg)
{
	builder->fetch = fetch;
	builder->fetch_arg = arg;
}

void ruleset_cache_name(const struct ruleset *set, char name[RULESET_CACHE_NAME_MAX])
{
	digest_text(set->cache_key, sizeof(set->cache_key), '\0', name);
	strcat(name, ".rules");
}

double ruleset_builder_now(const struct ruleset_builder *builder)
{
	return builder->now_ms ? builder->now_ms() : 0;
}

/* Lines that end in a backslash go on in the next; the joined text is built in *joined. */
static int ruleset_join(char **joined, size_t *used, const char *line, size_t len)
{
	char *more = realloc(*joined, *used + len + 1);

	if (!more)
		return -ENOMEM;
	*joined = more;
	memcpy(more + *used, line, len);
	*used += len;
	return 0;
}

static bool ruleset_begins_rule(const char *line, size_t len)
{
	size_t word = 0;
	enum rule_action action;

	while (word < len && !isspace((unsigned char)line[word]) && line[word] != '(')
		word++;
	return rule_action_find(line, word, &action);
}

/* Snort 3's rules may go on over lines until their parenthesis closes. */
static bool ruleset_is_open(const char *text, size_t len)
{
	return len && text[len - 1] != ')' && text[len - 1] != '\\' && ruleset_begins_rule(text, len);
}

int ruleset_add_rules(struct ruleset_builder *builder, const char *file, const char *text, size_t len,
		      ruleset_refused_fn fn, void *arg)
{
	struct ruleset_place place = {arena_string(&builder->arena, file, strlen(file)), 0, fn, arg};
	double began = ruleset_builder_now(builder);
	const char *end = text + len;
	AUTO_FREE char *joined = NULL;
	bool open = false; /* joined goes on without a backslash */
	size_t used = 0;
	int err = 0;

	if (!place.file)
		return -ENOMEM;
	for (unsigned int number = 1; text < end && !err; number++) {
		const char *newline = memchr(text, '\n', (size_t)(end - text)), *line = text;
		size_t line_len = (size_t)((newline ? newline : end) - text);
		bool goes_on;

		text = newline ? newline + 1 : end;
		while (line_len && isspace((unsigned char)line[line_len - 1]))
			line_len--;
		while (line_len && isspace((unsigned char)*line))
			line++, line_len--;
		if (!used) {
			place.line = number;
			if (!line_len || *line == '#')
				continue;
		}
		/* A rule that does not close its parenthesis ends where the next one begins. */
		if (open && ruleset_begins_rule(line, line_len)) {
			err = ruleset_add_rule(builder, &place, joined, used);
			used = 0;
			open = false;
			place.line = number;
			if (err)
				break;
		}
		if (open && (!line_len || *line == '#'))
			continue;
		goes_on = line_len && line[line_len - 1] == '\\' && text < end;
		if (goes_on || used || ruleset_is_open(line, line_len)) {
			if (open)
				err = ruleset_join(&joined, &used, " ", 1);
			if (!err)
				err = ruleset_join(&joined, &used, line,
						   line_len - (line_len && line[line_len - 1] == '\\'));
			open = !err && !goes_on && ruleset_is_open(joined, used);
			if (goes_on || err || open)
				continue;
			err = ruleset_add_rule(builder, &place, joined, used);
			used = 0;
		} else {
			err = ruleset_add_rule(builder, &place, line, line_len);
		}
	}
	if (!err && used)
		err = ruleset_add_rule(builder, &place, joined, used);
	builder->load_ms += ruleset_builder_now(builder) - began;
	return err;
}

struct ruleset *ruleset_ref(struct ruleset *set)
{
	__atomic_add_fetch(&set->references, 1, __ATOMIC_RELAXED);
	return set;
}

void ruleset_free(struct ruleset *set)
{
	if (!set || __atomic_sub_fetch(&set->references, 1, __ATOMIC_ACQ_REL))
		return;
	for (uint32_t i = 0; i < set->count; i++)
		rule_clear(set->rules[i]);
	ruleset_clear_lanes(set);
	free(set->rules);
	free(set->by_sid);
	free(set->views);
	text_pool_free(set->texts);
	transform_pool_free(set->transforms);
	dataset_pool_free(set->datasets);
	reputation_free(set->reputation);
	arena_clear(&set->arena);
	free(set);
}

void ruleset_count(const struct ruleset *set, struct ruleset_counts *out)
{
	*out = set->counts;
}

const struct rule_info *ruleset_find(const struct ruleset *set, uint32_t sid)
{
	uint32_t low = 0, high = set->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (set->by_sid[middle]->info.sid < sid)
			low = middle + 1;
		else
			high = middle;
	}
	return low < set->count && set->by_sid[low]->info.sid == sid ? &set->by_sid[low]->info : NULL;
}

const struct rule_info *ruleset_at(const struct ruleset *set, uint32_t index)
{
	return index < set->count ? &set->rules[index]->info : NULL;
}

int ruleset_suppression(const struct ruleset *set, uint32_t gid, uint32_t sid, const struct seki_addr *src,
			const struct seki_addr *dst, struct ruleset_suppression *out)
{
	for (uint32_t i = 0; i < set->count; i++) {
		const struct rule *rule = set->rules[i];
		const struct threshold_entry *entry;

		if (rule->info.gid != gid || rule->info.sid != sid)
			continue;
		entry = threshold_suppresses(rule, range_address(src), range_address(dst));
		*out = (struct ruleset_suppression){entry != NULL, entry ? entry->file : NULL,
						    entry ? entry->line : 0};
		return 0;
	}
	return -ENOENT;
}

bool ruleset_idle_threshold(const struct ruleset *set, uint32_t index, const char **file, unsigned int *line)
{
	for (const struct threshold_entry *entry = set->thresholds.first; entry; entry = entry->next) {
		if (entry->rules || index--)
			continue;
		*file = entry->file;
		*line = entry->line;
		return true;
	}
	return false;
}

void ruleset_share_values(struct ruleset *set, struct tracker *values)
{
	dataset_pool_share(set->datasets, values);
}
