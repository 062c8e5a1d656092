// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * mime - mails and forms, fed whole and in pieces.
 */
#include "core/app/mime.h"

#include <stdlib.h>

#include "lib/ktap.h"

/* "name=data;name=data;" of everything, with + behind the name of what is not final. */
static char *print(struct mime *mime, const char *text, uint32_t len, uint32_t piece, uint32_t *left)
{
	struct blob out = {};
	struct tx_file file;

	*left = 0;
	for (uint32_t at = 0; at < len; at += piece) {
		uint32_t n = len - at < piece ? len - at : piece;
		uint8_t *copy = malloc(n);

		memcpy(copy, text + at, n);
		*left += mime_feed(mime, (struct span){copy, n});
		free(copy);
	}
	*left += mime_end(mime);
	for (unsigned int i = 0; mime_file(mime, i, &file); i++) {
		blob_add(&out, file.name.data, file.name.len, UINT32_MAX);
		blob_text(&out, file.final ? "=" : "+=", UINT32_MAX);
		blob_add(&out, file.data.data, file.data.len, UINT32_MAX);
		blob_text(&out, ";", UINT32_MAX);
	}
	blob_add(&out, "", 1, UINT32_MAX);
	mime_free(mime);
	return (char *)out.data;
}

struct row {
	const char *type; /* NULL: a mail */
	const char *text, *files;
};

static const struct row rows[] = {
	{NULL, "Subject: x\r\n\r\nplain body\r\n", ""},
	{NULL, "Content-Type: application/x\r\n\r\nbody\r\n", "=body\r\n;"},
	{NULL, "Content-Disposition: attachment; filename=a\n\nbody", "a=body;"},
	{NULL, "Content-Disposition: attachment;\r\n\tfilename=\"a;b\"\r\n\r\nx", "a;b=x;"},
	{NULL, "Content-Type: x/y; name=n\r\nContent-Transfer-Encoding: BASE64\r\n\r\naGVs\r\nbG8=\r\n",
	 "n=hello;"},
	{NULL, "Content-Type: x/y; name=n\r\nContent-Transfer-Encoding: base64\r\n\r\naG!V s\r\nbG8",
	 "n=hello;"},
	{NULL, "Content-Type: x/y; name=n\r\nContent-Transfer-Encoding: base64\r\n\r\naGk=aGk=", "n=hihi;"},
	{NULL,
	 "Content-Type: x/y; name=n\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=4a=zz=\r\n=4A=3",
	 "n=J=zzJ=3;"},
	/* nested multiparts, a boundary that is the begin of another, no closing boundary */
	{NULL,
	 "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/x; boundary=bb\n\n--bb\n"
	 "Content-Type: x/y; name=in\n\nINNER\n--bb--\n--b\nContent-Type: x/y; name=out\n\nOUTER\n--bx\n--b",
	 "in=INNER;out=OUTER\n--bx;"},
	{NULL, "Content-Type: message/rfc822\r\n\r\nContent-Type: x/y; name=n\r\n\r\nbody", "n=body;"},
	{"multipart/form-data; boundary=x",
	 "--x\r\nContent-Disposition: form-data; name=a; filename=f\r\n\r\n\r\nMZ\n\r\n\r\n--x--\r\nend",
	 "f=\r\nMZ\n\r\n;"},
	{"multipart/form-data; boundary=x",
	 "--x\r\nContent-Disposition: form-data; filename=\"\"\r\n\r\nempty\r\n--x--", ""},
	{"multipart/form-data; boundary=x", "no boundary at all", ""},
};

static void table(void)
{
	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (uint32_t piece = 1; piece < 200; piece += piece < 8 ? 1 : 40) {
			const struct row *row = &rows[i];
			struct mime *mime =
				row->type ? mime_new_form((struct span){(const uint8_t *)row->type,
									(uint32_t)strlen(row->type)})
					  : mime_new_mail();
			uint32_t left;
			char *got = print(mime, row->text, (uint32_t)strlen(row->text), piece, &left);

			CHECK(!strcmp(got, row->files), "row %u in pieces of %u: \"%s\" not \"%s\"", i, piece,
			      got, row->files);
			CHECK_EQ(left, 0);
			free(got);
		}
}

static void refused(void)
{
	static const char *const types[] = {
		"", "text/plain", "multipart/form-data",
		"multipart/form-data; boundary=", "multipart/form-data; boundary"};

	for (unsigned int i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		CHECK(!mime_new_form((struct span){(const uint8_t *)types[i], (uint32_t)strlen(types[i])}),
		      "%s", types[i]);
	mime_free(NULL);
}

static void limits(void)
{
	static const char part[] = "--x\r\nContent-Disposition: a; filename=f\r\n\r\n";
	static const char type[] = "multipart/form-data; boundary=x";
	struct mime *mime = mime_new_form((struct span){(const uint8_t *)type, sizeof(type) - 1});
	char *big = malloc(MIME_FILE_MAX);
	uint64_t left = 0, held = 0;
	struct tx_file file;
	unsigned int i;

	memset(big, 'a', MIME_FILE_MAX);
	for (i = 0; i < 6; i++) {
		left += mime_feed(mime, (struct span){(const uint8_t *)part, sizeof(part) - 1});
		left += mime_feed(mime, (struct span){(const uint8_t *)big, MIME_FILE_MAX});
		left += mime_feed(mime, (struct span){(const uint8_t *)"more\r\n", 6});
	}
	left += mime_end(mime);
	for (i = 0; mime_file(mime, i, &file); i++)
		held += file.data.len;
	CHECK_EQ(held, MIME_TOTAL_MAX);
	CHECK(left >= 2 * (uint64_t)MIME_FILE_MAX);
	mime_free(mime);
	free(big);

	mime = mime_new_form((struct span){(const uint8_t *)type, sizeof(type) - 1});
	for (i = 0; i < 2 * MIME_FILES_MAX; i++)
		mime_feed(mime, (struct span){(const uint8_t *)part, sizeof(part) - 1});
	mime_end(mime);
	for (i = 0; mime_file(mime, i, &file); i++)
		;
	CHECK_EQ(i, MIME_FILES_MAX);
	mime_free(mime);
}

static void loss(void)
{
	static const char type[] = "multipart/form-data; boundary=x";
	static const char before[] = "--x\r\nContent-Disposition: a; filename=f\r\n\r\nbegin";
	static const char after[] =
		"lost line\r\n--x\r\nContent-Disposition: a; filename=g\r\n\r\nnext\r\n--x--\r\n";
	struct mime *mime = mime_new_form((struct span){(const uint8_t *)type, sizeof(type) - 1});
	struct tx_file file;

	mime_feed(mime, (struct span){(const uint8_t *)before, sizeof(before) - 1});
	mime_gap(mime);
	mime_feed(mime, (struct span){(const uint8_t *)after, sizeof(after) - 1});
	CHECK(mime_file(mime, 0, &file) && file.final);
	CHECK(mime_file(mime, 1, &file) && file.data.len == 4);
	mime_free(mime);
}

static const struct ktap_test tests[] = {TEST(table), TEST(refused), TEST(limits), TEST(loss)};
KTAP_MAIN(tests)
