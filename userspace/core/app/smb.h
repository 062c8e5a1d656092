/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * smb.h - what the files of the SMB decoder share: app_smb.c frames messages,
 * smb1.c and smb2.c read them, smb_open.c knows what is open and where its
 * bytes go. Only they include it.
 */
#ifndef CORE_SMB_H
#define CORE_SMB_H

#include "app_dcerpc.h"
#include "file_content.h"

#define NETBIOS_HEAD 4u
#define SMB_KEPT                                                                                             \
	(64u << 10) /* bytes of one message that are looked at; behind them only what a file is made of */
#define SMB_NAME_MAX	1024u
#define SMB_WAITING_MAX 64u	    /* transactions without an answer; more end the oldest */
#define SMB_MOVED_MAX	(16u << 20) /* bytes that nobody moves in one message */
#define SMB_ODD_MAX	64u	    /* odd messages of a connection that are told */
#define SMB_FILES	32u	    /* open files at a time; more close the oldest */
#define SMB_PIPES	8u	    /* pipes with DCE/RPC at a time; more forget the oldest */
#define SMB_ASKED	64u	    /* reads and transactions of pipes whose answer is to come */
#define SMB_TREES	16u	    /* connected shares at a time */

struct smb_tx {
	struct tx tx;
	uint64_t message; /* number that pairs request and answer */
	bool content;	  /* of a file; no message */
	uint8_t dir;	  /* enum direction: of the content */
	uint8_t version;  /* 1 or 2 */
	struct blob share, pipe, file, user, domain;
	struct file_content bytes;
};

struct smb_file {
	uint64_t id; /* of the open file, folded; 0: unused */
	struct blob name;
	struct smb_tx *content[2]; /* what is written, what is read; NULL: nothing yet */
};

struct smb_pipe {
	uint64_t id;
	struct dcerpc *dcerpc; /* NULL: unused */
};

enum smb_tree_kind { SMB_TREE_UNKNOWN, SMB_TREE_DISK, SMB_TREE_PIPE };

struct smb_asked {
	uint64_t message, file, at; /* file 0: unused */
	uint32_t tree;
	bool transaction; /* of a pipe */
};

/* Where the rest of a message goes that is longer than what is kept of it. */
struct smb_rest {
	uint64_t file, at;
	uint32_t left;
};

struct smb {
	struct blob message[2]; /* NetBIOS head and what is kept of the message */
	uint32_t seen[2];	/* of it, the head included */
	bool blind[2], read[2]; /* read: what is kept of it was read already */
	bool sealed[2];		/* the last message was encrypted */
	bool encrypts;		/* the server said that all of the session will be */
	uint8_t version;	/* of the last message */
	uint16_t dialects;	/* that the client offered in SMB 1 */
	uint32_t most[2];	/* bytes that one write, one read may have, as the server said; 0: unknown */
	uint32_t waiting;
	struct smb_tx *odd; /* what is odd about the message at hand; NULL: nothing */
	uint32_t odd_count;
	struct smb_rest rest[2];
	struct smb_file files[SMB_FILES];
	struct smb_pipe pipes[SMB_PIPES];
	struct smb_asked asked[SMB_ASKED];
	struct {
		uint32_t tree;
		uint8_t kind; /* enum smb_tree_kind */
	} trees[SMB_TREES];
	uint32_t file_next, pipe_next, asked_next, tree_next;
};

static inline uint16_t le16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t le32(const uint8_t *p)
{
	return (uint32_t)le16(p) | (uint32_t)le16(p + 2) << 16;
}

static inline uint64_t le64(const uint8_t *p)
{
	return (uint64_t)le32(p) | (uint64_t)le32(p + 4) << 32;
}

/* The part of in that a message names by offset and length; empty when it lies outside. */
static inline struct span smb_part(struct span in, uint32_t at, uint32_t len)
{
	if (at > in.len || len > in.len - at)
		return (struct span){};
	return (struct span){in.data + at, len};
}

/* --- app_smb.c */

/* A message that will be answered. NULL: no memory. */
struct smb_tx *smb_tx_open(struct flow *flow, struct smb *smb, uint64_t message);
/* Its answer came. NULL: nobody waits for it. */
struct smb_tx *smb_tx_answered(struct flow *flow, struct smb *smb, uint64_t message);
/* An anomaly of the message at hand: a transaction of its own, which does not depend on what is still there.
 */
void smb_note(struct flow *flow, struct smb *smb, enum app_event event);
/* A message, or a part of it, is cut off or not what stands there. */
void smb_malformed(struct flow *flow, struct smb *smb);
/* Requests go to servers, answers to clients. */
void smb_way_check(struct flow *flow, struct smb *smb, enum direction dir, bool answer);
/* Bytes that a read or write wants to move, told by who asks (dir: theirs) or by the answer. */
void smb_size_check(struct flow *flow, struct smb *smb, enum direction moved, bool answer, uint64_t len);
/* Text that senders hold in UTF-16 or bytes, to bytes: what has no single one becomes "?". Ends at a NUL. */
void smb_name_put(struct flow *flow, struct blob *out, struct span text, bool wide);
/* A share's path, \\server\name. IPC$ is where pipes are. */
void smb_share_put(struct flow *flow, struct smb_tx *tx, struct span path, bool wide);
/* Who logs on, if blob holds the NTLMSSP message that says so (MS-NLMP 2.2.1.3). */
void smb_logon_put(struct flow *flow, struct smb_tx *tx, struct span blob);

/* --- smb_open.c */

void smb_tree_put(struct smb *smb, uint32_t tree, bool pipe);
/* A file that is about to be opened, under a number for the time being. */
void smb_file_open(struct flow *flow, struct smb *smb, uint64_t id, struct span name, bool wide);
/* It is open, as id; 0: it is not. */
void smb_file_opened(struct flow *flow, struct smb *smb, uint64_t before, uint64_t id);
void smb_file_close(struct flow *flow, struct smb *smb, uint64_t id);
void smb_ask(struct smb *smb, const struct smb_asked *asked);
/* What was asked by message, taken off the list. false: nothing. */
bool smb_asked_take(struct smb *smb, uint64_t message, struct smb_asked *out);
/*
 * Bytes of an open file that were written or read, at their place in it. m is the whole message, data the
 * place in it where they begin: what of len lies behind the end of what is kept comes later.
 */
void smb_content(struct flow *flow, struct smb *smb, enum direction dir, const struct smb_asked *where,
		 struct span m, uint32_t data, uint32_t len);
/* The same for a pipe's transaction: it is DCE/RPC or nothing. */
void smb_pipe_feed(struct flow *flow, struct smb *smb, enum direction dir, uint64_t id, struct span data);
/* The next bytes of a message that is longer than what is kept of it. */
void smb_rest_feed(struct flow *flow, struct smb *smb, enum direction dir, struct span data);
/* Bytes are missing: no answer can be told from another any more. */
void smb_open_end(struct flow *flow, struct smb *smb, enum direction dir);
void smb_open_free(struct smb *smb);

/* --- smb1.c, smb2.c: a message without its NetBIOS head, from its first byte */
void smb1_read(struct flow *flow, struct smb *smb, enum direction dir, struct span m);
void smb2_read(struct flow *flow, struct smb *smb, enum direction dir, struct span m);

#endif
