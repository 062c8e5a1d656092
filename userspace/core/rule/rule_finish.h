/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rule_finish.h - from parsed options to a rule that can be matched.
 */
#ifndef CORE_RULE_FINISH_H
#define CORE_RULE_FINISH_H

#include "rule_parse.h"

/*
 * Packs the parser's parts into parser->rule and decides where and in which
 * direction it is looked at and by which content it is found. -EINVAL with parser->why, -ENOMEM.
 */
__must_check int rule_finish(struct rule_parser *parser);

#endif
