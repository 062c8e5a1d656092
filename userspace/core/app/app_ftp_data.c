// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * app_ftp_data.c - FTP's data connections, known by what the control
 * connection announced: one transaction, a file.
 */
#include "app_rows.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "core/flow/expect.h"

struct ftp_data_tx {
	struct tx tx;
	struct expectation *expectation;
	struct blob content[2];
	uint64_t size[2];
	bool gap[2];
};

static int ftp_data_expected(struct flow *flow, struct expectation *expectation)
{
	struct ftp_data_tx *tx = (struct ftp_data_tx *)app_tx_new(flow, sizeof(*tx), APP_FTP_DATA);

	if (!tx)
		return -ENOMEM;
	tx->expectation = expectation;
	tx->tx.dirty[TO_SERVER] = tx->tx.dirty[TO_CLIENT] = true;
	flow->app_state[0] = tx;
	return 0;
}

static enum app_status ftp_data_feed(struct flow *flow, enum direction dir, struct span data, bool gap,
				     bool last)
{
	struct ftp_data_tx *tx = flow->app_state[0];

	if (!tx)
		return APP_OK;
	tx->gap[dir] |= gap; /* what is there is looked at all the same */
	tx->size[dir] += data.len;
	if (data.len) {
		flow->app_skipped += blob_add(&tx->content[dir], data.data, data.len, app_body_max());
		tx->tx.dirty[dir] = true;
	}
	if (last)
		tx->tx.done[dir] = tx->tx.dirty[dir] = true;
	if (tx->tx.done[!dir] && tx->tx.done[dir])
		flow->app_state[0] = NULL;
	return APP_OK;
}

static bool ftp_data_buffer(const struct tx *tx, enum buffer_id id, enum direction dir, unsigned int index,
			    struct span *out, bool *final)
{
	const struct ftp_data_tx *data = (const struct ftp_data_tx *)tx;
	const struct expectation *expectation = data->expectation;

	*final = true;
	if (index || id != BUFFER_FTP_DATA_COMMAND)
		return false;
	*out = span_text(expectation->command);
	return true;
}

static bool ftp_data_file(const struct tx *tx, enum direction dir, unsigned int index, struct tx_file *out)
{
	const struct ftp_data_tx *data = (const struct ftp_data_tx *)tx;

	if (index || !data->content[dir].len)
		return false;
	*out = (struct tx_file){
		.name = {data->expectation->name, data->expectation->name_len},
		.data = blob_span(&data->content[dir]),
		.size = data->size[dir],
		.final = tx->done[dir],
		.gap = data->gap[dir],
	};
	return true;
}

static void ftp_data_tx_free(struct tx *tx)
{
	struct ftp_data_tx *data = (struct ftp_data_tx *)tx;

	expectation_free(data->expectation);
	blob_free(&data->content[TO_SERVER]);
	blob_free(&data->content[TO_CLIENT]);
	free(data);
}

static void ftp_data_flow_free(struct flow *flow)
{
	flow->app_state[0] = NULL; /* the transaction, which the flow owns */
}

const struct app_decoder app_ftp_data = {
	.proto = APP_FTP_DATA,
	.ip_proto = IPPROTO_TCP,
	.expected = ftp_data_expected,
	.feed = ftp_data_feed,
	.buffer = ftp_data_buffer,
	.file = ftp_data_file,
	.tx_free = ftp_data_tx_free,
	.flow_free = ftp_data_flow_free,
};
