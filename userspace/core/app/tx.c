// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tx.c - the table of inspection buffers and the way to them.
 */
#include "tx.h"

#include <netinet/in.h>

#include <string.h>

#include "app.h"
#include "core/match/file_magic.h"

const struct buffer_info buffer_infos[BUFFER_MAX] = {
#define INFO(id, keyword, app, direction, number, text)                                                      \
	[BUFFER_##id] = {.name = keyword,                                                                    \
			 .proto = APP_##app,                                                                 \
			 .dir = #direction[0],                                                               \
			 .many = #number[0],                                                                 \
			 .help = text},
	INSPECTION_BUFFERS(INFO) INNER_BUFFERS(INFO)
#undef INFO
};

void tx_event_set(struct tx *tx, enum app_event event)
{
	unsigned int before = tx->events.count;

	event_list_add(&tx->events, event);
	if (tx->events.count != before)
		tx->dirty[TO_SERVER] = tx->dirty[TO_CLIENT] = true;
}

bool tx_number(uint32_t number, struct span *out)
{
	static _Thread_local uint8_t bytes[4];

	bytes[0] = (uint8_t)(number >> 24);
	bytes[1] = (uint8_t)(number >> 16);
	bytes[2] = (uint8_t)(number >> 8);
	bytes[3] = (uint8_t)number;
	*out = (struct span){bytes, sizeof(bytes)};
	return true;
}

bool tx_file(const struct tx *tx, enum direction dir, unsigned int index, struct tx_file *out)
{
	const struct app_decoder *row = app_find(tx->proto, IPPROTO_TCP);

	*out = (struct tx_file){0};
	return row && row->file && row->file(tx, dir, index, out);
}

static bool file_buffer(const struct tx *tx, enum buffer_id id, enum direction dir, unsigned int index,
			struct span *out, bool *final)
{
	struct tx_file file;

	if (!tx_file(tx, dir, index, &file))
		return false;
	*final = file.final;
	switch (id) {
	case BUFFER_FILE_NAME:
		*final = true;
		*out = file.name;
		return out->len > 0;
	case BUFFER_FILE_SIZE:
		return file.final &&
		       tx_number(file.size < UINT32_MAX ? (uint32_t)file.size : UINT32_MAX, out);
	case BUFFER_FILE_WHOLE:
		*out = file.data;
		return tx_file_whole(&file);
	case BUFFER_FILE_BEGIN:
		*final = true;
		*out = (struct span){file.data.data,
				     file.data.len < FILE_MAGIC_BYTES ? file.data.len : FILE_MAGIC_BYTES};
		return out->len == FILE_MAGIC_BYTES || (file.final && out->len);
	default:
		*out = file.data;
		return true;
	}
}

bool tx_buffer(const struct tx *tx, enum buffer_id id, enum direction dir, unsigned int index,
	       struct span *out, bool *final)
{
	const struct buffer_info *info = &buffer_infos[id];
	const struct app_decoder *row;

	if (info->proto != APP_UNKNOWN && info->proto != tx->proto)
		return false;
	if (info->dir != 'B' && info->dir != (dir == TO_SERVER ? 'S' : 'C'))
		return false;
	if (index && info->many != 'M')
		return false;
	if (id == BUFFER_APP_EVENT) {
		const char *name =
			index < tx->events.count ? app_event_infos[tx->events.events[index]].name : NULL;

		*out = (struct span){(const uint8_t *)name, name ? (uint32_t)strlen(name) : 0};
		*final = true;
		return name != NULL;
	}
	if (id == BUFFER_FILE_DATA || id == BUFFER_FILE_NAME || id == BUFFER_FILE_WHOLE ||
	    id == BUFFER_FILE_SIZE || id == BUFFER_FILE_BEGIN)
		return file_buffer(tx, id, dir, index, out, final);
	/* Buffers do not depend on what the protocol runs over. */
	row = app_find(tx->proto, IPPROTO_TCP);
	return row && row->buffer && row->buffer(tx, id, dir, index, out, final);
}
