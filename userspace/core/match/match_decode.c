// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * match_decode.c - decodes base64 and walks BER, both without trust in any
 * length.
 */
#include "match_decode.h"

#include "lib/base64.h"

#define ASN1_ELEMENTS_MAX 256u

uint32_t base64_decode(struct span data, uint8_t *out)
{
	uint32_t bits = 0, count = 0, written = 0;

	for (uint32_t i = base64_groups(data, out, &written); i < data.len; i++) {
		int digit = base64_digit(data.data[i]);

		if (digit < 0)
			break;
		bits = bits << 6 | (uint32_t)digit; /* fewer than four are left */
		count++;
	}
	if (count >= 2)
		out[written++] = (uint8_t)(bits >> (count == 2 ? 4 : 10));
	if (count == 3)
		out[written++] = (uint8_t)(bits >> 2);
	return written;
}

struct asn1_element {
	uint8_t class_and_form, tag;
	uint32_t len;	  /* as written, capped */
	struct span body; /* what of it is there */
};

/* X.690: identifier, length, contents. Takes identifier and length off *data. false: they are not there. */
static bool asn1_head(struct span *data, struct asn1_element *element)
{
	uint32_t at = 1, bytes;

	if (data->len < 2)
		return false;
	element->class_and_form = data->data[0] & 0xe0;
	element->tag = data->data[0] & 0x1f;
	if (element->tag == 0x1f) { /* long form: its number does not matter here */
		while (at < data->len && data->data[at] & 0x80)
			at++;
		at++;
	}
	if (at >= data->len)
		return false;
	element->len = data->data[at++];
	if (element->len & 0x80) {
		bytes = element->len & 0x7f;
		element->len = 0;
		if (bytes > data->len - at)
			return false;
		for (; bytes; bytes--)
			element->len = element->len > UINT32_MAX >> 8 ? UINT32_MAX
								      : element->len << 8 | data->data[at++];
	}
	*data = (struct span){data->data + at, data->len - at};
	element->body = (struct span){data->data, element->len < data->len ? element->len : data->len};
	return true;
}

static bool asn1_wrong(const struct node_asn1 *want, const struct asn1_element *element)
{
	enum { BIT_STRING = 3, REAL = 9 };
	bool primitive = !element->class_and_form; /* and universal */

	if (want->oversize && element->len > want->oversize)
		return true;
	if (!primitive || !element->body.len)
		return false;
	/* More unused bits in the last byte than there are bits. */
	if (want->bitstring && element->tag == BIT_STRING &&
	    element->body.data[0] > 8 * (uint64_t)(element->len - 1))
		return true;
	/* A decimal real (ISO 6093) longer than any buffer that it is printed into. */
	return want->real && element->tag == REAL && !(element->body.data[0] & 0xc0) && element->len > 256;
}

bool asn1_fault(const struct node_asn1 *want, struct span data)
{
	struct asn1_element element;

	/* Constructed elements are entered, primitive ones stepped over: one pass, no stack. */
	for (unsigned int i = 0; i < ASN1_ELEMENTS_MAX && asn1_head(&data, &element); i++) {
		if (asn1_wrong(want, &element))
			return true;
		if (element.class_and_form & 0x20)
			continue;
		if (element.len > data.len)
			return false;
		data = (struct span){data.data + element.len, data.len - element.len};
	}
	return false;
}
