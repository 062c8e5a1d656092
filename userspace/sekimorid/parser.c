// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * parser.c - the child that reads text for the keeper: configuration, list
 * files, resolv.conf. It answers with a sealed policy image and lives for one job.
 */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "bundle.h"
#include "core/prefilter/prefilter.h"
#include "core/list/list_gather.h"
#include "lib/file.h"
#include "lib/log.h"
#include "lib/loop.h"
#include "process.h"
#include "rules_read.h"

#define LINES_TOLD 20u /* of refused lines; all are counted */

struct parser {
	struct loop *loop;
	struct policy *policy;
	struct list_batch batch; /* of PARSE_LISTS and PARSE_LIST */
	struct list_gather gather;
	struct list_guard_row guards[MESSAGE_GUARDS_MAX];
	uint32_t guard_count;
	uint64_t now;
	struct message_parsed answer;
	uint32_t told; /* refused and noted lines in answer.text */
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

/* The same, before everything said so far: what is said of a whole list counts more than its lines. */
__attribute__((format(printf, 2, 3))) static void parser_say_first(struct parser *p, const char *format, ...)
{
	char line[512];
	va_list ap;
	size_t len;

	va_start(ap, format);
	vsnprintf(line, sizeof(line), format, ap);
	va_end(ap);
	len = strlen(line);
	if (len >= sizeof(p->answer.text) - p->text_len)
		return;
	memmove(p->answer.text + len, p->answer.text, p->text_len + 1);
	memcpy(p->answer.text, line, len);
	p->text_len += len;
}

/* What list_import() hands through is the gather that entries go to. */
static struct parser *parser_of(void *gather)
{
	return (struct parser *)((char *)gather - offsetof(struct parser, gather));
}

/* Room is kept for what is said about the whole. */
static bool parser_may_tell(struct parser *p)
{
	return p->told++ < LINES_TOLD && p->text_len < sizeof(p->answer.text) - 1024;
}

static void parser_refused(unsigned int line, const char *text, const char *why, void *arg)
{
	struct parser *p = parser_of(arg);

	if (parser_may_tell(p))
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
	}
	if (errors.text)
		parser_say(p, "%.*s", (int)(errors.len > 4000 ? 4000 : errors.len), errors.text);
	conf_errors_clear(&errors);
	return err;
}

static void parser_list_report(struct parser *p, const struct list_report *report)
{
	p->answer.lines += report->lines;
	p->answer.accepted += report->accepted;
	p->answer.merged += report->merged;
	p->answer.refused += report->refused;
	p->answer.removed += report->removed;
}

/* The addresses that the configuration itself names are no feed: nothing is refused of them. */
static int parser_list_addresses(struct parser *p, uint32_t index)
{
	int err = 0;

	for (uint32_t i = 0; !err && i < p->policy->entry_count; i++) {
		struct list_entry entry = {.prefix = p->policy->entries[i].prefix,
					   .severity = LIST_SEVERITY_UNSAID,
					   .reason = ""};

		if (p->policy->entries[i].list != index)
			continue;
		err = list_gather_add(&entry, &p->gather);
		if (err == -EEXIST)
			err = 0;
	}
	return err;
}

static int parser_list_text(struct parser *p, const struct policy_list *list, struct list_image_list *row,
			    const char *text, size_t len)
{
	struct list_guard guard = {.rows = p->guards,
				   .count = p->guard_count,
				   .allow = list->allow,
				   .max_share = list->allow & LIST_ALLOW_SHARE ? 0 : list->max_share};
	const struct list_import_how how = {.format = list->format,
					    .now = p->now,
					    .flags = list->flags,
					    .guard = &guard,
					    .noted = parser_refused};
	struct list_report report = {0};
	int err;

	list_guard_sort(&guard);
	err = list_import(text, len, &how, list_gather_add, parser_refused, &p->gather, &report);
	parser_list_report(p, &report);
	if (*report.refusal) {
		parser_say_first(p, "list %s is refused: %s%s%s%s\n", list->name, report.refusal,
				 report.allow ? " (allow-" : "", list_allow_name(report.allow),
				 report.allow ? " takes it)" : "");
		return -EPERM;
	}
	/* To take nothing for a list is to let go of what is loaded. */
	if (!err && report.refused && report.refused == report.lines) {
		parser_say_first(p, "list %s is refused: none of its %u rows can be taken\n", list->name,
				 report.lines);
		return -EPERM;
	}
	if (err)
		parser_say_first(p, "list %s: %s\n", list->name,
				 err == -ENOSPC ? "more entries than lists can have" : strerror(-err));
	else if (report.not_after && report.not_after <= p->now)
		parser_say_first(p, "list %s: by its own word it is out of date\n", list->name);
	if (report.not_after && (!row->not_after || report.not_after < row->not_after))
		row->not_after = report.not_after;
	return err;
}

/* One list into the batch: the addresses of the configuration, then the file, if it has one. */
static int parser_list(struct parser *p, uint32_t index, enum list_source source, const char *text,
		       size_t len)
{
	const struct policy_list *list = &p->policy->lists[index];
	const struct list_about about = {.source = (uint8_t)source,
					 .priority = list->priority,
					 .not_after = list->max_age ? p->now + list->max_age : 0};
	struct list_gather_how how = {.flags = list->flags,
				      .severity = list->severity,
				      .expires = list->expires ? p->now + list->expires : 0,
				      .now = p->now};
	int err = list_batch_list(&p->batch, list->name, &about, 0, &how.row);

	if (!err)
		err = list_gather_begin(&p->gather, &p->batch, &how, len);
	if (!err)
		err = parser_list_addresses(p, index);
	if (!err && text)
		err = parser_list_text(p, list, &p->batch.lists[how.row], text, len);
	return err;
}

static int parser_lists(struct parser *p, const void *data, size_t len)
{
	const char *texts[SEKI_MAX_LISTS] = {NULL}, *text;
	size_t lens[SEKI_MAX_LISTS] = {0}, cursor = 0;
	const struct bundle_entry *entry;
	int more, err = 0;

	while ((more = bundle_next(data, len, &cursor, &entry, &text)) != 0) {
		if (more < 0 || entry->kind != BUNDLE_LIST || entry->index >= p->policy->list_count)
			return -EBADMSG;
		if (!*entry->name)
			continue; /* it has no file */
		texts[entry->index] = text;
		lens[entry->index] = entry->len;
	}
	for (uint32_t i = 0; !err && i < p->policy->list_count; i++)
		err = parser_list(p, i, LIST_FROM_CONFIG, texts[i], lens[i]);
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

static int parser_texts(struct parser *p, const void *data, size_t len)
{
	const struct bundle_entry *entry;
	const char *text;
	size_t cursor = 0;
	int more, err = 0;

	while (!err && (more = bundle_next(data, len, &cursor, &entry, &text)) != 0) {
		if (more < 0)
			return more;
		if (entry->kind == BUNDLE_CONFIG)
			err = parser_config(p, entry, text);
		else if (entry->kind == BUNDLE_RESOLV)
			err = parser_resolv(p, text, entry->len);
	}
	return err;
}

static void parser_guards(struct parser *p, const struct message_parse *ask)
{
	p->now = ask->now;
	p->guard_count = ask->guard_count;
	for (uint32_t i = 0; i < ask->guard_count; i++) {
		p->guards[i] = (struct list_guard_row){.prefix = {.len = ask->guards[i].len},
						       .kind = ask->guards[i].kind};
		memcpy(p->guards[i].prefix.addr, ask->guards[i].addr, sizeof(p->guards[i].prefix.addr));
	}
}

/* A policy of one list, as the request describes it. */
static int parser_policy_of_list(struct parser *p, const struct message_parse *ask)
{
	struct policy_list *list;
	int err;

	policy_free(p->policy);
	p->policy = NULL;
	err = policy_default(&p->policy);
	if (err)
		return err;
	list = p->policy->lists = calloc(1, sizeof(*list));
	if (!list)
		return -ENOMEM;
	p->policy->list_count = 1;
	*list = (struct policy_list){.flags = ask->flags,
				     .severity = ask->severity,
				     .priority = ask->priority,
				     .allow = ask->allow,
				     .max_share = ask->max_share,
				     .expires = ask->expires,
				     .max_age = ask->max_age};
	memcpy(list->name, ask->name, sizeof(ask->name));
	memcpy(list->format, ask->format, sizeof(ask->format));
	return 0;
}

/* PARSE_LISTS comes after PARSE_CONFIG, whose policy it means. */
static int parser_read(struct parser *p, const struct message_parse *ask, const void *data, size_t len)
{
	int err = 0;

	parser_guards(p, ask);
	list_batch_clear(&p->batch);
	if (ask->kind == PARSE_LIST)
		err = parser_policy_of_list(p, ask);
	else if (!p->policy)
		err = policy_default(&p->policy);
	if (err)
		return err;
	switch (ask->kind) {
	case PARSE_LIST: /* the whole memory file is the list's text: it came from the command line as it was
			  */
		return parser_list(p, 0, LIST_FROM_FILE, data, len);
	case PARSE_LISTS:
		return parser_lists(p, data, len);
	default:
		return parser_texts(p, data, len);
	}
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

/* Reads and compiles as the engines will. */
static int parser_ruleset(struct parser *p, const void *data, size_t len, struct ruleset **set)
{
	CLEANUP(ruleset_builder_free) struct ruleset_builder *builder = NULL;
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
		err = ruleset_build(builder, set, why, sizeof(why));
	if (err) {
		parser_say(p, "%s\n", *why ? why : strerror(-err));
		return err;
	}
	ruleset_count(*set, &counts);
	p->answer.accepted = counts.loaded;
	p->answer.refused = counts.failed;
	p->answer.merged = counts.skipped;
	return 0;
}

/* What the kernel can judge by itself: from the severity on at which the flow would be cut anyhow. */
static int parser_prefilter(struct parser *p, const struct ruleset *set, void **image, size_t *image_len)
{
	const struct prefilter_options options = {.drops = p->policy->block.enabled,
						  .drop_severity = p->policy->block.cut_severity};
	struct prefilter_counts counts;
	uint32_t len = 0;
	int err = prefilter_compile(set, &options, NULL, NULL, image, &len, &counts);

	*image_len = len;
	p->answer.accepted = counts.fates[PREFILTER_DROPS];
	p->answer.merged = counts.fates[PREFILTER_INSPECTS];
	p->answer.refused = counts.fates[PREFILTER_STAYS];
	if (!err)
		parser_say(p,
			   "%u rules drop in the kernel, %u make it look closer, %u stay with the matcher\n",
			   counts.fates[PREFILTER_DROPS], counts.fates[PREFILTER_INSPECTS],
			   counts.fates[PREFILTER_STAYS]);
	return err;
}

/* PARSE_RULES: the databases, so that the engines only have to read. PARSE_PREFILTER: the kernel module's
 * table. */
static int parser_answer_rules(struct parser *p, enum message_parse_kind kind, const void *data, size_t len)
{
	CLEANUP(ruleset_free) struct ruleset *set = NULL;
	AUTO_FREE void *image = NULL;
	AUTO_FD int fd = -1;
	size_t image_len = 0;
	int err = parser_ruleset(p, data, len, &set);

	if (!err && kind == PARSE_RULES)
		err = ruleset_cache_image(set, &image, &image_len);
	else if (!err)
		err = parser_prefilter(p, set, &image, &image_len);
	if (!err)
		err = file_seal("sekimori-compiled", image, image_len, &fd);
	p->answer.result = err;
	return channel_send(PROCESS_FD_KEEPER, MESSAGE_PARSED, 0, &p->answer, sizeof(p->answer), fd);
}

static int parser_seal_policy(struct parser *p, int *fd)
{
	AUTO_FREE void *image = NULL;
	size_t len = 0;
	int err = policy_pack(p->policy, &image, &len);

	return err ? err : file_seal("sekimori-policy", image, len, fd);
}

static int parser_seal_lists(struct parser *p, int *fd)
{
	struct piece parts[LIST_IMAGE_PARTS];
	int err;

	list_gather_end(&p->gather); /* its memory is not needed twice */
	err = list_batch_parts(&p->batch, parts);
	if (!err)
		err = file_seal_parts("sekimori-lists", parts, LIST_IMAGE_PARTS, fd);
	list_batch_clear(&p->batch);
	return err;
}

static int parser_answer(struct parser *p, enum message_parse_kind kind, int err)
{
	AUTO_FD int fd = -1;

	if (!err)
		err = kind == PARSE_LIST || kind == PARSE_LISTS ? parser_seal_lists(p, &fd)
								: parser_seal_policy(p, &fd);
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
	p->told = 0;
	err = file_map_sealed(bundle, BUNDLE_MAX, &data, &len);
	if (!err &&
	    (ask.kind >= PARSE_KIND_MAX || !message_text_valid(ask.name, sizeof(ask.name)) ||
	     !message_text_valid(ask.format, sizeof(ask.format)) || ask.guard_count > MESSAGE_GUARDS_MAX))
		err = -EINVAL;
	if (!err && (ask.kind == PARSE_RULES || ask.kind == PARSE_PREFILTER)) {
		err = parser_answer_rules(p, ask.kind, data, len);
		munmap((void *)data, len);
		if (err)
			loop_stop(p->loop, 1);
		return;
	}
	if (!err)
		err = parser_read(p, &ask, data, len);
	if (data)
		munmap((void *)data, len);
	if (parser_answer(p, ask.kind, err))
		loop_stop(p->loop, 1);
}

int parser_main(unsigned int index)
{
	CLEANUP(loop_free) struct loop *loop = NULL;
	static struct parser parser;
	int err = loop_new(&loop);

	if (!err) {
		parser.loop = loop;
		err = loop_add(loop, PROCESS_FD_KEEPER, 0, parser_receive, &parser);
	}
	if (!err)
		err = loop_run(loop);
	list_gather_end(&parser.gather);
	list_batch_clear(&parser.batch);
	policy_free(parser.policy);
	return err ? 1 : 0;
}
