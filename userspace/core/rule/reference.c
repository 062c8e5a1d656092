// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * reference.c - the kinds of references that public rules use, and the
 * reader of reference.config.
 */
#include "reference.h"

#include <errno.h>
#include <string.h>

#include "config_line.h"
#include "rule_parse.h"

static const struct reference_kind reference_standard[] = {
	{"url", "http://"},
	{"cve", "https://cve.mitre.org/cgi-bin/cvename.cgi?name="},
	{"bugtraq", "http://www.securityfocus.com/bid/"},
	{"bid", "http://www.securityfocus.com/bid/"},
	{"nessus", "http://cgi.nessus.org/plugins/dump.php3?id="},
	{"et", "http://doc.emergingthreats.net/"},
	{"etpro", "http://doc.emergingthreatspro.com/"},
	{"md5", "http://www.threatexpert.com/report.aspx?md5="},
	{"threatexpert", "http://www.threatexpert.com/report.aspx?md5="},
	{"exploitdb", "http://www.exploit-db.com/exploits/"},
	{"osvdb", "http://osvdb.org/show/osvdb/"},
	{"secunia", "http://secunia.com/advisories/"},
	{"securitytracker", "http://securitytracker.com/id?"},
	{"arachnids", "http://www.whitehats.com/info/IDS"},
	{"mcafee", "http://vil.nai.com/vil/content/v_"},
	{"xforce", "http://xforce.iss.net/xforce/xfdb/"},
	{"msft", "http://technet.microsoft.com/security/bulletin/"},
	{"msb", "http://technet.microsoft.com/security/bulletin/"},
	{"telus", "http://"},
	{"openpacket", "https://www.openpacket.org/capture/grab/"},
};

void reference_init(struct reference_kinds *kinds)
{
	memcpy(kinds->rows, reference_standard, sizeof(reference_standard));
	kinds->count = ARRAY_LEN(reference_standard);
}

static struct reference_kind *reference_find(struct reference_kinds *kinds, const char *name, size_t len)
{
	for (uint32_t i = 0; i < kinds->count; i++) {
		if (strlen(kinds->rows[i].name) == len && !strncasecmp(kinds->rows[i].name, name, len))
			return &kinds->rows[i];
	}
	return NULL;
}

const char *reference_prefix(const struct reference_kinds *kinds, const char *name, size_t len)
{
	const struct reference_kind *row = reference_find((struct reference_kinds *)kinds, name, len);

	return row ? row->prefix : NULL;
}

struct reference_reader {
	struct reference_kinds *kinds;
	struct arena *arena;
};

static const char *reference_line(char *line, int *err, void *arg)
{
	const struct reference_reader *reader = arg;
	struct reference_kinds *kinds = reader->kinds;
	static const char head[] = "config reference:";
	struct reference_kind *row;
	char *name, *prefix;

	if (strncmp(line, head, sizeof(head) - 1))
		return "not \"config reference: kind address\"";
	name = rule_trim(line + sizeof(head) - 1);
	prefix = name + strcspn(name, " \t");
	if (*prefix)
		*prefix++ = '\0';
	prefix = rule_trim(prefix);
	if (!*name || !*prefix || strpbrk(prefix, " \t"))
		return "kind and address are needed";
	row = reference_find(kinds, name, strlen(name));
	if (!row && kinds->count == REFERENCE_KINDS_MAX)
		return "too many kinds";
	name = arena_string(reader->arena, name, strlen(name));
	prefix = arena_string(reader->arena, prefix, strlen(prefix));
	if (!name || !prefix) {
		*err = -ENOMEM;
		return NULL;
	}
	if (!row)
		row = &kinds->rows[kinds->count++];
	*row = (struct reference_kind){name, prefix};
	return NULL;
}

int reference_read(struct reference_kinds *kinds, struct arena *arena, const char *file, const char *text,
		   size_t len, ruleset_refused_fn fn, void *arg)
{
	struct reference_reader reader = {kinds, arena};

	return config_lines("reference", file, text, len, reference_line, &reader, fn, arg);
}
