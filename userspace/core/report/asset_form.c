// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * asset_form.c - the inventory as a file: CSV and JSON.
 */
#include "asset_parts.h"

#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/eve/eve_read.h"
#include "core/eve/eve_text.h"

#define COLUMNS_MAX 16u

enum column {
	COLUMN_ADDRESS,
	COLUMN_PORT,
	COLUMN_PRODUCT,
	COLUMN_VERSION,
	COLUMN_CPE,
	COLUMN_HOST,
	COLUMN_TENANT,
	COLUMN_COMPLETE,
	COLUMN_OBSERVED,
	COLUMN_SEEN,
	COLUMN_MAX
};
static const char *const column_names[COLUMN_MAX] = {
	[COLUMN_ADDRESS] = "address", [COLUMN_PORT] = "port",	      [COLUMN_PRODUCT] = "product",
	[COLUMN_VERSION] = "version", [COLUMN_CPE] = "cpe",	      [COLUMN_HOST] = "host",
	[COLUMN_TENANT] = "tenant",   [COLUMN_COMPLETE] = "complete", [COLUMN_OBSERVED] = "observed",
	[COLUMN_SEEN] = "seen",
};

static enum column column_find(struct text name)
{
	enum column column = 0;

	while (column < COLUMN_MAX && (strlen(column_names[column]) != name.len ||
				       strncasecmp(column_names[column], name.at, name.len) != 0))
		column++;
	return column;
}

bool asset_text_copy(struct text in, char *out, size_t size)
{
	if (in.len >= size)
		return false;
	for (size_t i = 0; i < in.len; i++)
		if ((unsigned char)in.at[i] < 0x20 || in.at[i] == 0x7f)
			return false;
	memcpy(out, in.at, in.len);
	out[in.len] = '\0';
	return true;
}

static bool text_yes(struct text in)
{
	return text_is(in, "yes") || text_is(in, "true") || text_is(in, "1");
}

/* NULL: fine; else what is wrong (static). */
static const char *column_set(struct asset *asset, enum column column, struct text in)
{
	char address[64];
	uint64_t number = 0;

	switch (column) {
	case COLUMN_ADDRESS:
		if (!asset_text_copy(in, address, sizeof(address)) ||
		    eve_read_address(address, &asset->address))
			return "the address is none";
		return NULL;
	case COLUMN_PORT:
		if (in.len && !text_number(in, 65535, &number))
			return "the port is not 0..65535";
		asset->port = (uint16_t)number;
		return NULL;
	case COLUMN_PRODUCT:
		return asset_text_copy(in, asset->product, sizeof(asset->product))
			       ? NULL
			       : "the product is too long";
	case COLUMN_VERSION:
		return asset_text_copy(in, asset->version, sizeof(asset->version))
			       ? NULL
			       : "the version is too long";
	case COLUMN_CPE:
		if (in.len && !text_begins(in, "cpe:"))
			return "the CPE does not begin with cpe:";
		return asset_text_copy(in, asset->cpe, sizeof(asset->cpe)) ? NULL : "the CPE is too long";
	case COLUMN_HOST:
		return asset_text_copy(in, asset->host, sizeof(asset->host)) ? NULL
									     : "the host's name is too long";
	case COLUMN_TENANT:
		return asset_text_copy(in, asset->tenant, sizeof(asset->tenant))
			       ? NULL
			       : "the tenant's name is too long";
	case COLUMN_COMPLETE:
		asset->complete = text_yes(in);
		return NULL;
	case COLUMN_OBSERVED:
		asset->observed = text_yes(in);
		return NULL;
	case COLUMN_SEEN:
		asset->seen = text_number(in, INT64_MAX, &number) ? number : 0;
		return NULL;
	default:
		return "this column is not known: address port product version cpe host tenant complete";
	}
}

/* Part n (from 0) of "cpe:2.3:a:vendor:product:version:…" or "cpe:/a:vendor:product:version". */
static struct text asset_cpe_part(const char *cpe, unsigned int n)
{
	struct text rest = text_of(cpe), part = {"", 0};
	unsigned int skip = text_begins(rest, "cpe:2.3:") ? 3 : 2;

	for (unsigned int i = 0; i <= n + skip && (rest.len || !i); i++) {
		part = text_split(&rest, ':');
		if (i < n + skip && !rest.len)
			return (struct text){"", 0};
	}
	return part;
}

static const char *asset_check(struct asset *asset)
{
	static const struct seki_addr none;

	if (!memcmp(&asset->address, &none, sizeof(none)))
		return "it has no address";
	if (!*asset->product && *asset->cpe) {
		struct text product = asset_cpe_part(asset->cpe, 1), version = asset_cpe_part(asset->cpe, 2);

		asset_text_copy(product, asset->product, sizeof(asset->product));
		if (!*asset->version && version.len && !text_is(version, "*") && !text_is(version, "-"))
			asset_text_copy(version, asset->version, sizeof(asset->version));
	}
	return *asset->product ? NULL : "it has neither product nor CPE";
}

/* --- CSV and JSON, each into a set of its own first */

static int refuse(struct asset_fault *fault, unsigned int line, const char *why)
{
	*fault = (struct asset_fault){line, why};
	return -EINVAL;
}

/* RFC 4180: a field in quotes may hold commas and doubled quotes; line breaks within are refused. */
static bool csv_field(struct text *line, char *room, size_t size, struct text *out)
{
	size_t used = 0;

	if (!line->len || line->at[0] != '"') {
		*out = text_trim(text_split(line, ','));
		return true;
	}
	for (size_t i = 1; i < line->len; i++) {
		if (line->at[i] == '"' && i + 1 < line->len && line->at[i + 1] == '"') {
			i++;
		} else if (line->at[i] == '"') {
			line->at += i + 1;
			line->len -= i + 1;
			if (line->len && line->at[0] != ',')
				return false;
			text_split(line, ',');
			*out = (struct text){room, used};
			return true;
		}
		if (used == size)
			return false;
		room[used++] = line->at[i];
	}
	return false;
}

static int csv_read(struct asset_set *set, struct text text, struct asset_fault *fault)
{
	enum column columns[COLUMNS_MAX];
	size_t count = 0;
	struct text line, field;
	unsigned int number = 0;
	char room[256];

	while (text_line(&text, &line)) {
		struct asset asset = {0};
		const char *why = NULL;
		size_t i = 0;
		int err;

		number++;
		if (!text_trim(line).len || line.at[0] == '#')
			continue;
		if (!count) {
			if (line.len >= 3 && !memcmp(line.at, "\xef\xbb\xbf", 3)) {
				line.at += 3;
				line.len -= 3;
			}
			while (line.len) {
				if (count == COLUMNS_MAX || !csv_field(&line, room, sizeof(room), &field))
					return refuse(fault, number, "the head line is broken");
				columns[count] = column_find(field);
				if (columns[count++] == COLUMN_MAX)
					return refuse(fault, number,
						      column_set(&asset, COLUMN_MAX, (struct text){"", 0}));
			}
			continue;
		}
		for (; !why && line.len; i++) {
			if (i == count)
				why = "it has more fields than the head line";
			else if (!csv_field(&line, room, sizeof(room), &field))
				why = "a quote is not closed, or a field is too long";
			else
				why = column_set(&asset, columns[i], field);
		}
		if (!why)
			why = asset_check(&asset);
		if (why)
			return refuse(fault, number, why);
		err = asset_put(set, &asset);
		if (err)
			return err;
	}
	return 0;
}

static int json_read(struct asset_set *set, struct text text, struct asset_fault *fault)
{
	json_error_t error;
	json_t *root = json_loadb(text.at, text.len, JSON_REJECT_DUPLICATES, &error), *row, *value;
	const char *why = NULL, *key;
	size_t i;
	int err = 0;

	if (!json_is_array(root)) {
		json_decref(root);
		return refuse(fault, root ? 1 : (unsigned int)(error.line > 0 ? error.line : 1),
			      "it is no JSON array");
	}
	json_array_foreach(root, i, row)
	{
		struct asset asset = {0};
		char number[32];

		if (!json_is_object(row))
			why = "an element is no object";
		json_object_foreach(row, key, value)
		{
			const char *string = json_string_value(value);

			if (json_is_integer(value)) {
				snprintf(number, sizeof(number), "%lld",
					 (long long)json_integer_value(value));
				string = number;
			} else if (json_is_boolean(value)) {
				string = json_is_true(value) ? "yes" : "no";
			}
			if (!why && !json_is_null(value))
				why = string ? column_set(&asset, column_find(text_of(key)), text_of(string))
					     : "a member is neither text nor number";
		}
		if (!why)
			why = asset_check(&asset);
		if (!why)
			err = asset_put(set, &asset);
		if (why || err)
			break;
	}
	if (why)
		err = refuse(fault, (unsigned int)i + 1, why);
	json_decref(root);
	return err;
}

int asset_read(struct asset_set *set, const char *text, size_t len, size_t *taken, struct asset_fault *fault)
{
	CLEANUP(asset_set_free) struct asset_set *fresh = asset_set_new();
	struct text all = {text, len}, first = text_trim(all);
	struct asset_set before = *set;
	int err = fresh ? 0 : -ENOMEM;

	if (!err)
		err = first.len && first.at[0] == '[' ? json_read(fresh, first, fault)
						      : csv_read(fresh, all, fault);
	if (!err && !fresh->count && first.len && first.at[0] != '[')
		err = refuse(fault, 1, "there is no asset below the head line");
	if (err)
		return err;
	/* A copy takes them, so that "no" leaves everything as it was. */
	set->rows = before.count ? malloc(before.count * sizeof(*set->rows)) : NULL;
	set->room = set->rows ? before.count : 0;
	if (before.count && !set->rows) {
		*set = before;
		return -ENOMEM;
	}
	if (before.count)
		memcpy(set->rows, before.rows, before.count * sizeof(*set->rows));
	for (size_t i = 0; !err && i < fresh->count; i++)
		err = asset_put(set, &fresh->rows[i]);
	free(err ? set->rows : before.rows);
	if (err)
		*set = before;
	else
		*taken = fresh->count;
	return err;
}

int asset_write(const struct asset_set *set, enum assets_which which, char **out, size_t *len)
{
	json_t *rows = json_array();
	char address[48];

	for (size_t i = 0; i < set->count; i++) {
		const struct asset *a = &set->rows[i];
		json_t *row;

		if (which != ASSETS_ALL && a->observed != (which == ASSETS_OBSERVED))
			continue;
		row = json_object();

		eve_set(row, "address", json_string(eve_address(&a->address, address)));
		eve_set(row, "port", json_integer(a->port));
		eve_set(row, "product", eve_text_of(a->product));
		eve_set(row, "version", eve_text_of(a->version));
		eve_set(row, "cpe", eve_text_of(a->cpe));
		eve_set(row, "host", eve_text_of(a->host));
		eve_set(row, "tenant", eve_text_of(a->tenant));
		eve_set(row, "complete", json_boolean(a->complete));
		eve_set(row, "observed", json_boolean(a->observed));
		eve_set(row, "seen", json_integer((json_int_t)a->seen));
		json_array_append_new(rows, row);
	}
	*out = rows ? json_dumps(rows, JSON_INDENT(1)) : NULL;
	json_decref(rows);
	if (!*out)
		return -ENOMEM;
	*len = strlen(*out);
	return 0;
}
