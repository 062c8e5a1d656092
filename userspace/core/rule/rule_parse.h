/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rule_parse.h - text of one rule to struct rule. The keyword table says what
 * an option means; one row per keyword, read by parser, help and tests.
 */
#ifndef CORE_RULE_PARSE_H
#define CORE_RULE_PARSE_H

#include "lib/arena.h"
#include "classification.h"
#include "rule.h"
#include "lib/text_pool.h"
#include "rule_group.h"

#define RULE_TEXT_MAX	    65536u
#define RULE_METADATA_MAX   64
#define RULE_REFERENCES_MAX 64

struct reference_kinds;
struct transform_pool;
struct dataset_pool;
struct dataset_source;
struct reputation;

/* Names of flowbits, flowints and xbits to small numbers, one space per kind. */
struct rule_names;
struct rule_names *rule_names_new(void);
void rule_names_free(struct rule_names *names);
__must_check int rule_names_get(struct rule_names *names, enum rule_state_kind kind, const char *name,
				size_t len, uint32_t *number);
uint32_t rule_names_count(const struct rule_names *names, enum rule_state_kind kind);

/* What rules of one set have in common while they are read. */
struct rule_context {
	struct arena *arena;
	struct arena *scratch; /* until the rule is read */
	struct rule_groups *groups;
	struct rule_names *names;
	struct text_pool *texts; /* what does not change any more, and other rules and sets may have too */
	const struct classification *classes;
	const struct reference_kinds *references;
	struct transform_pool *transforms;
	struct dataset_pool *datasets;
	const struct reputation *reputation;
	/* Fills a data set from the file that a rule names. -ENOENT: it cannot be had; else as
	 * dataset_load(). */
	int (*load)(const struct rule_context *context, const char *name, struct dataset *set,
		    const struct dataset_source *source);
	void *load_arg;
};

/* One rule on its way from text. Fixed room, so that a rule's limits are the parser's. */
struct rule_parser {
	const struct rule_context *context;
	struct rule *rule;
	const char *why; /* static text of the refusal */

	struct rule_node nodes[RULE_NODES_MAX];
	unsigned int node_count;
	struct rule_list lists[RULE_LISTS_MAX];
	unsigned int list_count;
	int list;	 /* the sticky buffer that contents go to; lists[0] is the payload */
	bool sticky;	 /* some sticky buffer was named */
	bool list_fresh; /* a sticky keyword stands without a content so far: transforms may follow */
	char address;	 /* 's', 'd': ip.src, ip.dst is asked about; 0: a buffer is */
	int last;	 /* the node that modifiers mean, -1: none */
	char variables[RULE_VARIABLES_MAX][32];
	unsigned int variable_count;

	struct rule_test tests[RULE_TESTS_MAX];
	unsigned int test_count;
	struct rule_state states[RULE_STATES_MAX];
	unsigned int state_count;
	const char *metadata[RULE_METADATA_MAX];
	unsigned int metadata_count;
	const char *references[RULE_REFERENCES_MAX], *addresses[RULE_REFERENCES_MAX];
	unsigned int reference_count;
	bool sid_seen, msg_seen, priority_seen;
	bool snort;			  /* the rule is written in Snort 3's language */
	uint64_t services;		  /* of service:, a bit per protocol */
	const struct range_set *any_port; /* made before the rule's own memory */
	bool services_unknown;		  /* … and one that is not decoded here */
};

enum keyword_argument { ARGUMENT_NONE, ARGUMENT_NEEDED, ARGUMENT_OPTIONAL };
#define KEYWORD_PACKET	  1u /* only makes sense on one packet */
#define KEYWORD_NO_EFFECT 2u /* read and checked for form, changes nothing here */

struct rule_keyword {
	const char *name;
	const char *alias; /* the older spelling, or NULL */
	/* arg is the writable, trimmed text behind the colon (NULL: none). 0, -EINVAL with parser->why,
	 * -ENOMEM. */
	int (*parse)(struct rule_parser *parser, const struct rule_keyword *keyword, char *arg);
	uint8_t argument; /* enum keyword_argument */
	uint8_t flags;	  /* KEYWORD_* */
	int32_t value;	  /* what the parse function makes of it: test kind, buffer, transform … */
	uint64_t max;	  /* greatest number allowed, for numeric tests */
	const char *help;
};

/* Row of name or alias, NULL: no such keyword. Inspection buffers are keywords too. */
const struct rule_keyword *rule_keyword_find(const char *name);
unsigned int rule_keyword_count(void);
/* Every keyword, in the table's order; NULL behind the last. */
const struct rule_keyword *rule_keyword_at(unsigned int index);

/*
 * Parses the header and the options of text, one whole rule. *rule is in the arena; on failure the
 * arena is as it was except for shared groups. -EINVAL: keyword names the option or place, why the reason;
 * both live until the next call. sid is 0 when it was not read.
 */
struct rule_refusal {
	uint32_t sid;
	char keyword[64];
	char why[160];
};
__must_check int rule_parse(const struct rule_context *context, const char *text, size_t len,
			    struct rule **rule, struct rule_refusal *refusal);

/* The header's part of it: "alert tcp $A any -> any 80". Used by rule_parse(). */
__must_check int rule_parse_header(struct rule_parser *parser, char *text);

/* The action of that name. */
bool rule_action_find(const char *name, size_t len, enum rule_action *out);

/* Frees what a rule holds outside of the arena. */
void rule_clear(struct rule *rule);

/* For keyword functions. */
int rule_refuse(struct rule_parser *parser, const char *why);
struct rule_node *rule_add_node(struct rule_parser *parser, enum rule_node_kind kind); /* NULL: refused */
/* In the older syntax, where no sticky buffer says it, what builds on the match before belongs to its buffer.
 */
void rule_follow(struct rule_parser *parser, struct rule_node *node);
struct rule_test *rule_add_test(struct rule_parser *parser, enum rule_test_kind kind); /* NULL: refused */
struct rule_state *rule_add_state(struct rule_parser *parser);			       /* NULL: refused */
/* Index of the list for view, made when absent; -1: refused. */
int rule_find_list(struct rule_parser *parser, enum buffer_id buffer, bool fresh);
/* What follows is about that list, a fresh one, until another buffer is named. */
void rule_stick_to(struct rule_parser *parser, int list);
/* The list looks at one direction only, "to_server" or "to_client". */
int rule_list_direction(struct rule_parser *parser, int list, const char *word);
/* A node on buffer's list; the sticky buffer of the rule stays what it was. NULL: refused. */
struct rule_node *rule_fact_node(struct rule_parser *parser, enum buffer_id buffer, enum rule_node_kind kind);
/* The set of the digests that the file at path lists, one per line, read once per rule set. type: enum
 * dataset_type. */
__must_check int rule_load_digests(struct rule_parser *parser, const char *path, int type,
				   struct dataset **out);
/* Compiles expression, NUL-terminated, with PCRE2 options into node. */
__must_check int rule_compile_pcre(struct rule_parser *parser, struct rule_node *node, const char *expression,
				   uint32_t options);
/* Takes "…" off and says whether a ! stood before it. NULL: not quoted rightly. */
char *rule_unquote(char *arg, bool *negated);
/* Next item of a comma-separated list, trimmed; NULL at the end. */
char *rule_item(char **rest);
char *rule_trim(char *text);
__must_check int rule_unsigned(const char *text, uint64_t max, uint64_t *out);
__must_check int rule_number(struct rule_parser *parser, const char *text, int64_t min, int64_t max,
			     struct rule_number *out);
/* "5", "<5", ">=5", "!5", "3-7", "3<>7". */
__must_check int rule_range(const char *text, uint64_t max, struct rule_range *out);

/* Laid out by hand: one per line. */
#define RULE_KEYWORD_FUNCTIONS(X)                                                                            \
	X(keyword_msg)                                                                                       \
	X(keyword_sid)                                                                                       \
	X(keyword_rev)                                                                                       \
	X(keyword_gid)                                                                                       \
	X(keyword_classtype)                                                                                 \
	X(keyword_priority)                                                                                  \
	X(keyword_reference)                                                                                 \
	X(keyword_metadata)                                                                                  \
	X(keyword_target)                                                                                    \
	X(keyword_noalert)                                                                                   \
	X(keyword_alert)                                                                                     \
	X(keyword_ignored)                                                                                   \
	X(keyword_flow)                                                                                      \
	X(keyword_flowbits)                                                                                  \
	X(keyword_flowint)                                                                                   \
	X(keyword_xbits)                                                                                     \
	X(keyword_hostbits)                                                                                  \
	X(keyword_threshold)                                                                                 \
	X(keyword_detection_filter)                                                                          \
	X(keyword_stream_size)                                                                               \
	X(keyword_app_protocol)                                                                              \
	X(keyword_range)                                                                                     \
	X(keyword_flags)                                                                                     \
	X(keyword_fragbits)                                                                                  \
	X(keyword_sameip)                                                                                    \
	X(keyword_ipopts)                                                                                    \
	X(keyword_ip_proto)                                                                                  \
	X(keyword_content)                                                                                   \
	X(keyword_nocase)                                                                                    \
	X(keyword_position)                                                                                  \
	X(keyword_edge)                                                                                      \
	X(keyword_fast_pattern)                                                                              \
	X(keyword_old_buffer)                                                                                \
	X(keyword_buffer_content)                                                                            \
	X(keyword_buffer)                                                                                    \
	X(keyword_transform)                                                                                 \
	X(keyword_bsize)                                                                                     \
	X(keyword_urilen)                                                                                    \
	X(keyword_isdataat)                                                                                  \
	X(keyword_absent)                                                                                    \
	X(keyword_pcre)                                                                                      \
	X(keyword_byte_test)                                                                                 \
	X(keyword_byte_jump)                                                                                 \
	X(keyword_byte_extract)                                                                              \
	X(keyword_byte_math)                                                                                 \
	X(keyword_file_name)                                                                                 \
	X(keyword_file_magic)                                                                                \
	X(keyword_filemagic)                                                                                 \
	X(keyword_event)                                                                                     \
	X(keyword_tls_version)                                                                               \
	X(keyword_tls_words)                                                                                 \
	X(keyword_tls_fingerprint)                                                                           \
	X(keyword_ftpbounce)                                                                                 \
	X(keyword_ftpdata_command)                                                                           \
	X(keyword_dcerpc_iface)                                                                              \
	X(keyword_dcerpc_opnum)                                                                              \
	X(keyword_base64_decode)                                                                             \
	X(keyword_asn1)                                                                                      \
	X(keyword_address)                                                                                   \
	X(keyword_dataset)                                                                                   \
	X(keyword_datarep)                                                                                   \
	X(keyword_iprep)                                                                                     \
	X(keyword_number)                                                                                    \
	X(keyword_tls_date)                                                                                  \
	X(keyword_dns_rrtype)                                                                                \
	X(keyword_flow_count)                                                                                \
	X(keyword_vlan_id)                                                                                   \
	X(keyword_requires)                                                                                  \
	X(keyword_filesize)                                                                                  \
	X(keyword_file_digest)                                                                               \
	X(keyword_checksum)                                                                                  \
	X(keyword_ftp_word)                                                                                  \
	X(keyword_tls_validity)
#define X(function) int function(struct rule_parser *parser, const struct rule_keyword *keyword, char *arg);
RULE_KEYWORD_FUNCTIONS(X)
#undef X

#endif
