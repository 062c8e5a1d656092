/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * keeper_job.h - the job that is under way, for the files that have a part in it: keeper_job.c begins and
 * ends all of them, keeper_job_list.c has what is of lists, keeper_job_rules.c what is of rules.
 */
#ifndef SEKIMORID_KEEPER_JOB_H
#define SEKIMORID_KEEPER_JOB_H

#include "bundle.h"
#include "keeper.h"

struct keeper_job {
	enum keeper_job_kind kind;
	uint64_t cookie;
	uint32_t uid, deadline;
	struct message_load load; /* JOB_LIST */
	struct keeper_change change;
	int policy, rules;	       /* JOB_RULES: what the engines will get; -1: nothing */
	bool handed;		       /* JOB_RULES: the engines have them, their answers are awaited */
	struct policy *base;	       /* JOB_APPLY: what the configuration said, lists still to be read */
	struct keeper_image *lists;    /* JOB_APPLY: its lists */
	struct message_parsed *parsed; /* JOB_LIST: what the parser said of a list that is in force */
	char text[3072];	       /* what the parser remarked */
};

/* -EBUSY: another one is, and does not give way. */
__must_check int keeper_job_begin(struct keeper *k, enum keeper_job_kind kind, uint64_t cookie, uint32_t uid);
void keeper_job_end(struct keeper *k);
void keeper_job_stop_parser(struct keeper *k); /* it has said all */
/* The parser is started where none runs. */
__must_check int keeper_job_ask(struct keeper *k, const struct message_parse *ask, int fd);
__must_check int keeper_job_ask_bundle(struct keeper *k, enum message_parse_kind kind, struct bundle *bundle);
void keeper_job_refused(struct keeper *k, int err, const char *why); /* the parser's image */
/* All has been read: what was asked for comes into force. */
void keeper_job_push(struct keeper *k);

/* What lists must not touch, management peers first. base: the configuration that will hold. */
void keeper_job_guards(const struct keeper *k, const struct policy *base, struct message_parse *ask);
/* The lists that a configuration names: opened here, read by the parser. */
__must_check int keeper_job_read_lists(struct keeper *k, const struct policy *policy);
void keeper_job_lists_parsed(struct keeper *k, const struct message_parsed *parsed, int image);

void keeper_job_rules_parsed(struct keeper *k, const struct message_parsed *parsed, int image);
void keeper_job_prefilter_parsed(struct keeper *k, const struct message_parsed *parsed, int image);

#endif
