// SPDX-License-Identifier: GPL-2.0-only
/*
 * prefilter_request.c - the parts of an HTTP request that lies whole in a
 * packet, as the matcher's buffers have them. What is not plain (folded or
 * repeated fields, codings, absolute targets) has no view, so that no rule
 * over it can hold: the matcher sees such a packet all the same.
 */
#include "prefilter_parts.h"
#include "uri.h"

struct reading {
	struct seki_pf_room *room;
	__u32 used; /* of room->text */
	struct seki_pf_text fields, cookie;
	unsigned int name_count; /* of room->names */
	bool plain;		 /* every field was understood */
	bool empty;		 /* the last field has no value yet */
	bool foldable;		 /* the last field is text, and may go on in a folded line */
	bool framed;		 /* where the request ends is known */
	bool chunked, coded, has_length;
	__u32 length;
};

static bool is_space(__u8 c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static struct seki_pf_text text_trim(struct seki_pf_text text)
{
	while (text.len && is_space(text.data[0])) {
		text.data++;
		text.len--;
	}
	while (text.len && is_space(text.data[text.len - 1]))
		text.len--;
	return text;
}

static bool text_is(struct seki_pf_text text, const char *word)
{
	__u32 i;

	for (i = 0; i < text.len && word[i]; i++)
		if (seki_pf_lower(text.data[i]) != (__u8)word[i])
			return false;
	return i == text.len && !word[i];
}

static __u32 text_find(struct seki_pf_text text, __u8 byte)
{
	__u32 i;

	for (i = 0; i < text.len && text.data[i] != byte; i++)
		;
	return i;
}

/* Next line without its end; false: it has no end. */
static bool line_take(struct seki_pf_text *rest, struct seki_pf_text *line)
{
	__u32 end = text_find(*rest, '\n');

	if (end == rest->len)
		return false;
	*line = (struct seki_pf_text){rest->data, end};
	rest->data += end + 1;
	rest->len -= end + 1;
	if (line->len && line->data[line->len - 1] == '\r')
		line->len--;
	return true;
}

static bool room_add(struct reading *r, const void *data, __u32 len)
{
	if (len > SEKI_PF_ROOM - r->used)
		return false;
	memcpy(r->room->text + r->used, data, len);
	r->used += len;
	return true;
}

static void view_put(struct seki_pf_request *request, enum seki_pf_view view, struct seki_pf_text text)
{
	request->views[view] = (struct seki_pf_bytes){text.data, text.len, true, true};
}

/* "METHOD target HTTP/1.x", each a word of its own. */
static bool request_line_read(struct seki_pf_text line, struct seki_pf_text *method,
			      struct seki_pf_text *target)
{
	__u32 at = text_find(line, ' '), i;

	*method = (struct seki_pf_text){line.data, at};
	if (!at || at > 20 || at == line.len)
		return false;
	for (i = 0; i < at; i++)
		if (!((line.data[i] >= 'A' && line.data[i] <= 'Z') || line.data[i] == '-' ||
		      line.data[i] == '_'))
			return false;
	if (line.len < at + 11)
		return false;
	*target = (struct seki_pf_text){line.data + line.len - 9, 9};
	if (memcmp(target->data, " HTTP/1.", 8) || (target->data[8] != '0' && target->data[8] != '1'))
		return false;
	*target = text_trim((struct seki_pf_text){line.data + at, line.len - at - 9});
	return target->len;
}

/* Of "http://authority/path" the path; other targets as they are. */
static struct seki_pf_text target_path(struct seki_pf_text target)
{
	static const char scheme[] = "http://";
	struct seki_pf_text rest = target;
	__u32 i;

	for (i = 0; i < sizeof(scheme) - 1; i++)
		if (i == target.len || seki_pf_lower(target.data[i]) != (__u8)scheme[i])
			return target;
	for (; i < target.len && target.data[i] != '/' && target.data[i] != '?' && target.data[i] != '#'; i++)
		;
	rest.data += i;
	rest.len -= i;
	return rest;
}

/* Path, query and fragment in their normal form. Only targets that begin with the path, or with one's host.
 */
static void uri_view(struct reading *r, struct seki_pf_text target, struct seki_pf_request *request)
{
	__u8 *out = r->room->text + r->used;
	__u32 path, query, n;

	target = target_path(target);
	if (!target.len || target.data[0] != '/' || target.len > SEKI_PF_ROOM - r->used)
		return;
	for (path = 0; path < target.len && target.data[path] != '?' && target.data[path] != '#'; path++)
		;
	n = uri_decode(target.data, path, out, true);
	n = uri_utf8(out, n);
	n = uri_dots(out, n);
	query = path;
	if (path < target.len && target.data[path] == '?') {
		while (query < target.len && target.data[query] != '#')
			query++;
		out[n++] = '?';
		n += uri_decode(target.data + path + 1, query - path - 1, out + n, false);
	}
	if (query < target.len) {
		out[n++] = '#';
		n += uri_decode(target.data + query + 1, target.len - query - 1, out + n, false);
	}
	r->used += n;
	if (n)
		view_put(request, SEKI_PF_VIEW_URI, (struct seki_pf_text){out, n});
}

static bool name_known(struct reading *r, struct seki_pf_text name)
{
	unsigned int i;
	__u32 j;

	for (i = 0; i < r->name_count; i++) {
		for (j = 0; j < name.len && r->room->names[i].len == name.len &&
			    seki_pf_lower(name.data[j]) == seki_pf_lower(r->room->names[i].data[j]);
		     j++)
			;
		if (j == name.len && r->room->names[i].len == name.len)
			return true;
	}
	return false;
}

static bool length_read(struct seki_pf_text value, __u32 *length)
{
	__u32 i;

	*length = 0;
	for (i = 0; i < value.len; i++) {
		if (value.data[i] < '0' || value.data[i] > '9' || *length > 0xffffff)
			return false;
		*length = *length * 10 + (value.data[i] - '0');
	}
	return value.len;
}

/* A line that goes on with the field before it: its first blank stands between both, unless there was no
 * value yet. */
static bool field_fold(struct reading *r, struct seki_pf_text line)
{
	struct seki_pf_text more = text_trim(line);

	if (!r->foldable || (line.data[0] != ' ' && line.data[0] != '\t'))
		return false;
	r->used -= 2; /* the line end */
	if (!r->empty && !room_add(r, line.data, 1))
		return false;
	r->empty &= !more.len;
	return room_add(r, more.data, more.len) && room_add(r, "\r\n", 2);
}

/* What the field says of the body, then its text in the normal form. */
static bool field_read(struct reading *r, struct seki_pf_text line)
{
	__u32 colon = text_find(line, ':');
	bool coding = false;
	struct seki_pf_text name = text_trim((struct seki_pf_text){line.data, colon}), value;

	if (is_space(line.data[0]))
		return field_fold(r, line);
	r->foldable = false;
	if (!name.len || colon == line.len || r->name_count == SEKI_PF_FIELDS_MAX || name_known(r, name))
		return false;
	r->room->names[r->name_count++] = name;
	value = text_trim((struct seki_pf_text){line.data + colon + 1, line.len - colon - 1});
	if (text_is(name, "transfer-encoding")) {
		r->chunked = text_is(value, "chunked");
		r->framed &= r->chunked && !r->has_length;
		coding = true;
	} else if (text_is(name, "content-encoding")) {
		r->coded = true;
		coding = true;
	} else if (text_is(name, "content-length")) {
		r->has_length = length_read(value, &r->length);
		r->framed &= r->has_length && !r->chunked;
		coding = true;
	} else if (text_is(name, "upgrade")) {
		r->framed = false; /* what follows may be of another protocol */
	}
	if (text_is(name, "cookie")) {
		r->cookie = value;
		return true;
	}
	r->foldable = !coding;
	r->empty = !value.len;
	return room_add(r, name.data, name.len) && room_add(r, ": ", 2) &&
	       room_add(r, value.data, value.len) && room_add(r, "\r\n", 2);
}

/* All lines up to the empty one; false: it does not come. */
static bool fields_read(struct reading *r, struct seki_pf_text *rest)
{
	__u32 from = r->used;
	struct seki_pf_text line;

	r->plain = true;
	r->framed = true;
	for (;;) {
		if (!line_take(rest, &line))
			return false;
		if (!line.len)
			break;
		r->plain = r->plain && field_read(r, line);
	}
	r->fields = (struct seki_pf_text){r->room->text + from, r->used - from};
	return true;
}

static bool chunk_size(struct seki_pf_text line, __u32 *size)
{
	__u32 i;

	*size = 0;
	for (i = 0; i < line.len && uri_hex(line.data[i]) >= 0; i++) {
		if (*size > 0xfffff)
			return false;
		*size = *size << 4 | (__u32)uri_hex(line.data[i]);
	}
	return i && (i == line.len || line.data[i] == ';');
}

/* A body in chunks, put together; false: it is not whole or odd. */
static bool chunks_read(struct reading *r, struct seki_pf_text *rest, struct seki_pf_text *body)
{
	__u32 from = r->used, size;
	struct seki_pf_text line;

	for (;;) {
		if (!line_take(rest, &line) || !chunk_size(line, &size))
			return false;
		if (!size)
			break;
		if (size > rest->len || !room_add(r, rest->data, size))
			return false;
		rest->data += size;
		rest->len -= size;
		if (!line_take(rest, &line) || line.len)
			return false;
	}
	*body = (struct seki_pf_text){r->room->text + from, r->used - from};
	return line_take(rest, &line) && !line.len;
}

/* The body's view, and how far it reaches behind the head; -1: not known. */
static __s64 body_view(struct reading *r, struct seki_pf_text rest, struct seki_pf_request *request)
{
	struct seki_pf_text body = rest, left = rest;
	bool seen = r->plain && r->framed && !r->coded;

	if (!r->plain || !r->framed)
		return -1;
	if (r->chunked) {
		if (!chunks_read(r, &left, &body))
			return -1;
		if (seen)
			view_put(request, SEKI_PF_VIEW_BODY, body);
		return rest.len - left.len;
	}
	if (!r->has_length || !r->length)
		return 0;
	if (r->length < rest.len)
		body.len = r->length;
	if (seen) {
		view_put(request, SEKI_PF_VIEW_BODY, body);
		request->views[SEKI_PF_VIEW_BODY].ends = r->length <= rest.len;
	}
	return r->length;
}

bool seki_pf_request_read(const __u8 *payload, __u32 len, __u32 at, struct seki_pf_room *room,
			  struct seki_pf_request *request)
{
	struct reading r = {.room = room, .name_count = 0};
	struct seki_pf_text rest = {payload + at, len - at}, line, method, target;
	__s64 body;
	int i;

	for (i = 0; i < SEKI_PF_VIEW_MAX; i++)
		if (i != SEKI_PF_VIEW_PAYLOAD)
			request->views[i].there = false;
	while (rest.len && (rest.data[0] == '\r' || rest.data[0] == '\n')) {
		rest.data++;
		rest.len--;
	}
	if (!line_take(&rest, &line) || !request_line_read(line, &method, &target) ||
	    text_is(method, "connect"))
		return false;
	uri_view(&r, target, request);
	if (!fields_read(&r, &rest))
		return false;
	view_put(request, SEKI_PF_VIEW_REQUEST_LINE, line);
	view_put(request, SEKI_PF_VIEW_URI_RAW, target);
	if (r.plain && r.fields.len)
		view_put(request, SEKI_PF_VIEW_HEADERS, r.fields);
	if (r.plain && r.cookie.data)
		view_put(request, SEKI_PF_VIEW_COOKIE, r.cookie);
	body = body_view(&r, rest, request);
	request->next = body < 0 ? 0 : (__u32)(rest.data - payload + body);
	return true;
}
