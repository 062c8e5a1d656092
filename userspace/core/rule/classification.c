// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * classification.c - the classtypes that rules of Suricata's language use,
 * and the reader of classification.config.
 */
#include "classification.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "config_line.h"
#include "rule_parse.h"

static const struct classtype classification_standard[] = {
	{"not-suspicious", "Not Suspicious Traffic", 3},
	{"unknown", "Unknown Traffic", 3},
	{"bad-unknown", "Potentially Bad Traffic", 2},
	{"attempted-recon", "Attempted Information Leak", 2},
	{"successful-recon-limited", "Information Leak", 2},
	{"successful-recon-largescale", "Large Scale Information Leak", 2},
	{"attempted-dos", "Attempted Denial of Service", 2},
	{"successful-dos", "Denial of Service", 2},
	{"attempted-user", "Attempted User Privilege Gain", 1},
	{"unsuccessful-user", "Unsuccessful User Privilege Gain", 1},
	{"successful-user", "Successful User Privilege Gain", 1},
	{"attempted-admin", "Attempted Administrator Privilege Gain", 1},
	{"successful-admin", "Successful Administrator Privilege Gain", 1},
	{"rpc-portmap-decode", "Decode of an RPC Query", 2},
	{"shellcode-detect", "Executable code was detected", 1},
	{"string-detect", "A suspicious string was detected", 3},
	{"suspicious-filename-detect", "A suspicious filename was detected", 2},
	{"suspicious-login", "An attempted login using a suspicious username was detected", 2},
	{"system-call-detect", "A system call was detected", 2},
	{"tcp-connection", "A TCP connection was detected", 4},
	{"trojan-activity", "A Network Trojan was detected", 1},
	{"unusual-client-port-connection", "A client was using an unusual port", 2},
	{"network-scan", "Detection of a Network Scan", 3},
	{"denial-of-service", "Detection of a Denial of Service Attack", 2},
	{"non-standard-protocol", "Detection of a non-standard protocol or event", 2},
	{"protocol-command-decode", "Generic Protocol Command Decode", 3},
	{"web-application-activity", "access to a potentially vulnerable web application", 2},
	{"web-application-attack", "Web Application Attack", 1},
	{"misc-activity", "Misc activity", 3},
	{"misc-attack", "Misc Attack", 2},
	{"icmp-event", "Generic ICMP event", 3},
	{"policy-violation", "Potential Corporate Privacy Violation", 1},
	{"default-login-attempt", "Attempt to login by a default username and password", 2},
	{"targeted-activity", "Targeted Malicious Activity was Detected", 1},
	{"exploit-kit", "Exploit Kit Activity Detected", 1},
	{"external-ip-check", "Device Retrieving External IP Address Detected", 2},
	{"domain-c2", "Domain Observed Used for C2 Detected", 1},
	{"pup-activity", "Possibly Unwanted Program Detected", 2},
	{"credential-theft", "Successful Credential Theft Detected", 1},
	{"social-engineering", "Possible Social Engineering Attempted", 2},
	{"coin-mining", "Crypto Currency Mining Activity Detected", 2},
	{"command-and-control", "Malware Command and Control Activity Detected", 1},
};

void classification_init(struct classification *classes)
{
	memcpy(classes->rows, classification_standard, sizeof(classification_standard));
	classes->count = ARRAY_LEN(classification_standard);
}

const struct classtype *classification_find(const struct classification *classes, const char *name)
{
	for (uint32_t i = 0; i < classes->count; i++) {
		if (!strcmp(classes->rows[i].name, name))
			return &classes->rows[i];
	}
	return NULL;
}

struct classification_reader {
	struct classification *classes;
	struct arena *arena;
};

static const char *classification_line(char *line, int *err, void *arg)
{
	const struct classification_reader *reader = arg;
	struct classification *classes = reader->classes;
	static const char head[] = "config classification:";
	char *name, *description, *priority, *end;
	struct classtype *row;
	unsigned long value;

	if (strncmp(line, head, sizeof(head) - 1))
		return "not \"config classification: name,description,priority\"";
	name = line + sizeof(head) - 1;
	description = strchr(name, ',');
	priority = strrchr(name, ',');
	if (!description || priority == description)
		return "three fields are needed";
	*description++ = '\0';
	*priority++ = '\0';
	name = rule_trim(name);
	description = rule_trim(description);
	priority = rule_trim(priority);
	errno = 0;
	value = strtoul(priority, &end, 10);
	if (!isdigit((unsigned char)*priority) || errno || *end || value < 1 || value > 255)
		return "the priority is not a number between 1 and 255";
	if (!*name)
		return "the name is empty";
	row = (struct classtype *)classification_find(classes, name);
	if (!row && classes->count == CLASSIFICATION_MAX)
		return "too many classtypes";
	name = arena_string(reader->arena, name, strlen(name));
	description = arena_string(reader->arena, description, strlen(description));
	if (!name || !description) {
		*err = -ENOMEM;
		return NULL;
	}
	if (!row)
		row = &classes->rows[classes->count++];
	*row = (struct classtype){name, description, (uint32_t)value};
	return NULL;
}

int classification_read(struct classification *classes, struct arena *arena, const char *file,
			const char *text, size_t len, ruleset_refused_fn fn, void *arg)
{
	struct classification_reader reader = {classes, arena};

	return config_lines("classification", file, text, len, classification_line, &reader, fn, arg);
}
