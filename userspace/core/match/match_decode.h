/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * match_decode.h - encodings inside of hostile data: base64 and ASN.1 BER.
 */
#ifndef CORE_MATCH_DECODE_H
#define CORE_MATCH_DECODE_H

#include "core/flow/packet.h"
#include "core/rule/rule.h"

/*
 * Decodes up to the first byte that is no base64 digit; a last group that is cut gives the whole bytes in it
 * (RFC 4648 section 4, padding not needed). out has room for 3 bytes per 4 of data; returns how many were
 * written.
 */
uint32_t base64_decode(struct span data, uint8_t *out);

/* Does an element of the BER that begins at data have one of the faults that want names? At most
 * ASN1_ELEMENTS_MAX elements are looked at. */
bool asn1_fault(const struct node_asn1 *want, struct span data);

#endif
