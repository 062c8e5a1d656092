// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * app_smb.c - SMB and DCERPC are told by their first bytes, so that rules for
 * them work on any port; their content is inspected as raw stream.
 */
#include "app_rows.h"

#include <netinet/in.h>
#include <string.h>

#define NETBIOS_HEAD 4u
#define DCERPC_HEAD  16u

static enum app_probe smb_probe(struct span d, enum direction dir, uint16_t server_port)
{
	const uint8_t *p = d.data;

	(void)dir;
	(void)server_port;
	/* A NetBIOS session request comes before SMB on port 139. */
	if (p[0] == 0x81 && d.len > 3)
		return p[1] == 0 && p[2] == 0 && p[3] == 68 ? APP_PROBE_YES : APP_PROBE_NO;
	if (p[0] != 0)
		return p[0] == 0x81 ? APP_PROBE_MORE : APP_PROBE_NO;
	if (d.len < NETBIOS_HEAD + 4)
		return APP_PROBE_MORE;
	return (p[4] == 0xff || p[4] == 0xfe || p[4] == 0xfd) && !memcmp(p + 5, "SMB", 3) ? APP_PROBE_YES
											  : APP_PROBE_NO;
}

static enum app_probe dcerpc_probe(struct span d, enum direction dir, uint16_t server_port)
{
	const uint8_t *p = d.data;
	uint32_t len;

	(void)dir;
	(void)server_port;
	if (p[0] != 5 || (d.len > 1 && p[1] > 1) || (d.len > 2 && p[2] > 19))
		return APP_PROBE_NO;
	if (d.len < DCERPC_HEAD)
		return APP_PROBE_MORE;
	/* Data representation: integer byte order in the high half octet, then zeros. */
	if ((p[4] & ~0x10) || p[5] > 3 || p[6] || p[7])
		return APP_PROBE_NO;
	len = p[4] & 0x10 ? (uint32_t)p[9] << 8 | p[8] : (uint32_t)p[8] << 8 | p[9];
	return len >= DCERPC_HEAD ? APP_PROBE_YES : APP_PROBE_NO;
}

static enum app_status opaque_feed(struct flow *flow, enum direction dir, struct span data, bool gap,
				   bool last)
{
	(void)flow;
	(void)dir;
	(void)data;
	(void)gap;
	(void)last;
	return APP_OK;
}

static void opaque_flow_free(struct flow *flow)
{
	flow->app_state[0] = NULL;
}

const struct app_decoder app_smb = {
	.proto = APP_SMB,
	.ip_proto = IPPROTO_TCP,
	.probe = smb_probe,
	.feed = opaque_feed,
	.flow_free = opaque_flow_free,
};

const struct app_decoder app_dcerpc = {
	.proto = APP_DCERPC,
	.ip_proto = IPPROTO_TCP,
	.probe = dcerpc_probe,
	.feed = opaque_feed,
	.flow_free = opaque_flow_free,
};
