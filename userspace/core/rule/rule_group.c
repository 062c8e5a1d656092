// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rule_group.c - evaluates groups to range sets: what is listed minus what
 * is negated, recursively; results are kept by their text.
 */
#include "rule_group.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "lib/prefix.h"

struct group_variable {
	char name[GROUP_NAME_MAX];
	char *value;
};

struct group_entry {
	struct group_entry *next;
	enum group_kind kind;
	size_t len;
	const char *text;
	const struct range_set *set;
};

struct group_context {
	struct rule_groups *groups;
	enum group_kind kind;
	const char **why;
};

static const range_value group_last[] = {
	[GROUP_ADDRESS] = ~(range_value)0,
	[GROUP_PORT] = 65535,
};

static int group_eval(const struct group_context *context, const char *text, size_t len, unsigned int depth,
		      struct range_list *out);

static int group_refuse(const struct group_context *context, const char *why)
{
	*context->why = why;
	return -EINVAL;
}

static void group_trim(const char **text, size_t *len)
{
	while (*len && isspace((unsigned char)(*text)[0]))
		(*text)++, (*len)--;
	while (*len && isspace((unsigned char)(*text)[*len - 1]))
		(*len)--;
}

static int group_port(const char *text, size_t len, range_value *out)
{
	uint32_t value = 0;

	if (!len || len > 5)
		return -EINVAL;
	for (size_t i = 0; i < len; i++) {
		if (!isdigit((unsigned char)text[i]))
			return -EINVAL;
		value = value * 10 + (uint32_t)(text[i] - '0');
	}
	if (value > 65535)
		return -EINVAL;
	*out = value;
	return 0;
}

static int group_port_atom(const struct group_context *context, const char *text, size_t len,
			   struct range *out)
{
	const char *colon = memchr(text, ':', len);
	range_value from = 0, to = 65535;

	if (!colon) {
		if (group_port(text, len, &from))
			return group_refuse(context, "not a port between 0 and 65535");
		*out = (struct range){from, from};
		return 0;
	}
	const char *upper = colon + 1;
	size_t lower_len = (size_t)(colon - text), upper_len = len - lower_len - 1;

	group_trim(&text, &lower_len);
	group_trim(&upper, &upper_len);
	if ((lower_len && group_port(text, lower_len, &from)) ||
	    (upper_len && group_port(upper, upper_len, &to)) || (!lower_len && !upper_len))
		return group_refuse(context, "not a port range");
	if (from > to)
		return group_refuse(context, "a port range runs backwards");
	*out = (struct range){from, to};
	return 0;
}

static range_value group_number(const struct prefix *prefix)
{
	struct seki_addr addr;

	memcpy(addr.b, prefix->addr, 16);
	return range_address(&addr);
}

static int group_address_atom(const struct group_context *context, const char *text, size_t len,
			      struct range *out)
{
	const char *dash = memchr(text, '-', len);
	struct prefix first, last;

	if (dash) {
		size_t lower = (size_t)(dash - text), upper = len - lower - 1;
		const char *second = dash + 1;

		group_trim(&text, &lower);
		group_trim(&second, &upper);
		if (prefix_parse(text, lower, &first, context->why) ||
		    prefix_parse(second, upper, &last, context->why))
			return -EINVAL;
		*out = (struct range){group_number(&first), group_number(&last)};
		return out->from <= out->to ? 0 : group_refuse(context, "an address range runs backwards");
	}
	if (prefix_parse(text, len, &first, context->why)) {
		/* Rules write networks with host bits set; the mask says what is meant. */
		const char *slash = memchr(text, '/', len);
		uint32_t bits = 0;

		if (!slash || slash + 1 == text + len || len - (size_t)(slash - text) > 4)
			return -EINVAL;
		for (const char *p = slash + 1; p < text + len; p++) {
			if (!isdigit((unsigned char)*p))
				return -EINVAL;
			bits = bits * 10 + (uint32_t)(*p - '0');
		}
		if (prefix_parse(text, (size_t)(slash - text), &first, context->why))
			return -EINVAL;
		bits += prefix_is_v4(&first) ? 96 : 0;
		if (bits > 128)
			return group_refuse(context, "the prefix length is too big");
		first.len = (uint8_t)bits;
	}
	range_value host = first.len == 0     ? ~(range_value)0
			   : first.len == 128 ? 0
					      : ~(range_value)0 >> first.len;

	out->from = group_number(&first) & ~host;
	out->to = out->from | host;
	return 0;
}

/* Splits "a,[b,c],!d" at the commas of the outermost level. */
static int group_list(const struct group_context *context, const char *text, size_t len, unsigned int depth,
		      struct range_list *out)
{
	struct range_list positive = {0}, negative = {0};
	size_t begin = 0, i;
	int nest = 0, err = 0;
	bool listed = false;

	for (i = 0; i <= len && !err; i++) {
		if (i < len && text[i] == '[')
			nest++;
		if (i < len && text[i] == ']')
			nest--;
		if (i < len && (text[i] != ',' || nest))
			continue;
		const char *item = text + begin;
		size_t item_len = i - begin;
		bool negated;

		begin = i + 1;
		group_trim(&item, &item_len);
		negated = item_len && item[0] == '!';
		if (negated)
			item++, item_len--;
		group_trim(&item, &item_len);
		if (!item_len) {
			err = group_refuse(context, "an empty entry in a group");
			break;
		}
		listed |= !negated;
		err = group_eval(context, item, item_len, depth + 1, negated ? &negative : &positive);
	}
	if (!err && nest)
		err = group_refuse(context, "unbalanced brackets");
	if (!err && !listed)
		err = range_list_add(&positive, (struct range){0, group_last[context->kind]});
	if (!err) {
		range_list_sort(&positive);
		range_list_sort(&negative);
		err = range_list_subtract(&positive, &negative, out);
	}
	range_list_clear(&positive);
	range_list_clear(&negative);
	return err;
}

static const char *group_variable(const struct rule_groups *groups, const char *name, size_t len)
{
	for (uint32_t i = 0; i < groups->variable_count; i++) {
		if (strlen(groups->variables[i].name) == len && !memcmp(groups->variables[i].name, name, len))
			return groups->variables[i].value;
	}
	return NULL;
}

static int group_eval(const struct group_context *context, const char *text, size_t len, unsigned int depth,
		      struct range_list *out)
{
	struct range range;
	int err;

	group_trim(&text, &len);
	if (depth > GROUP_DEPTH_MAX)
		return group_refuse(context, "groups are nested too deeply or a variable contains itself");
	if (!len)
		return group_refuse(context, "an empty group");
	if (text[0] == '!')
		return group_list(context, text, len, depth, out);
	if (text[0] == '[') {
		int nest = 0;

		for (size_t i = 0; i < len; i++) {
			nest += text[i] == '[' ? 1 : text[i] == ']' ? -1 : 0;
			if (!nest && i + 1 < len) /* "[a],[b]" out of a variable */
				return group_list(context, text, len, depth, out);
		}
		if (nest || text[len - 1] != ']')
			return group_refuse(context, "unbalanced brackets");
		return group_list(context, text + 1, len - 2, depth, out);
	}
	if (memchr(text, ',', len))
		return group_list(context, text, len, depth, out);
	if (text[0] == '$') {
		const char *value = group_variable(context->groups, text + 1, len - 1);

		return value ? group_eval(context, value, strlen(value), depth + 1, out)
			     : group_refuse(context, "no such variable");
	}
	if (len == 3 && !strncasecmp(text, "any", 3)) {
		range = (struct range){0, group_last[context->kind]};
	} else {
		err = context->kind == GROUP_PORT ? group_port_atom(context, text, len, &range)
						  : group_address_atom(context, text, len, &range);
		if (err)
			return err;
	}
	return range_list_add(out, range);
}

int rule_groups_init(struct rule_groups *groups, struct arena *arena)
{
	*groups = (struct rule_groups){.arena = arena, .bucket_count = 4096};
	groups->buckets = calloc(groups->bucket_count, sizeof(struct group_entry *));
	return groups->buckets ? 0 : -ENOMEM;
}

void rule_groups_forget(struct rule_groups *groups)
{
	for (uint32_t i = 0; i < groups->bucket_count && groups->buckets; i++) {
		while (groups->buckets[i]) {
			struct group_entry *entry = groups->buckets[i];

			groups->buckets[i] = entry->next;
			free(entry);
		}
	}
}

void rule_groups_clear(struct rule_groups *groups)
{
	rule_groups_forget(groups);
	for (uint32_t i = 0; i < groups->variable_count; i++)
		free(groups->variables[i].value);
	free(groups->variables);
	free(groups->buckets);
	*groups = (struct rule_groups){0};
}

/* A value must be a group of addresses, of ports, or both ("any"). */
static int group_check(struct rule_groups *groups, const char *value, const char **why)
{
	int err = -EINVAL;

	for (int kind = GROUP_ADDRESS; kind <= GROUP_PORT && err == -EINVAL; kind++) {
		struct group_context context = {groups, kind, why};
		struct range_list list = {0};

		err = group_eval(&context, value, strlen(value), 0, &list);
		if (!err && !list.count)
			err = group_refuse(&context, "nothing is left of the group");
		range_list_clear(&list);
	}
	return err;
}

int rule_groups_set(struct rule_groups *groups, const char *name, const char *value, const char **why)
{
	struct group_variable *variable = NULL;
	char *copy;
	int err;

	if (!name[0] || strlen(name) >= GROUP_NAME_MAX || name[0] == '$') {
		*why = "not a variable name";
		return -EINVAL;
	}
	err = group_check(groups, value, why);
	if (err)
		return err;
	copy = strdup(value);
	if (!copy)
		return -ENOMEM;
	for (uint32_t i = 0; i < groups->variable_count; i++) {
		if (!strcmp(groups->variables[i].name, name))
			variable = &groups->variables[i];
	}
	if (!variable) {
		struct group_variable *more;

		if (groups->variable_count >= GROUP_VARIABLES_MAX) {
			free(copy);
			*why = "too many variables";
			return -EINVAL;
		}
		more = realloc(groups->variables, (groups->variable_count + 1) * sizeof(*more));
		if (!more) {
			free(copy);
			return -ENOMEM;
		}
		groups->variables = more;
		variable = &more[groups->variable_count++];
		*variable = (struct group_variable){0};
		memcpy(variable->name, name, strlen(name));
	}
	free(variable->value);
	variable->value = copy;
	rule_groups_forget(groups); /* what was evaluated with the old value */
	return 0;
}

static uint32_t group_hash(enum group_kind kind, const char *text, size_t len)
{
	uint32_t hash = 2166136261u ^ (uint32_t)kind;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (unsigned char)text[i]) * 16777619u;
	return hash;
}

/*
 * Sets and their texts are made in the arena outside of any rule's mark: the
 * caller parses headers before it takes the mark, see rule_parse().
 */
int rule_groups_get(struct rule_groups *groups, enum group_kind kind, const char *text, size_t len,
		    const struct range_set **out, const char **why)
{
	struct group_context context = {groups, kind, why};
	struct range_list list = {0};
	struct group_entry **bucket, *entry;
	struct range_set *set;
	int err;

	group_trim(&text, &len);
	bucket = &groups->buckets[group_hash(kind, text, len) % groups->bucket_count];
	for (entry = *bucket; entry; entry = entry->next) {
		if (entry->kind == kind && entry->len == len && !memcmp(entry->text, text, len)) {
			*out = entry->set;
			return 0;
		}
	}
	err = group_eval(&context, text, len, 0, &list);
	if (err)
		goto out;
	range_list_sort(&list);
	err = list.count ? 0 : group_refuse(&context, "nothing is left of the group");
	if (err)
		goto out;
	err = -ENOMEM;
	set = arena_alloc(groups->arena, sizeof(*set));
	entry = set ? calloc(1, sizeof(*entry)) : NULL;
	if (!entry)
		goto out;
	set->ranges = arena_copy(groups->arena, list.ranges, list.count * sizeof(*list.ranges));
	entry->text = arena_string(groups->arena, text, len);
	if (!set->ranges || !entry->text) {
		free(entry);
		goto out;
	}
	set->count = list.count;
	set->all = list.count == 1 && list.ranges[0].from == 0 && list.ranges[0].to == group_last[kind];
	entry->kind = kind;
	entry->len = len;
	entry->set = set;
	entry->next = *bucket;
	*bucket = entry;
	*out = set;
	err = 0;
out:
	range_list_clear(&list);
	return err;
}
