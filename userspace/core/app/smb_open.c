// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * smb_open.c - shares, files and pipes of one connection: which are open, and
 * where the bytes go that are written to them and read from them.
 */
#include "smb.h"

#include <string.h>

/* --- shares */

void smb_tree_put(struct smb *smb, uint32_t tree, bool pipe)
{
	uint32_t at = 0;

	while (at < SMB_TREES && (smb->trees[at].kind == SMB_TREE_UNKNOWN || smb->trees[at].tree != tree))
		at++;
	if (at == SMB_TREES)
		at = smb->tree_next++ % SMB_TREES;
	smb->trees[at].tree = tree;
	smb->trees[at].kind = pipe ? SMB_TREE_PIPE : SMB_TREE_DISK;
}

static enum smb_tree_kind tree_kind(const struct smb *smb, uint32_t tree)
{
	for (uint32_t i = 0; i < SMB_TREES; i++)
		if (smb->trees[i].kind != SMB_TREE_UNKNOWN && smb->trees[i].tree == tree)
			return (enum smb_tree_kind)smb->trees[i].kind;
	return SMB_TREE_UNKNOWN;
}

/* --- files */

static struct smb_file *file_find(struct smb *smb, uint64_t id)
{
	for (uint32_t i = 0; i < SMB_FILES; i++)
		if (smb->files[i].id == id)
			return &smb->files[i];
	return NULL;
}

static void content_end(struct flow *flow, struct smb_file *file, enum direction dir)
{
	struct smb_tx *tx = file->content[dir];

	if (!tx)
		return;
	flow->app_skipped += file_content_end(&tx->bytes, app_body_max());
	tx->tx.done[TO_SERVER] = tx->tx.done[TO_CLIENT] = true;
	tx->tx.dirty[dir] = true;
	file->content[dir] = NULL;
}

static void file_end(struct flow *flow, struct smb_file *file)
{
	content_end(flow, file, TO_SERVER);
	content_end(flow, file, TO_CLIENT);
	blob_free(&file->name);
	file->id = 0;
}

static struct smb_file *file_new(struct flow *flow, struct smb *smb, uint64_t id)
{
	struct smb_file *file = file_find(smb, id);

	if (!file)
		file = file_find(smb, 0);
	if (!file)
		file = &smb->files[smb->file_next++ % SMB_FILES];
	file_end(flow, file);
	file->id = id;
	return file;
}

void smb_file_open(struct flow *flow, struct smb *smb, uint64_t id, struct span name, bool wide)
{
	smb_name_put(flow, &file_new(flow, smb, id)->name, name, wide);
}

void smb_file_opened(struct flow *flow, struct smb *smb, uint64_t before, uint64_t id)
{
	struct smb_file *file = file_find(smb, before), *other;

	if (!file)
		return;
	other = id ? file_find(smb, id) : NULL;
	if (other && other != file)
		file_end(flow, other); /* its close was not seen */
	if (id)
		file->id = id;
	else
		file_end(flow, file);
}

void smb_file_close(struct flow *flow, struct smb *smb, uint64_t id)
{
	struct smb_file *file = file_find(smb, id);

	if (file)
		file_end(flow, file);
}

static struct smb_tx *content_get(struct flow *flow, struct smb *smb, enum direction dir, uint64_t id)
{
	struct smb_file *file = file_find(smb, id);
	struct smb_tx *tx;

	if (!file) /* it was opened before we came */
		file = file_new(flow, smb, id);
	if (file->content[dir])
		return file->content[dir];
	tx = (struct smb_tx *)app_tx_new(flow, sizeof(*tx), APP_SMB);
	if (!tx)
		return NULL;
	tx->content = true;
	tx->version = smb->version;
	tx->dir = (uint8_t)dir;
	tx->tx.done[!dir] = true;
	flow->app_skipped += blob_add(&tx->file, file->name.data, file->name.len, SMB_NAME_MAX);
	file->content[dir] = tx;
	return tx;
}

static void content_put(struct flow *flow, struct smb *smb, enum direction dir, uint64_t id, uint64_t at,
			struct span data)
{
	struct smb_tx *tx = data.len ? content_get(flow, smb, dir, id) : NULL;

	if (!tx)
		return;
	flow->app_skipped += file_content_put(&tx->bytes, at, data, app_body_max());
	if (tx->bytes.overlap)
		tx_event_set(&tx->tx, EVENT_SMB_FILE_OVERLAP);
	if (tx->bytes.crowded)
		tx_event_set(&tx->tx, dir == TO_SERVER ? EVENT_SMB_WRITE_QUEUE_CNT_EXCEEDED
						       : EVENT_SMB_READ_QUEUE_CNT_EXCEEDED);
	if (tx->bytes.heavy)
		tx_event_set(&tx->tx, dir == TO_SERVER ? EVENT_SMB_WRITE_QUEUE_SIZE_EXCEEDED
						       : EVENT_SMB_READ_QUEUE_SIZE_EXCEEDED);
	tx->tx.dirty[dir] = true;
}

/* --- pipes */

static struct dcerpc *pipe_find(const struct smb *smb, uint64_t id)
{
	for (unsigned int i = 0; i < SMB_PIPES; i++)
		if (smb->pipes[i].dcerpc && smb->pipes[i].id == id)
			return smb->pipes[i].dcerpc;
	return NULL;
}

static struct dcerpc *pipe_new(struct flow *flow, struct smb *smb, uint64_t id)
{
	struct smb_pipe *pipe = &smb->pipes[smb->pipe_next++ % SMB_PIPES];

	if (pipe->dcerpc)
		dcerpc_feed(flow, pipe->dcerpc, TO_CLIENT, (struct span){}, false, true);
	dcerpc_free(pipe->dcerpc);
	pipe->id = id;
	pipe->dcerpc = dcerpc_new();
	return pipe->dcerpc;
}

/* Only what begins like DCE/RPC makes a pipe of an open file. */
static bool begins_pipe(struct span data)
{
	return data.len >= 16 && data.data[0] == 5 && data.data[1] <= 1 && data.data[2] <= 19;
}

void smb_pipe_feed(struct flow *flow, struct smb *smb, enum direction dir, uint64_t id, struct span data)
{
	struct dcerpc *dcerpc = pipe_find(smb, id);

	if (!dcerpc && begins_pipe(data))
		dcerpc = pipe_new(flow, smb, id);
	if (dcerpc)
		dcerpc_feed(flow, dcerpc, dir, data, false, false);
}

/* --- what was asked */

void smb_ask(struct smb *smb, const struct smb_asked *asked)
{
	smb->asked[smb->asked_next++ % SMB_ASKED] = *asked;
}

bool smb_asked_take(struct smb *smb, uint64_t message, struct smb_asked *out)
{
	for (unsigned int i = 0; i < SMB_ASKED; i++) {
		if (!smb->asked[i].file || smb->asked[i].message != message)
			continue;
		*out = smb->asked[i];
		smb->asked[i].file = 0;
		return true;
	}
	return false;
}

/* --- content */

void smb_content(struct flow *flow, struct smb *smb, enum direction dir, const struct smb_asked *where,
		 struct span m, uint32_t data, uint32_t len)
{
	enum smb_tree_kind kind = tree_kind(smb, where->tree);
	struct span here = {};

	if (data <= m.len) {
		here = span_from(m, data);
		if (here.len > len)
			here.len = len;
	}
	if (where->transaction || pipe_find(smb, where->file) || kind == SMB_TREE_PIPE ||
	    (kind == SMB_TREE_UNKNOWN && begins_pipe(here))) {
		smb_pipe_feed(flow, smb, dir, where->file, here);
		return;
	}
	content_put(flow, smb, dir, where->file, where->at, here);
	smb->rest[dir] =
		(struct smb_rest){.file = where->file, .at = where->at + here.len, .left = len - here.len};
}

void smb_rest_feed(struct flow *flow, struct smb *smb, enum direction dir, struct span data)
{
	struct smb_rest *rest = &smb->rest[dir];

	if (data.len > rest->left) {
		flow->app_skipped += data.len - rest->left;
		data.len = rest->left;
	}
	if (!data.len)
		return;
	content_put(flow, smb, dir, rest->file, rest->at, data);
	rest->at += data.len;
	rest->left -= data.len;
}

void smb_open_end(struct flow *flow, struct smb *smb, enum direction dir)
{
	for (uint32_t i = 0; i < SMB_FILES; i++)
		content_end(flow, &smb->files[i], dir);
	for (uint32_t i = 0; i < SMB_PIPES; i++)
		if (smb->pipes[i].dcerpc)
			dcerpc_feed(flow, smb->pipes[i].dcerpc, dir, (struct span){}, false, true);
}

void smb_open_free(struct smb *smb)
{
	for (uint32_t i = 0; i < SMB_FILES; i++)
		blob_free(&smb->files[i].name);
	for (uint32_t i = 0; i < SMB_PIPES; i++)
		dcerpc_free(smb->pipes[i].dcerpc);
}
