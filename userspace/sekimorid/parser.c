// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * parser.c - the child that reads text for the keeper: configuration, list
 * files, resolv.conf. It answers with a sealed policy image and lives for one job.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "bundle.h"
#include "lib/file.h"
#include "lib/log.h"
#include "lib/loop.h"
#include "process.h"
#include "rules_read.h"

struct parser {
	struct loop *loop;
	struct policy *policy;
	uint32_t entries_size;
	uint16_t list; /* row that entries go to */
	struct message_parsed answer;
	size_t text_len;
};

__attribute__((format(printf, 2, 3))) static void parser_say(struct parser *p, const char *format, ...)
{
	size_t left = sizeof(p->answer.text) - p->text_len;
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(p->answer.text + p->text_len, left, format, ap);
	va_end(ap);
	/* A line that does not fit is left out whole; the counts tell how many there were. */
	if (n < 0 || (size_t)n >= left)
		p->answer.text[p->text_len] = '\0';
	else
		p->text_len += (size_t)n;
}

static int parser_entry(const struct prefix *prefix, void *arg)
{
	struct parser *p = arg;
	struct policy *policy = p->policy;

	if (policy->entry_count == p->entries_size) {
		uint32_t size = p->entries_size ? p->entries_size * 2 : 1024;
		struct policy_entry *grown = realloc(policy->entries, size * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		policy->entries = grown;
		p->entries_size = size;
	}
	policy->entries[policy->entry_count++] = (struct policy_entry){.list = p->list, .prefix = *prefix};
	return 0;
}

static void parser_refused(unsigned int line, const char *text, const char *why, void *arg)
{
	struct parser *p = arg;

	parser_say(p, "line %u: \"%.60s\": %s\n", line, text, why);
}

static int parser_config(struct parser *p, const struct bundle_entry *entry, const char *text)
{
	struct conf_errors errors = {0};
	struct policy *policy = NULL;
	int err = policy_parse(entry->name, text, entry->len, &policy, &errors);

	if (!err) {
		policy_free(p->policy);
		p->policy = policy;
		p->entries_size = policy->entry_count;
	}
	if (errors.text)
		parser_say(p, "%.*s", (int)(errors.len > 4000 ? 4000 : errors.len), errors.text);
	conf_errors_clear(&errors);
	return err;
}

static int parser_list(struct parser *p, const struct bundle_entry *entry, const char *text)
{
	struct list_report report = {0};
	int err;

	if (entry->index >= p->policy->list_count)
		return -EBADMSG;
	p->list = (uint16_t)entry->index;
	err = list_parse_plain(text, entry->len, parser_entry, parser_refused, p, &report);
	p->answer.lines += report.lines;
	p->answer.accepted += report.accepted;
	p->answer.merged += report.merged;
	p->answer.refused += report.refused;
	return err;
}

/* "nameserver ADDRESS[%scope]" lines; everything else is the resolver's business. */
static int parser_resolv(struct parser *p, const char *text, size_t len)
{
	struct policy *policy = p->policy;

	for (size_t at = 0; at < len;) {
		const char *line = text + at, *end = memchr(line, '\n', len - at), *why;
		size_t line_len = end ? (size_t)(end - line) : len - at, word;
		struct policy_net *grown;
		struct prefix prefix;

		at += line_len + 1;
		if (line_len < 11 || memcmp(line, "nameserver", 10) || !memchr(" \t", line[10], 2))
			continue;
		line += 10;
		line_len -= 10;
		while (line_len && memchr(" \t", *line, 2)) {
			line++;
			line_len--;
		}
		for (word = 0; word < line_len && !memchr(" \t\r%#", line[word], 5); word++)
			;
		if (prefix_parse(line, word, &prefix, &why) || prefix.len != 128 || policy->net_count >= 16)
			continue;
		grown = realloc(policy->nets, (policy->net_count + 1) * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		policy->nets = grown;
		grown[policy->net_count++] = (struct policy_net){
			.prefix = prefix, .allow = true, .scope = {.port = 0, .kind = SEKI_SCOPE_RESOLVER}};
	}
	return 0;
}

static int parser_bundle(struct parser *p, const struct message_parse *ask, const void *data, size_t len)
{
	const struct bundle_entry *entry;
	const char *text;
	size_t cursor = 0;
	int more, err = 0;

	if (ask->kind == PARSE_LIST) {
		policy_free(p->policy);
		p->policy = NULL;
		err = policy_default(&p->policy);
		if (err)
			return err;
		p->policy->lists = calloc(1, sizeof(*p->policy->lists));
		if (!p->policy->lists)
			return -ENOMEM;
		p->policy->list_count = 1;
		memcpy(p->policy->lists[0].name, ask->name, sizeof(ask->name));
		p->policy->lists[0].flags = ask->flags;
		p->policy->lists[0].severity = ask->severity;
	} else if (!p->policy) {
		err = policy_default(&p->policy);
		if (err)
			return err;
	}
	while (!err && (more = bundle_next(data, len, &cursor, &entry, &text)) != 0) {
		if (more < 0)
			return more;
		if (entry->kind == BUNDLE_CONFIG)
			err = parser_config(p, entry, text);
		else if (entry->kind == BUNDLE_LIST)
			err = parser_list(p, entry, text);
		else if (entry->kind == BUNDLE_RESOLV)
			err = parser_resolv(p, text, entry->len);
	}
	return err;
}

static void parser_rule_refused(const char *file, unsigned int line, uint32_t sid, const char *keyword,
				const char *why, void *arg)
{
	parser_say(arg, "%s:%u: sid %u: %s%s%s\n", file, line, sid, keyword ? keyword : "",
		   keyword ? ": " : "", why);
}

/* The policy that the rules are to be read with lies among them. */
static int parser_rules_policy(const void *data, size_t len, struct policy **out)
{
	const struct bundle_entry *entry;
	const char *text, *why;
	size_t cursor = 0;

	while (bundle_next(data, len, &cursor, &entry, &text) > 0)
		if (entry->kind == BUNDLE_POLICY)
			return policy_unpack(text, entry->len, out, &why);
	return -EBADMSG;
}

/* Reads and compiles as the engines will, so that they only have to read. *image holds the databases. */
static int parser_rules(struct parser *p, const void *data, size_t len, void **image, size_t *image_len)
{
	CLEANUP(ruleset_builder_free) struct ruleset_builder *builder = NULL;
	CLEANUP(ruleset_free) struct ruleset *set = NULL;
	struct ruleset_counts counts;
	char why[256] = "";
	int err;

	policy_free(p->policy);
	p->policy = NULL;
	err = parser_rules_policy(data, len, &p->policy);
	if (!err)
		err = ruleset_builder_new(&builder);
	if (!err)
		err = rules_read(builder, p->policy, data, len, parser_rule_refused, NULL, p);
	if (!err)
		err = ruleset_build(builder, &set, why, sizeof(why));
	if (err) {
		parser_say(p, "%s\n", *why ? why : strerror(-err));
		return err;
	}
	ruleset_count(set, &counts);
	p->answer.accepted = counts.loaded;
	p->answer.refused = counts.failed;
	p->answer.merged = counts.skipped;
	return ruleset_cache_image(set, image, image_len);
}

static int parser_answer_rules(struct parser *p, const void *data, size_t len)
{
	AUTO_FREE void *image = NULL;
	AUTO_FD int fd = -1;
	size_t image_len = 0;
	int err = parser_rules(p, data, len, &image, &image_len);

	if (!err)
		err = file_seal("sekimori-compiled", image, image_len, &fd);
	p->answer.result = err;
	return channel_send(PROCESS_FD_KEEPER, MESSAGE_PARSED, 0, &p->answer, sizeof(p->answer), fd);
}

static int parser_answer(struct parser *p, int err)
{
	AUTO_FREE void *image = NULL;
	AUTO_FD int fd = -1;
	size_t len = 0;

	if (!err)
		err = policy_pack(p->policy, &image, &len);
	if (!err)
		err = file_seal("sekimori-policy", image, len, &fd);
	p->answer.result = err;
	return channel_send(PROCESS_FD_KEEPER, MESSAGE_PARSED, 0, &p->answer, sizeof(p->answer), fd);
}

static void parser_receive(int fd, uint32_t events, void *arg)
{
	static _Alignas(8) uint8_t body[CHANNEL_BODY_MAX];
	struct channel_rule rules[MESSAGE_MAX];
	struct parser *p = arg;
	struct message_parse ask;
	struct channel_head head;
	const void *data = NULL;
	AUTO_FD int bundle = -1;
	size_t len = 0;
	int err;

	err = channel_receive(fd, rules, message_rules(PROCESS_KEEPER, PROCESS_PARSER, rules), &head, body,
			      &bundle);
	if (err == -EAGAIN)
		return;
	if (err || bundle < 0) {
		loop_stop(p->loop, err == -ENOTCONN ? 0 : 1);
		return;
	}
	memcpy(&ask, body, sizeof(ask));
	memset(&p->answer, 0, sizeof(p->answer));
	p->text_len = 0;
	err = file_map_sealed(bundle, BUNDLE_MAX, &data, &len);
	if (!err && (ask.kind >= PARSE_KIND_MAX || !message_text_valid(ask.name, sizeof(ask.name))))
		err = -EINVAL;
	if (!err && ask.kind == PARSE_LIST) {
		/* The whole memory file is the list's text: it came from the command line as it was. */
		struct bundle one = {0};

		err = bundle_add(&one, BUNDLE_LIST, 0, ask.name, data, len);
		if (!err)
			err = parser_bundle(p, &ask, one.data, one.len);
		bundle_free(&one);
	} else if (!err && ask.kind == PARSE_RULES) {
		err = parser_answer_rules(p, data, len);
		munmap((void *)data, len);
		if (err)
			loop_stop(p->loop, 1);
		return;
	} else if (!err) {
		err = parser_bundle(p, &ask, data, len);
	}
	if (data)
		munmap((void *)data, len);
	if (parser_answer(p, err))
		loop_stop(p->loop, 1);
}

int parser_main(unsigned int index)
{
	CLEANUP(loop_free) struct loop *loop = NULL;
	struct parser parser = {0};
	int err = loop_new(&loop);

	if (!err) {
		parser.loop = loop;
		err = loop_add(loop, PROCESS_FD_KEEPER, 0, parser_receive, &parser);
	}
	if (!err)
		err = loop_run(loop);
	policy_free(parser.policy);
	return err ? 1 : 0;
}
