// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * page_audit.c - every change, alarm and look, newest first, and whether the
 * chain holds.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/report/document.h"
#include "portal_private.h"
#include "store/audit_log.h"

#define TAIL_BYTES (192u << 10)
#define ROWS	   200u

/* What lies before `end` of the log, whole lines only; *begin is where it begins in the file. */
static int tail_read(const char *dir, uint64_t end, char **out, size_t *len, uint64_t *begin)
{
	AUTO_FD int folder = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO_FD int fd = folder < 0 ? -1 : openat(folder, AUDIT_LOG_FILE, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	off_t size = fd < 0 ? -1 : lseek(fd, 0, SEEK_END), from;
	AUTO_FREE char *text = NULL;
	ssize_t n;
	char *line;

	if (size < 0)
		return -errno;
	if (end && end < (uint64_t)size)
		size = (off_t)end;
	from = size > (off_t)TAIL_BYTES ? size - (off_t)TAIL_BYTES : 0;
	text = malloc((size_t)(size - from) + 1);
	if (!text)
		return -ENOMEM;
	n = pread(fd, text, (size_t)(size - from), from);
	if (n < 0)
		return -errno;
	text[n] = '\0';
	line = from ? memchr(text, '\n', (size_t)n) : NULL;
	if (line) {
		size_t cut = (size_t)(line + 1 - text);

		memmove(text, line + 1, (size_t)n - cut + 1);
		from += (off_t)cut;
		n -= (ssize_t)cut;
	}
	*begin = (uint64_t)from;
	*len = (size_t)n;
	*out = TAKE_PTR(text);
	return 0;
}

static bool audit_row(struct visit *v, const char *line, size_t len, const char *kind)
{
	json_error_t error;
	json_t *entry = json_loadb(line, len, 0, &error);
	char uid[24];
	bool shown = entry && (!*kind || !strcmp(kind, member_text(entry, "kind")));

	if (shown) {
		page_put(v->page, "<tr><td class=\"n\" data-label=\"%s\">%lld</td><td data-label=\"%s\">",
			 T(v, P_NUMBER), member_number(entry, "number"), T(v, P_TIME));
		part_moment(v, (uint64_t)member_number(entry, "time_us"));
		page_put(v->page, "</td>");
		part_cell(v, T(v, P_KIND), member_text(entry, "kind"));
		snprintf(uid, sizeof(uid), "uid %lld", member_number(entry, "uid"));
		part_cell(v, T(v, P_WHO), *member_text(entry, "who") ? member_text(entry, "who") : uid);
		part_cell(v, T(v, P_WHAT), member_text(entry, "text"));
		page_put(v->page, "</tr>\n");
	}
	json_decref(entry);
	return shown;
}

static void audit_state(struct visit *v)
{
	const json_t *store = json_object_get(json_object_get(daemon_status(v), "events"), "store");
	char text[160];

	if (!store) {
		part_say(v, TONE_LOOK, T(v, P_NO_DAEMON));
		return;
	}
	if (member_number(store, "audit_fault"))
		part_say(v, TONE_LOOK, T(v, P_AUDIT_BROKEN));
	else
		part_say(v, TONE_GOOD, T(v, P_AUDIT_WHOLE));
	snprintf(text, sizeof(text), "%lld:%.72s", member_number(store, "audit_lines"),
		 member_text(store, "audit_head"));
	page_put(v->page, "<p class=\"note\">%s <span class=\"mono\">%s</span></p>\n", T(v, P_AUDIT_HEAD),
		 text);
}

static void audit_form(struct visit *v, const char *kind)
{
	static const char *const kinds[] = {"", "change", "alarm", "note", "read"};

	page_put(v->page,
		 "<form method=\"get\" action=\"/audit\" class=\"filter\"><span class=\"field\"><label "
		 "for=\"kind\">%s</label> "
		 "<select id=\"kind\" name=\"kind\">",
		 T(v, P_KIND));
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		page_put(v->page, "<option value=\"%s\"", kinds[i]);
		page_put(v->page, strcmp(kinds[i], kind) ? ">" : " selected=\"\">");
		page_put(v->page, "%s</option>", *kinds[i] ? kinds[i] : T(v, P_ANY));
	}
	page_put(v->page, "</select></span> <button>%s</button></form>\n", T(v, P_SHOW));
}

void page_audit(struct visit *v)
{
	const char *kind = web_form_get(&v->query, "kind");
	AUTO_FREE char *text = NULL;
	uint64_t end = 0, begin = 0, older = 0;
	unsigned int rows = 0;
	size_t len = 0;
	int err;

	if (!web_form_number(&v->query, "end", INT64_MAX, &end))
		end = 0;
	part_begin(v, T(v, P_AUDIT));
	audit_state(v);
	audit_form(v, kind);
	page_put(v->page,
		 "<div class=\"scroll\"><table class=\"cards\"><thead><tr><th scope=\"col\" "
		 "class=\"n\">%s</th><th scope=\"col\">%s</th>"
		 "<th scope=\"col\">%s</th><th scope=\"col\">%s</th><th "
		 "scope=\"col\">%s</th></tr></thead><tbody>\n",
		 T(v, P_NUMBER), T(v, P_TIME), T(v, P_KIND), T(v, P_WHO), T(v, P_WHAT));
	err = tail_read(v->portal->options.store_dir, end, &text, &len, &begin);
	while (!err && len && rows < ROWS) {
		size_t from = len - (text[len - 1] == '\n');

		while (from && text[from - 1] != '\n')
			from--;
		rows += audit_row(v, text + from, len - from, kind);
		len = from;
	}
	older = begin + len;
	page_put(v->page, "</tbody></table></div>\n");
	if (err)
		part_say(v, TONE_NOTE, T(v, P_AUDIT_NONE));
	else if (older)
		page_put(v->page, "<p><a rel=\"next\" href=\"/audit?kind=%s&amp;end=%llu\">%s</a></p>\n",
			 kind, (unsigned long long)older, T(v, P_OLDER));
	part_end(v);
	answer_page(v, 200);
}
