// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * policy_parse.c - configuration text to policy. Blocks are read by the rows
 * of the key table; here are the statements that need more than a row.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/list/listen.h"
#include "policy_table.h"

#define CANDIDATES_MAX 64

void policy_error(struct policy_parser *p, const struct conf_node *at, const char *format, ...)
{
	AUTO_FREE char *text = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0) {
		text = NULL;
		p->no_memory = true;
	}
	va_end(args);
	conf_error(p->errors, p->file, at, "%s", text ? text : "out of memory");
}

/* --- tools of the statements */

bool policy_want_block(struct policy_parser *p, const struct conf_node *node, bool block)
{
	if (!!node->has_block == block)
		return true;
	policy_error(p, node, block ? "'%s' needs a block { ... }" : "'%s' has no block", node->words[0]);
	return false;
}

void *policy_row_new(struct policy_parser *p, const struct conf_node *node, enum policy_array_id id)
{
	bool full;
	void *row = policy_array_add(p->policy, id, &full);

	if (!row && full)
		policy_error(p, node, "more than %u %s", policy_arrays[id].max, policy_arrays[id].name);
	else if (!row)
		p->no_memory = true;
	return row;
}

void policy_read_prefixes(struct policy_parser *p, const struct conf_node *node, unsigned int from,
			  unsigned int to,
			  void (*fn)(struct policy_parser *p, const struct conf_node *node,
				     const struct prefix *prefix, void *arg),
			  void *arg)
{
	if (from >= to)
		policy_error(p, node, "'%s' needs an address or a network", node->words[0]);
	for (unsigned int i = from; i < to; i++) {
		struct prefix prefix;
		const char *why;

		if (prefix_parse(node->words[i], strlen(node->words[i]), &prefix, &why))
			policy_error(p, node, "'%s': %s", node->words[i], why);
		else
			fn(p, node, &prefix, arg);
	}
}

/* --- keys of a block */

static const struct policy_key *find_key(const char *block, const char *name)
{
	for (unsigned int i = 0; i < policy_key_count; i++)
		if (!strcmp(policy_key_rows[i].block, block) && !strcmp(policy_key_rows[i].name, name))
			return &policy_key_rows[i];
	return NULL;
}

static void unknown_word(struct policy_parser *p, const struct conf_node *node, const char *what,
			 const char *block, const char *const *candidates, size_t count)
{
	const char *near = conf_suggest(node->words[0], candidates, count);
	const char *in = *block ? " in " : "";

	if (near)
		policy_error(p, node, "unknown %s '%s'%s%s, did you mean '%s'?", what, node->words[0], in,
			     block, near);
	else
		policy_error(p, node, "unknown %s '%s'%s%s", what, node->words[0], in, block);
}

static void unknown_key(struct policy_parser *p, const struct conf_node *node, const char *block)
{
	const char *candidates[POLICY_KEYS_MAX];
	size_t count = 0;

	for (unsigned int i = 0; i < policy_key_count; i++)
		if (!strcmp(policy_key_rows[i].block, block))
			candidates[count++] = policy_key_rows[i].name;
	unknown_word(p, node, "key", block, candidates, count);
}

/* Reads one value; saying the same twice is fine, saying something else is not. */
static void read_value(struct policy_parser *p, const struct policy_key *key, const struct conf_node *node,
		       void *object, const struct conf_node **seen)
{
	char *at = (char *)object + key->offset;
	char before[POLICY_PATH_MAX], why[160];

	if (!policy_want_block(p, node, false))
		return;
	if (node->word_count != 2) {
		policy_error(p, node, "'%s' takes one value", key->name);
		return;
	}
	memcpy(before, at, key->size);
	if (policy_key_set(key, node->words[1], object, why)) {
		policy_error(p, node, "%s: %s", key->name, why);
		return;
	}
	if (*seen && memcmp(before, at, key->size))
		policy_error(p, node, "'%s' contradicts line %u", key->name, (*seen)->line);
	if (!*seen)
		*seen = node;
}

void policy_read_keys(struct policy_parser *p, const char *block, const struct conf_node *first, void *object,
		      const struct conf_node *owner)
{
	const struct conf_node *local[POLICY_KEYS_MAX] = {0};
	bool present[POLICY_KEYS_MAX] = {0};

	for (const struct conf_node *node = first; node; node = node->next) {
		const struct policy_key *key = find_key(block, node->words[0]);
		size_t index = key ? (size_t)(key - policy_key_rows) : 0;

		if (!key) {
			unknown_key(p, node, block);
			continue;
		}
		present[index] = true;
		if (key->kind == KEY_STATEMENT)
			key->statement(p, node, object);
		else
			read_value(p, key, node, object, key->in_policy ? &p->seen[index] : &local[index]);
	}
	for (unsigned int i = 0; i < policy_key_count; i++)
		if (policy_key_rows[i].required && !strcmp(policy_key_rows[i].block, block) && !present[i])
			policy_error(p, owner, "'%s' is missing in %s", policy_key_rows[i].name, block);
}

void policy_read_block(struct policy_parser *p, const struct conf_node *node, void *object)
{
	if (!policy_want_block(p, node, true))
		return;
	if (node->word_count != 1)
		policy_error(p, node, "'%s' has no name, only a block", node->words[0]);
	policy_read_keys(p, node->words[0], node->child, object, node);
}

/* --- statements */

static void read_vlan(struct policy_parser *p, const struct conf_node *node, struct policy_iface *iface)
{
	uint64_t id = 0;

	if (node->word_count == 2)
		return;
	if (node->word_count != 4 || strcmp(node->words[2], "vlan")) {
		policy_error(p, node, "an interface is written: interface NAME [vlan ID] { ... }");
		return;
	}
	if (strspn(node->words[3], "0123456789") != strlen(node->words[3]) ||
	    conf_bytes(node->words[3], &id) || id < 1 || id > 4094) {
		policy_error(p, node, "'%s' is not a VLAN id, 1..4094", node->words[3]);
		return;
	}
	iface->vlan = (uint16_t)id;
}

void policy_read_interface(struct policy_parser *p, const struct conf_node *node, void *object)
{
	struct policy_iface iface = {0}, *row;

	if (!policy_want_block(p, node, true))
		return;
	if (node->word_count < 2 || !policy_iface_good(node->words[1])) {
		policy_error(p, node, "'%s' is not a name of an interface",
			     node->word_count < 2 ? "" : node->words[1]);
		return;
	}
	strcpy(iface.name, node->words[1]);
	read_vlan(p, node, &iface);
	policy_key_defaults("interface", &iface);
	policy_read_keys(p, "interface", node->child, &iface, node);
	for (uint32_t i = 0; i < p->policy->iface_count; i++) {
		const struct policy_iface *other = &p->policy->ifaces[i];

		if (strcmp(other->name, iface.name) || other->vlan != iface.vlan)
			continue;
		if (other->role != iface.role || other->mode != iface.mode)
			policy_error(p, node, "interface %s is there already and says something else",
				     iface.name);
		return;
	}
	row = policy_row_new(p, node, ARRAY_IFACES);
	if (row)
		*row = iface;
}

/* What the kind needs, said where it is written. */
static void channel_check(struct policy_parser *p, const struct conf_node *node,
			  const struct policy_channel *channel)
{
	static const char *const schemes[CHANNEL_KINDS][2] = {[CHANNEL_SMTP] = {"smtp://", "smtps://"},
							      [CHANNEL_WEBHOOK] = {"http://", "https://"},
							      [CHANNEL_SYSLOG] = {"syslog://", "syslog://"},
							      [CHANNEL_COMMAND] = {"exec:///", "exec:///"}};
	const char *const *scheme = schemes[channel->kind];

	if (strncmp(channel->url, scheme[0], strlen(scheme[0])) &&
	    strncmp(channel->url, scheme[1], strlen(scheme[1])))
		policy_error(p, node, "notify %s: its url begins with %s or %s", channel->name, scheme[0],
			     scheme[1]);
	if (channel->kind == CHANNEL_SMTP && (!strchr(channel->from, '@') || !strchr(channel->to, '@')))
		policy_error(p, node, "notify %s: mail needs addresses in from and to", channel->name);
	if (channel->kind == CHANNEL_WEBHOOK && !*channel->secret_path)
		policy_error(
			p, node,
			"notify %s: a webhook needs secret-file, so that the receiver can tell who sent it",
			channel->name);
	if (channel->kind == CHANNEL_COMMAND && (!*channel->user || !strcmp(channel->user, "root")))
		policy_error(p, node, "notify %s: a command needs the user who runs it, and not root",
			     channel->name);
}

/* The line itself may hold a password: it stays in a file of root's, out of what engines see of a policy. */
void policy_read_store(struct policy_parser *p, const struct conf_node *node, void *object)
{
	const char *path = p->policy->store_server;

	policy_read_block(p, node, object);
	if (*path && *path != '/')
		policy_error(
			p, node,
			"store: postgres-file '%.60s' is no absolute path: it names a file, whose first line "
			"says how to connect",
			path);
}

/* What goes over a network is not to be read on the way: off loopback a certificate is a must. */
void policy_read_portal(struct policy_parser *p, const struct conf_node *node, void *object)
{
	const struct policy_portal *portal = &p->policy->portal;
	struct listen_address at;
	const char *why = NULL;

	policy_read_block(p, node, object);
	if (!*portal->certificate != !*portal->key)
		policy_error(p, node, "portal: certificate and key belong together");
	if (!strcmp(portal->listen, "off"))
		return;
	if (listen_parse(portal->listen, strlen(portal->listen), &at, &why))
		policy_error(p, node, "portal: listen '%.60s': %s", portal->listen, why);
	else if (!at.loopback && !*portal->certificate)
		policy_error(p, node,
			     "portal: '%.60s' is no loopback address: name certificate and key, or listen at "
			     "127.0.0.1:7443 behind a proxy or an SSH tunnel",
			     portal->listen);
}

void policy_read_channel(struct policy_parser *p, const struct conf_node *node, void *object)
{
	struct policy_channel channel = {0}, *row;

	if (!policy_want_block(p, node, true))
		return;
	if (node->word_count != 2 || !policy_name_good(node->words[1])) {
		policy_error(p, node, "'notify' has one name: letters, digits, . _ -");
		return;
	}
	strcpy(channel.name, node->words[1]);
	policy_key_defaults("notify", &channel);
	policy_read_keys(p, "notify", node->child, &channel, node);
	for (uint32_t i = 0; i < p->policy->channel_count; i++)
		if (!strcmp(p->policy->channels[i].name, channel.name))
			policy_error(p, node, "notify %s is there already", channel.name);
	channel_check(p, node, &channel);
	row = policy_row_new(p, node, ARRAY_CHANNELS);
	if (row)
		*row = channel;
}

/* template is a struct policy_net without prefix */
/* --- verdicts */

struct reason_row {
	const char *name;
	char class;
};
static const struct reason_row reason_rows[] = {
#define CLASS_X		       'X'
#define CLASS_V		       'V'
#define X(id, text, kind, ...) [SEKI_R_##id] = {text, CLASS_##kind},
	SEKI_REASONS(X)
#undef X
};
_Static_assert(ARRAY_LEN(reason_rows) == SEKI_REASON_MAX && SEKI_REASON_MAX <= CANDIDATES_MAX, "reason_rows");

static void set_action(struct policy_parser *p, const struct conf_node *node, unsigned int reason)
{
	uint8_t *action = &p->policy->settings.action[reason], chosen;

	if (!policy_want_block(p, node, false))
		return;
	if (node->word_count != 2 || (strcmp(node->words[1], "pass") && strcmp(node->words[1], "drop"))) {
		policy_error(p, node, "'%s' is either pass or drop", node->words[0]);
		return;
	}
	chosen = strcmp(node->words[1], "drop") ? SEKI_ACTION_PASS : SEKI_ACTION_DROP;
	if (p->action_seen[reason] && *action != chosen)
		policy_error(p, node, "'%s' contradicts line %u", node->words[0],
			     p->action_seen[reason]->line);
	*action = chosen;
	p->action_seen[reason] = node;
}

void policy_read_uninspected(struct policy_parser *p, const struct conf_node *node, void *object)
{
	set_action(p, node, SEKI_R_UNINSPECTED);
}

static void read_reason(struct policy_parser *p, const struct conf_node *node)
{
	const char *candidates[CANDIDATES_MAX];
	size_t count = 0;

	for (unsigned int i = 0; i < SEKI_REASON_MAX; i++) {
		if (reason_rows[i].class == 'V')
			candidates[count++] = reason_rows[i].name;
		if (strcmp(reason_rows[i].name, node->words[0]))
			continue;
		if (reason_rows[i].class == 'V')
			set_action(p, node, i);
		else
			policy_error(p, node, "'%s' always passes, it has no verdict to choose",
				     node->words[0]);
		return;
	}
	unknown_word(p, node, "reason", "verdict", candidates, count);
}

void policy_read_verdict(struct policy_parser *p, const struct conf_node *node, void *object)
{
	if (!policy_want_block(p, node, true))
		return;
	if (node->word_count != 1)
		policy_error(p, node, "'verdict' has no name, only a block");
	for (const struct conf_node *n = node->child; n; n = n->next)
		read_reason(p, n);
}

/* --- the whole */

static int net_order(const void *a, const void *b)
{
	return prefix_compare(&(*(const struct policy_net *const *)a)->prefix,
			      &(*(const struct policy_net *const *)b)->prefix);
}

/*
 * Longest match wins in the kernel, so that a prefix inherits the scopes of
 * all that cover it: these together must fit. In prefix order those that cover
 * the next one are a stack.
 */
static void check_scopes(struct policy_parser *p)
{
	const struct policy *policy = p->policy;
	AUTO_FREE const struct policy_net **order = malloc((policy->net_count + 1ul) * sizeof(*order));
	const struct policy_net *stack[SEKI_MAX_SCOPES];
	uint32_t depth = 0, count = 0;

	if (!order) {
		p->no_memory = true;
		return;
	}
	for (uint32_t i = 0; i < policy->net_count; i++)
		if (policy->nets[i].allow)
			order[count++] = &policy->nets[i];
	qsort(order, count, sizeof(*order), net_order);
	for (uint32_t i = 0; i < count; i++) {
		struct conf_node at = {.line = order[i]->line, .column = 1};
		char text[PREFIX_TEXT_MAX];

		while (depth > 0 && !prefix_contains(&stack[depth - 1]->prefix, &order[i]->prefix))
			depth--;
		if (depth == SEKI_MAX_SCOPES) {
			policy_error(p, &at, "more than %d allow statements hold for %s", SEKI_MAX_SCOPES,
				     prefix_format(&order[i]->prefix, text));
			return;
		}
		stack[depth++] = order[i];
	}
}

static const struct conf_node *seen_key(const struct policy_parser *p, const char *block, const char *name)
{
	return p->seen[find_key(block, name) - policy_key_rows];
}

/* The later of two statements that do not go together; NULL (no position) when both are defaults. */
static const struct conf_node *later(const struct conf_node *a, const struct conf_node *b)
{
	if (!a || !b)
		return a ? a : b;
	return a->line > b->line || (a->line == b->line && a->column > b->column) ? a : b;
}

static void finish(struct policy_parser *p)
{
	const struct policy_block *block = &p->policy->block;

	if (block->ttl > block->ttl_max)
		policy_error(p, later(seen_key(p, "block", "ttl"), seen_key(p, "block", "ttl-max")),
			     "ttl (%u s) is longer than ttl-max (%u s)", block->ttl, block->ttl_max);
	if (block->cut_severity > block->source_severity)
		policy_error(p, later(seen_key(p, "block", "severity"), seen_key(p, "block", "cut-severity")),
			     "cut-severity is above severity: blocking a source cuts its flow too");
	policy_finish_egress(p);
	check_scopes(p);
}

int policy_parse(const char *file, const char *text, size_t len, struct policy **out,
		 struct conf_errors *errors)
{
	CLEANUP(conf_free) struct conf_node *tree = NULL;
	CLEANUP(policy_free) struct policy *policy = NULL;
	struct policy_parser p = {.file = file, .errors = errors};
	unsigned int before = errors->count;
	int err;

	err = conf_parse(file, text, len, &tree, errors);
	if (err)
		return err;
	err = policy_default(&policy);
	if (err)
		return err;
	p.policy = policy;
	policy_start_egress(&p, tree);
	policy_read_keys(&p, "", tree, policy, NULL);
	finish(&p);
	if (p.no_memory)
		return -ENOMEM;
	if (errors->count != before)
		return -EINVAL;
	*out = TAKE_PTR(policy);
	return 0;
}
