/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * frame.h - builds Ethernet frames from one line of text, so that a test's
 * frame fits into a table row:
 *
 *   frame_make(&f, "eth vlan:7 ip4:%s>192.0.2.1 tcp:4000>80,S,seq=1 text:GET", src)
 *
 * Layers are separated by spaces, a layer's arguments by commas. Every layer
 * tells the one before it what follows; lengths and checksums are filled in
 * from the inside out unless an argument says otherwise. A line that cannot
 * be understood is a bug of the test and aborts it.
 *
 *   eth                                 zero:N      N zero bytes instead of a layer
 *   vlan:ID[,tpid=0x88a8]               tags; type= overrides what follows in all of these
 *   pppoe[,len=][,ver=][,code=]         PPPoE session header and the PPP protocol field
 *   ip4:SRC>DST[,opts=BYTES][,off=BYTES][,mf][,id=][,type=][,len=][,ver=][,ihl=][,ttl=]
 *   ip6:SRC>DST[,type=][,len=][,ver=]
 *   hop rt dst frag ah                  IPv6 extension headers; [,size=BYTES]; frag: [,off=][,mf][,id=]
 *   gre[,key][,csum][,seq][,ver=][,flags=][,type=]
 *   tcp:SPORT>DPORT,FLAGS[,seq=][,ack=][,opts=BYTES][,doff=]    FLAGS: any of SAFRPU, or 0
 *   udp:SPORT>DPORT[,len=]
 *   icmp:TYPE[,code=][,id=]   icmp6:TYPE[,code=][,id=]
 *   esp   arp
 *   data:N  text:WORD                   payload: a pattern of N bytes, or the word
 */
#ifndef SELFTESTS_FRAME_H
#define SELFTESTS_FRAME_H

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FRAME_MAX    65550
#define FRAME_LAYERS 24

enum frame_kind {
	FRAME_LINK,
	FRAME_PPP,
	FRAME_IP4,
	FRAME_IP6,
	FRAME_EXT,
	FRAME_GRE,
	FRAME_TCP,
	FRAME_UDP,
	FRAME_ICMP,
	FRAME_OTHER
};

struct frame_layer {
	enum frame_kind kind;
	size_t at;	/* where it begins */
	size_t size;	/* of its header */
	size_t type_at; /* where it names the next layer; 0 = nowhere */
	int type_size;
	bool type_fixed;
	bool len_fixed;
};

struct frame {
	uint8_t data[FRAME_MAX];
	size_t len;
	struct frame_layer layer[FRAME_LAYERS];
	int layers;
};

static inline void frame_die(const char *what, const char *text)
{
	fprintf(stderr, "Bail out! frame: %s in \"%s\"\n", what, text);
	abort();
}

static inline uint8_t *frame_put(struct frame *f, size_t size)
{
	uint8_t *p = f->data + f->len;

	if (size > FRAME_MAX - f->len)
		frame_die("too long", "");
	memset(p, 0, size);
	f->len += size;
	return p;
}

static inline void frame_set16(uint8_t *p, unsigned int v)
{
	p[0] = v >> 8;
	p[1] = v;
}

static inline void frame_set32(uint8_t *p, uint32_t v)
{
	frame_set16(p, v >> 16);
	frame_set16(p + 2, v & 0xffff);
}

static inline unsigned int frame_get16(const uint8_t *p)
{
	return (unsigned int)p[0] << 8 | p[1];
}

/* The value of "key=value" (or 1 for a bare "key") among the arguments, else `otherwise`. */
static inline long frame_arg(const char *args, const char *key, long otherwise)
{
	size_t size = strlen(key);

	for (const char *p = args; *p; p++) {
		if ((p == args || p[-1] == ',') && !strncmp(p, key, size)) {
			if (p[size] == '=')
				return strtol(p + size + 1, NULL, 0);
			if (p[size] == ',' || !p[size])
				return 1;
		}
	}
	return otherwise;
}

/* How the new layer is called in an Ethernet type, PPP protocol or IP protocol field. */
struct frame_type {
	unsigned int ether, ppp, ip;
};

/* Opens a layer of `size` bytes and names it in the layer before. */
static inline struct frame_layer *frame_open(struct frame *f, enum frame_kind kind, size_t size,
					     struct frame_type type)
{
	struct frame_layer *last = f->layers ? &f->layer[f->layers - 1] : NULL, *l = &f->layer[f->layers];

	if (f->layers == FRAME_LAYERS)
		frame_die("too many layers", "");
	if (last && last->type_at && !last->type_fixed) {
		if (last->type_size == 1)
			f->data[last->type_at] = type.ip;
		else
			frame_set16(f->data + last->type_at, last->kind == FRAME_PPP ? type.ppp : type.ether);
	}
	*l = (struct frame_layer){.kind = kind, .at = f->len, .size = size};
	frame_put(f, size);
	f->layers++;
	return l;
}

/* The layer names its successor at `at` bytes from its begin, or as type= says. */
static inline void frame_next(struct frame *f, struct frame_layer *l, const char *args, size_t at, int size)
{
	long type = frame_arg(args, "type", -1);

	l->type_at = l->at + at;
	l->type_size = size;
	l->type_fixed = type >= 0;
	if (type >= 0 && size == 1)
		f->data[l->type_at] = type;
	else if (type >= 0)
		frame_set16(f->data + l->type_at, type);
	else if (size == 1)
		f->data[l->type_at] = 59; /* "no next header" until a layer follows */
}

static inline uint32_t frame_sum(uint32_t sum, const uint8_t *p, size_t size)
{
	for (; size > 1; p += 2, size -= 2)
		sum += frame_get16(p);
	if (size)
		sum += (uint32_t)*p << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static inline void frame_addresses(const char *args, int family, uint8_t *src, uint8_t *dst)
{
	char a[INET6_ADDRSTRLEN], b[INET6_ADDRSTRLEN];

	if (sscanf(args, "%45[^>]>%45[^,]", a, b) != 2 || inet_pton(family, a, src) != 1 ||
	    inet_pton(family, b, dst) != 1)
		frame_die("addresses", args);
}

static inline void frame_eth(struct frame *f, const char *args)
{
	struct frame_layer *l = frame_open(f, FRAME_LINK, 14, (struct frame_type){0x6558, 0, 143});

	memcpy(f->data + l->at, "\x02\x00\x00\x00\x00\x01\x02\x00\x00\x00\x00\x02", 12);
	frame_next(f, l, args, 12, 2);
}

static inline void frame_vlan(struct frame *f, const char *args)
{
	unsigned int tpid = frame_arg(args, "tpid", 0x8100);
	struct frame_layer *l = frame_open(f, FRAME_LINK, 4, (struct frame_type){tpid, 0, 0});

	frame_set16(f->data + l->at, strtoul(args, NULL, 0) & 0xfff);
	frame_next(f, l, args, 2, 2);
}

static inline void frame_pppoe(struct frame *f, const char *args)
{
	struct frame_layer *l = frame_open(f, FRAME_PPP, 8, (struct frame_type){0x8864, 0, 0});
	uint8_t *p = f->data + l->at;

	p[0] = frame_arg(args, "ver", 0x11);
	p[1] = frame_arg(args, "code", 0);
	frame_set16(p + 2, 1);
	l->len_fixed = frame_arg(args, "len", -1) >= 0;
	frame_set16(p + 4, frame_arg(args, "len", 0));
	frame_next(f, l, args, 6, 2);
}

static inline void frame_ip4(struct frame *f, const char *args)
{
	size_t opts = frame_arg(args, "opts", 0);
	struct frame_layer *l = frame_open(f, FRAME_IP4, 20 + opts, (struct frame_type){0x0800, 0x0021, 4});
	uint8_t *p = f->data + l->at;

	p[0] = frame_arg(args, "ver", 4) << 4 | (frame_arg(args, "ihl", 5 + (long)opts / 4) & 15);
	l->len_fixed = frame_arg(args, "len", -1) >= 0;
	frame_set16(p + 2, frame_arg(args, "len", 0));
	frame_set16(p + 4, frame_arg(args, "id", 0x1234));
	frame_set16(p + 6, (frame_arg(args, "mf", 0) << 13 | frame_arg(args, "off", 0) / 8) & 0x3fff);
	p[8] = frame_arg(args, "ttl", 64);
	frame_addresses(args, AF_INET, p + 12, p + 16);
	memset(p + 20, 1, opts); /* no-operation */
	frame_next(f, l, args, 9, 1);
}

static inline void frame_ip6(struct frame *f, const char *args)
{
	struct frame_layer *l = frame_open(f, FRAME_IP6, 40, (struct frame_type){0x86dd, 0x0057, 41});
	uint8_t *p = f->data + l->at;

	p[0] = frame_arg(args, "ver", 6) << 4;
	l->len_fixed = frame_arg(args, "len", -1) >= 0;
	frame_set16(p + 4, frame_arg(args, "len", 0));
	p[7] = frame_arg(args, "ttl", 64);
	frame_addresses(args, AF_INET6, p + 8, p + 24);
	frame_next(f, l, args, 6, 1);
}

static inline void frame_ext(struct frame *f, const char *args, unsigned int proto)
{
	size_t size = frame_arg(args, "size", proto == 51 ? 24 : 8);
	struct frame_layer *l = frame_open(f, FRAME_EXT, size, (struct frame_type){0, 0, proto});
	uint8_t *p = f->data + l->at;

	if (proto == 44) {
		frame_set16(p + 2, frame_arg(args, "off", 0) / 8 << 3 | frame_arg(args, "mf", 0));
		frame_set32(p + 4, frame_arg(args, "id", 0x12345678));
	} else if (proto == 51) {
		p[1] = frame_arg(args, "hlen", (long)size / 4 - 2);
	} else {
		p[1] = frame_arg(args, "hlen", (long)size / 8 - 1);
		p[2] = 1; /* PadN; a routing header reads it as an unknown type */
		p[3] = size < 260 ? size - 4 : 0;
	}
	frame_next(f, l, args, 0, 1);
}

static inline void frame_gre(struct frame *f, const char *args)
{
	bool csum = frame_arg(args, "csum", 0), key = frame_arg(args, "key", 0),
	     seq = frame_arg(args, "seq", 0);
	unsigned int flags = csum << 15 | key << 13 | seq << 12 | frame_arg(args, "ver", 0);
	struct frame_layer *l =
		frame_open(f, FRAME_GRE, 4 + 4 * (csum + key + seq), (struct frame_type){0, 0, 47});

	frame_set16(f->data + l->at, frame_arg(args, "flags", flags));
	frame_next(f, l, args, 2, 2);
}

static inline void frame_ports(uint8_t *p, const char *args)
{
	unsigned int a, b;

	if (sscanf(args, "%u>%u", &a, &b) != 2)
		frame_die("ports", args);
	frame_set16(p, a);
	frame_set16(p + 2, b);
}

static inline void frame_tcp(struct frame *f, const char *args)
{
	static const char flag[] = "FSRPAU";
	size_t opts = frame_arg(args, "opts", 0);
	struct frame_layer *l = frame_open(f, FRAME_TCP, 20 + opts, (struct frame_type){0, 0, 6});
	uint8_t *p = f->data + l->at;
	const char *flags = strchr(args, ',');

	frame_ports(p, args);
	if (!flags)
		frame_die("TCP flags", args);
	for (flags++; *flags && *flags != ',' && *flags != '0'; flags++) {
		if (!strchr(flag, *flags))
			frame_die("TCP flags", args);
		p[13] |= 1 << (strchr(flag, *flags) - flag);
	}
	frame_set32(p + 4, frame_arg(args, "seq", 1000));
	frame_set32(p + 8, frame_arg(args, "ack", 0));
	p[12] = (frame_arg(args, "doff", 5 + (long)opts / 4) & 15) << 4;
	frame_set16(p + 14, 0xfaf0);
	memset(p + 20, 1, opts);
}

static inline void frame_udp(struct frame *f, const char *args)
{
	struct frame_layer *l = frame_open(f, FRAME_UDP, 8, (struct frame_type){0, 0, 17});

	frame_ports(f->data + l->at, args);
	l->len_fixed = frame_arg(args, "len", -1) >= 0;
	frame_set16(f->data + l->at + 4, frame_arg(args, "len", 0));
}

static inline void frame_icmp(struct frame *f, const char *args, unsigned int proto)
{
	unsigned long type = strtoul(args, NULL, 0);
	struct frame_layer *l = frame_open(f, FRAME_ICMP, type >= 133 && type <= 137 ? 24 : 8,
					   (struct frame_type){0, 0, proto});
	uint8_t *p = f->data + l->at;

	p[0] = type;
	p[1] = frame_arg(args, "code", 0);
	frame_set16(p + 4, frame_arg(args, "id", 0));
}

static inline void frame_arp(struct frame *f)
{
	struct frame_layer *l = frame_open(f, FRAME_OTHER, 28, (struct frame_type){0x0806, 0, 0});

	memcpy(f->data + l->at, "\x00\x01\x08\x00\x06\x04\x00\x01", 8);
}

static inline void frame_payload(struct frame *f, const char *args, bool text)
{
	size_t size = text ? strlen(args) : strtoul(args, NULL, 0);
	uint8_t *p = frame_put(f, size);

	for (size_t i = 0; i < size; i++)
		p[i] = text ? args[i] : (uint8_t)("sekimori"[i % 8] ^ (i >> 8));
}

static inline void frame_layer_add(struct frame *f, const char *name, const char *args)
{
	static const struct {
		const char *name;
		int proto;
	} ext[] = {{"hop", 0}, {"rt", 43}, {"frag", 44}, {"ah", 51}, {"dst", 60}};

	for (size_t i = 0; i < sizeof(ext) / sizeof(ext[0]); i++)
		if (!strcmp(name, ext[i].name))
			return frame_ext(f, args, ext[i].proto);
	if (!strcmp(name, "eth"))
		frame_eth(f, args);
	else if (!strcmp(name, "vlan"))
		frame_vlan(f, args);
	else if (!strcmp(name, "pppoe"))
		frame_pppoe(f, args);
	else if (!strcmp(name, "ip4"))
		frame_ip4(f, args);
	else if (!strcmp(name, "ip6"))
		frame_ip6(f, args);
	else if (!strcmp(name, "gre"))
		frame_gre(f, args);
	else if (!strcmp(name, "tcp"))
		frame_tcp(f, args);
	else if (!strcmp(name, "udp"))
		frame_udp(f, args);
	else if (!strcmp(name, "icmp"))
		frame_icmp(f, args, 1);
	else if (!strcmp(name, "icmp6"))
		frame_icmp(f, args, 58);
	else if (!strcmp(name, "esp"))
		frame_open(f, FRAME_OTHER, 24, (struct frame_type){0, 0, 50});
	else if (!strcmp(name, "arp"))
		frame_arp(f);
	else if (!strcmp(name, "data") || !strcmp(name, "text"))
		frame_payload(f, args, *name == 't');
	else if (!strcmp(name, "zero"))
		frame_put(f, strtoul(args, NULL, 0));
	else
		frame_die("unknown layer", name);
}

/* The checksum of TCP, UDP and ICMPv6 over the pseudo header of the IP layer that carries it. */
static inline void frame_l4_checksum(struct frame *f, int index)
{
	struct frame_layer *l = &f->layer[index];
	size_t size = f->len - l->at, at = l->kind == FRAME_TCP ? 16 : l->kind == FRAME_UDP ? 6 : 2;
	unsigned int proto = l->kind == FRAME_TCP ? 6 : l->kind == FRAME_UDP ? 17 : 58;
	uint8_t *p = f->data + l->at;
	uint32_t sum = 0;
	int ip = index;

	while (ip >= 0 && f->layer[ip].kind != FRAME_IP4 && f->layer[ip].kind != FRAME_IP6)
		ip--;
	if (ip < 0)
		return;
	if (f->layer[ip].kind == FRAME_IP6)
		sum = frame_sum(proto + size, f->data + f->layer[ip].at + 8, 32);
	else if (l->kind != FRAME_ICMP)
		sum = frame_sum(proto + size, f->data + f->layer[ip].at + 12, 8);
	frame_set16(p + at, 0);
	frame_set16(p + at, ~frame_sum(sum, p, size) & 0xffff);
	if (l->kind == FRAME_UDP && !frame_get16(p + at))
		frame_set16(p + at, 0xffff);
}

static inline void frame_finish(struct frame *f)
{
	for (int i = f->layers - 1; i >= 0; i--) {
		struct frame_layer *l = &f->layer[i];
		uint8_t *p = f->data + l->at;
		size_t size = f->len - l->at;

		if (l->kind == FRAME_PPP && !l->len_fixed)
			frame_set16(p + 4, size - 6);
		if (l->kind == FRAME_IP4 && !l->len_fixed)
			frame_set16(p + 2, size);
		if (l->kind == FRAME_IP6 && !l->len_fixed)
			frame_set16(p + 4, size - 40);
		if (l->kind == FRAME_UDP && !l->len_fixed)
			frame_set16(p + 4, size);
		if (l->kind == FRAME_IP4) {
			size_t header = (size_t)(p[0] & 15) * 4;

			frame_set16(p + 10, 0);
			frame_set16(p + 10, ~frame_sum(0, p, header < size ? header : size) & 0xffff);
		}
		if (l->kind == FRAME_TCP || l->kind == FRAME_UDP || l->kind == FRAME_ICMP)
			frame_l4_checksum(f, i);
		if (l->kind == FRAME_GRE && p[0] & 0x80)
			frame_set16(p + 4, ~frame_sum(0, p, size) & 0xffff);
	}
}

/* Cuts the frame to `len` bytes; with `mend`, lengths and checksums of the headers left agree with the cut.
 */
static inline void frame_cut(struct frame *f, size_t len, bool mend)
{
	if (len >= f->len)
		return;
	f->len = len;
	while (f->layers && f->layer[f->layers - 1].at + f->layer[f->layers - 1].size > len)
		f->layers--;
	if (mend)
		frame_finish(f);
}

/* Builds the frame that the line describes, replacing what `f` held. */
__attribute__((format(printf, 2, 3))) static inline void frame_make(struct frame *f, const char *format, ...)
{
	char line[1024], *save = NULL;
	va_list arguments;

	va_start(arguments, format);
	if (vsnprintf(line, sizeof(line), format, arguments) >= (int)sizeof(line))
		frame_die("line too long", format);
	va_end(arguments);
	f->len = 0;
	f->layers = 0;
	for (char *word = strtok_r(line, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		size_t name = strcspn(word, ":,");
		char *args = word[name] ? word + name + 1 : word + name;

		word[name] = 0;
		frame_layer_add(f, word, args);
	}
	frame_finish(f);
}

#endif
