// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * certificate.c - the questions to GnuTLS whose answers libmicrohttpd keeps for itself.
 */
#include "certificate.h"

#include <errno.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <string.h>

#include "lib/civil.h"

#define CHAIN_MAX 16u

struct chain {
	gnutls_x509_crt_t row[CHAIN_MAX];
	unsigned int count;
};

static void chain_end(struct chain *chain)
{
	for (unsigned int i = 0; i < chain->count; i++)
		gnutls_x509_crt_deinit(chain->row[i]);
}

static gnutls_datum_t datum(const char *text)
{
	return (gnutls_datum_t){.data = (unsigned char *)text, .size = (unsigned int)strlen(text)};
}

static int rejected(char why[CERTIFICATE_WHY_MAX], const char *what, int err)
{
	snprintf(why, CERTIFICATE_WHY_MAX, "%s%s%s%s", what, err ? " (" : "", err ? gnutls_strerror(err) : "",
		 err ? ")" : "");
	return -EKEYREJECTED;
}

static int chain_read(const char *certificate, struct chain *chain, char why[CERTIFICATE_WHY_MAX])
{
	gnutls_datum_t pem = datum(certificate);
	unsigned int count = CHAIN_MAX;
	int n = gnutls_x509_crt_list_import(chain->row, &count, &pem, GNUTLS_X509_FMT_PEM,
					    GNUTLS_X509_CRT_LIST_IMPORT_FAIL_IF_EXCEED);

	if (n == GNUTLS_E_SHORT_MEMORY_BUFFER)
		return rejected(why, "the chain of the certificate is longer than 16", 0);
	if (n <= 0)
		return rejected(why, "the certificate is not PEM", n);
	chain->count = (unsigned int)n;
	return 0;
}

static int key_read(const char *key, char why[CERTIFICATE_WHY_MAX])
{
	gnutls_datum_t pem = datum(key);
	gnutls_x509_privkey_t read;
	int err = gnutls_x509_privkey_init(&read);

	if (err)
		return -ENOMEM;
	err = gnutls_x509_privkey_import2(read, &pem, GNUTLS_X509_FMT_PEM, NULL, 0);
	gnutls_x509_privkey_deinit(read);
	if (err == GNUTLS_E_DECRYPTION_FAILED || strstr(key, "ENCRYPTED"))
		return rejected(why, "the key has a password; nobody is there to type it at a start", 0);
	return err < 0 ? rejected(why, "the key is no private key in PEM", err) : 0;
}

static int pair_try(const char *certificate, const char *key, char why[CERTIFICATE_WHY_MAX])
{
	gnutls_datum_t first = datum(certificate), second = datum(key);
	gnutls_certificate_credentials_t both;
	int err = gnutls_certificate_allocate_credentials(&both);

	if (err)
		return -ENOMEM;
	err = gnutls_certificate_set_x509_key_mem(both, &first, &second, GNUTLS_X509_FMT_PEM);
	gnutls_certificate_free_credentials(both);
	if (err == GNUTLS_E_CERTIFICATE_KEY_MISMATCH)
		return rejected(why, "the key is not the one of the certificate", 0);
	return err < 0 ? rejected(why, "certificate and key were not taken", err) : 0;
}

static void dates_judge(gnutls_x509_crt_t own, uint64_t seconds, char why[CERTIFICATE_WHY_MAX])
{
	time_t from = gnutls_x509_crt_get_activation_time(own), to = gnutls_x509_crt_get_expiration_time(own),
	       now = (time_t)seconds;
	bool early = from != (time_t)-1 && now < from, late = to != (time_t)-1 && now > to;
	struct civil day = civil_of(early ? from : to);

	if (early || late)
		snprintf(why, CERTIFICATE_WHY_MAX,
			 "browsers will refuse the certificate: it %s %04d-%02d-%02d",
			 early ? "is not valid before" : "has expired on", day.year, day.month, day.day);
}

int certificate_check(const char *certificate, const char *key, uint64_t seconds,
		      char why[CERTIFICATE_WHY_MAX])
{
	struct chain chain = {0};
	int err;

	*why = '\0';
	err = chain_read(certificate, &chain, why);
	if (!err)
		err = key_read(key, why);
	if (!err)
		err = pair_try(certificate, key, why);
	if (!err)
		dates_judge(chain.row[0], seconds, why);
	chain_end(&chain);
	return err;
}
