/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mime.h - MIME messages (mail) and multipart form bodies: the files in them,
 * decoded, bounded. Resumable at any byte.
 */
#ifndef CORE_MIME_H
#define CORE_MIME_H

#include "app_event.h"
#include "core/flow/blob.h"
#include "tx.h"

#define MIME_FILES_MAX	  32u	      /* files of one message; more are left out and counted */
#define MIME_FILE_MAX	  (1u << 20)  /* decoded bytes kept of one file */
#define MIME_TOTAL_MAX	  (4u << 20)  /* of all files of one message */
#define MIME_DEPTH_MAX	  8	      /* nested multiparts; deeper ones are read as one part */
#define MIME_HEAD_MAX	  (64u << 10) /* header bytes of one part */
#define MIME_BOUNDARY_MAX 256u

struct mime;

/* A mail, headers first. NULL: no memory. */
struct mime *mime_new_mail(void);
/* The body that content_type announces; NULL when that is no multipart with a boundary, or without memory. */
struct mime *mime_new_form(struct span content_type);
void mime_free(struct mime *mime);
DEFINE_CLEANUP(mime_free, struct mime)

/* Returns how many bytes (of input or decoded) were left out for want of room. */
uint32_t mime_feed(struct mime *mime, struct span data);
/* No more will come: what is held back goes out, every file is final. Returns as mime_feed(). */
uint32_t mime_end(struct mime *mime);
/* Bytes missing here: the part that is being read ends, the next boundary begins anew. */
void mime_gap(struct mime *mime);

/* Oddities of a mail since the owner emptied the list. */
struct event_list *mime_events(struct mime *mime);

/* The index-th file; false: not there (yet). name may be empty. */
bool mime_file(const struct mime *mime, unsigned int index, struct tx_file *out);

/* Value of the index-th header field of that name of the mail itself, unfolded; false: absent or not all
 * read. */
bool mime_header(const struct mime *mime, const char *name, unsigned int index, struct span *out);

/* Value of a parameter ("; name=value", quoted or not) within a header value; false: absent. */
bool mime_parameter(struct span value, const char *name, struct span *out);

#endif
