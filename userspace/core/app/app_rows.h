/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * app_rows.h - what the decoders share: their table rows and how they make
 * transactions. Only files of this room include it.
 */
#ifndef CORE_APP_ROWS_H
#define CORE_APP_ROWS_H

#include "app.h"
#include "core/flow/blob.h"

extern const struct app_decoder app_http, app_tls, app_dns_udp, app_dns_tcp, app_smtp, app_ftp, app_ssh,
	app_smb, app_dcerpc, app_dcerpc_udp, app_ftp_data, app_dtls;

/*
 * A zeroed object of size bytes that begins with struct tx, appended to the flow's transactions. A decoder
 * may keep the pointer until it sets done both ways; then it may be freed before the next feed. NULL: no
 * memory.
 */
struct tx *app_tx_new(struct flow *flow, size_t size, enum app_proto proto);

/*
 * The first bytes of a client whose request for TLS was granted. false: they begin no TLS, and what they
 * begin instead is noted on the flow.
 */
bool app_starttls_holds(struct flow *flow, struct span data);

/* Reads one line out of *data, keeping a partial one in *held; true when it is complete, without its line
 * end. At most APP_LINE_MAX bytes of it are kept, more is counted in flow->app_skipped. The span lives until
 * the next call. */
bool app_line(struct flow *flow, struct blob *held, bool *fresh, struct span *data, struct span *line);

#endif
