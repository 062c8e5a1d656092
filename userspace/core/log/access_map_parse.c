// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * access_map_parse.c - reads mapping files.
 */
#include <errno.h>
#include <string.h>

#include "access_map_parts.h"

static const char *const role_names[ROLE_MAX] = {
#define X(id, name) [ROLE_##id] = (name),
	ACCESS_ROLES(X)
#undef X
};

static const struct {
	const char *name;
	enum test test;
	bool values;
} tests[] = {
	{"not", TEST_NOT, true},   {"any", TEST_ANY, false},	  {"none", TEST_NONE, false},
	{"mask", TEST_MASK, true}, {"begins", TEST_BEGINS, true}, {"ends", TEST_ENDS, true},
	{"has", TEST_HAS, true},
};

struct parse {
	const char *file;
	struct conf_errors *errors;
	struct access_map *map;
};

static const struct field *field_find(const struct access_map *map, const char *name)
{
	for (unsigned int i = 0; i < map->field_count; i++)
		if (!strcmp(map->fields[i].name, name))
			return &map->fields[i];
	return NULL;
}

/* event: NULL, or the one that the field is for. */
static void parse_field(struct parse *p, const struct conf_node *node, struct event *event)
{
	struct access_map *map = p->map;

	if (node->word_count < 3) {
		conf_error(p->errors, p->file, node, "field NAME SOURCE…: the log's names are missing");
	} else if (!event && field_find(map, node->words[1])) {
		conf_error(p->errors, p->file, node,
			   "field %s is there already: name all sources in one line", node->words[1]);
	} else if (map->field_count == ACCESS_MAP_FIELDS_MAX) {
		conf_error(p->errors, p->file, node, "more than %u fields", ACCESS_MAP_FIELDS_MAX);
	} else {
		const struct field **roles = event ? event->roles : map->roles;
		unsigned int role = 0;

		map->fields[map->field_count] =
			(struct field){event ? "" : node->words[1], {node->words + 2, node->word_count - 2}};
		while (role < ROLE_MAX && strcmp(role_names[role], node->words[1]) != 0)
			role++;
		if (role < ROLE_MAX)
			roles[role] = &map->fields[map->field_count];
		else if (event)
			conf_error(p->errors, p->file, node,
				   "an event's own field is one of time, serial, user, domain, object, "
				   "parent, client, server, handle");
		map->field_count++;
	}
}

static void parse_when(struct parse *p, const struct conf_node *node, struct event *event)
{
	struct when when = {.test = TEST_IS};
	unsigned int values = 2;

	if (node->word_count < 3) {
		conf_error(p->errors, p->file, node, "when FIELD [any|none|mask|begins|ends|has] VALUE…");
		return;
	}
	when.field = field_find(p->map, node->words[1]);
	if (!when.field) {
		conf_error(p->errors, p->file, node, "no field %s: say `field %s SOURCE…;` above",
			   node->words[1], node->words[1]);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(tests); i++) {
		if (strcmp(node->words[2], tests[i].name) != 0)
			continue;
		when.test = tests[i].test;
		values = 3;
		if (tests[i].values != (node->word_count > 3))
			conf_error(p->errors, p->file, node, "%s %s", tests[i].name,
				   tests[i].values ? "needs a value" : "takes no value");
	}
	when.values = (struct words){node->words + values, node->word_count - values};
	if (when.test == TEST_MASK &&
	    (when.values.count != 1 || !access_number(text_of(when.values.at[0]), &when.mask)))
		conf_error(p->errors, p->file, node, "mask takes one number, such as 0x10000");
	if (event->when_count == ACCESS_MAP_WHENS_MAX)
		conf_error(p->errors, p->file, node, "more than %u conditions", ACCESS_MAP_WHENS_MAX);
	else
		event->whens[event->when_count++] = when;
}

static void parse_event_line(struct parse *p, const struct conf_node *node, struct event *event)
{
	const char *word = node->words[0];

	if (!strcmp(word, "when"))
		parse_when(p, node, event);
	else if (!strcmp(word, "field"))
		parse_field(p, node, event);
	else if (!strcmp(word, "denied") && node->word_count == 1)
		event->denied = true;
	else if (!strcmp(word, "share") && node->word_count == 1)
		event->share = true;
	else if (!strcmp(word, "object") && node->word_count == 2 && !strcmp(node->words[1], "handle"))
		event->by_handle = true;
	else
		conf_error(p->errors, p->file, node,
			   "\"%s\" in an event: when, field, denied, share or object handle", word);
}

static void parse_event(struct parse *p, const struct conf_node *node)
{
	struct event event = {.kind = ACCESS_KIND_ACCESS};
	const char *name = node->word_count == 2 ? node->words[1] : "";

	if (!strcmp(name, "handle"))
		event.kind = ACCESS_KIND_HANDLE;
	else if (!strcmp(name, "skip"))
		event.kind = ACCESS_KIND_SKIP;
	else
		event.action = access_action_find(text_of(name));
	if (event.action == ACCESS_ACTION_MAX)
		conf_error(p->errors, p->file, node,
			   "event \"%s\": read, write, delete, rename, copy, connect, logon, logoff, admin, "
			   "export, run, handle "
			   "or skip",
			   name);
	for (const struct conf_node *line = node->child; line; line = line->next)
		parse_event_line(p, line, &event);
	if ((event.by_handle || event.kind == ACCESS_KIND_HANDLE) && !p->map->roles[ROLE_HANDLE])
		conf_error(p->errors, p->file, node, "it needs `field handle SOURCE…;` above");
	if (p->map->event_count == ACCESS_MAP_EVENTS_MAX)
		conf_error(p->errors, p->file, node, "more than %u events", ACCESS_MAP_EVENTS_MAX);
	else
		p->map->events[p->map->event_count++] = event;
}

static void parse_labels(struct parse *p, const struct conf_node *node)
{
	if (node->word_count < 2 || node->word_count - 1 > ACCESS_MAP_LABELS_MAX) {
		conf_error(p->errors, p->file, node, "labels takes 1 to %u names of fields",
			   ACCESS_MAP_LABELS_MAX);
		return;
	}
	for (unsigned int i = 1; i < node->word_count; i++)
		p->map->labels[i - 1] = node->words[i];
}

static void parse_times(struct parse *p, const struct conf_node *node)
{
	if (node->word_count < 2 || node->word_count - 1 > ACCESS_MAP_TIMES_MAX)
		conf_error(p->errors, p->file, node, "time takes 1 to %u patterns", ACCESS_MAP_TIMES_MAX);
	p->map->times = (struct words){node->words + 1, node->word_count - 1};
}

static void parse_text(struct parse *p, const struct conf_node *node, const char **out)
{
	if (node->word_count != 2)
		conf_error(p->errors, p->file, node, "%s takes one value", node->words[0]);
	else
		*out = node->words[1];
}

static void parse_line(struct parse *p, const struct conf_node *node)
{
	static const char *const known[] = {"help",  "help-ja", "container", "labels",
					    "field", "time",	"event"};
	const char *word = node->words[0], *near;

	if (!strcmp(word, "field"))
		parse_field(p, node, NULL);
	else if (!strcmp(word, "event"))
		parse_event(p, node);
	else if (!strcmp(word, "labels"))
		parse_labels(p, node);
	else if (!strcmp(word, "time"))
		parse_times(p, node);
	else if (!strcmp(word, "help"))
		parse_text(p, node, &p->map->help);
	else if (!strcmp(word, "help-ja"))
		parse_text(p, node, &p->map->help_ja);
	else if (!strcmp(word, "container"))
		parse_text(p, node, &p->map->container);
	else {
		near = conf_suggest(word, known, ARRAY_LEN(known));
		conf_error(p->errors, p->file, node, "unknown \"%s\"%s%s%s", word,
			   near ? ", did you mean \"" : "", near ? near : "", near ? "\"?" : "");
	}
}

static void parse_map(struct parse *p, const struct conf_node *node)
{
	struct access_map *map = p->map;

	map->name = node->words[1];
	map->container = map->help = map->help_ja = "";
	if (strlen(map->name) >= ACCESS_MAP_NAME_MAX)
		conf_error(p->errors, p->file, node, "the name is longer than %d bytes",
			   ACCESS_MAP_NAME_MAX - 1);
	for (const struct conf_node *line = node->child; line; line = line->next)
		parse_line(p, line);
	if (*map->container && !log_container_known(map->container))
		conf_error(p->errors, p->file, node, "container \"%s\": xml, json, csv, syslog or audit",
			   map->container);
	if (!map->roles[ROLE_TIME] || !map->times.count)
		conf_error(p->errors, p->file, node,
			   "map %s says not when: it needs `field time SOURCE…;` and `time PATTERN…;`",
			   map->name);
	if (!map->event_count)
		conf_error(p->errors, p->file, node, "map %s has no event", map->name);
	if (!*map->help || !*map->help_ja)
		conf_error(p->errors, p->file, node, "map %s needs help and help-ja", map->name);
}

int access_map_parse(const char *file, const char *text, size_t len, struct access_map **out,
		     struct conf_errors *errors)
{
	CLEANUP(access_map_free) struct access_map *first = NULL;
	CLEANUP(conf_free) struct conf_node *tree = NULL;
	struct access_map **tail = &first;
	int err = conf_parse(file, text, len, &tree, errors);

	if (err)
		return err;
	for (const struct conf_node *node = tree; node; node = node->next) {
		struct parse p = {.file = file, .errors = errors};

		if (node->word_count != 2 || strcmp(node->words[0], "map") != 0) {
			conf_error(errors, file, node, "expected `map NAME { … }`");
			continue;
		}
		p.map = *tail = calloc(1, sizeof(**tail));
		if (!p.map)
			return -ENOMEM;
		tail = &p.map->next;
		parse_map(&p, node);
	}
	if (!first)
		conf_error(errors, file, NULL, "no map in it");
	if (errors->count)
		return -EINVAL;
	first->tree = TAKE_PTR(tree);
	*out = TAKE_PTR(first);
	return 0;
}
