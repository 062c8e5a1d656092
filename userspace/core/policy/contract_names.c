// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * contract_names.c - made of the contract's own rows.
 */
#include "contract_names.h"

const char *const contract_verdicts[SEKI_VERDICT_MAX] = {
#define X(id, name) [SEKI_VERDICT_##id] = name,
	SEKI_VERDICTS(X)
#undef X
};
const char *const contract_severities[SEKI_SEVERITY_MAX + 1] = {
#define X(id, name) [SEKI_SEVERITY_##id] = name,
	SEKI_SEVERITIES(X)
#undef X
};
const char *const contract_reasons[SEKI_REASON_MAX] = {
#define X(id, name, ...) [SEKI_R_##id] = name,
	SEKI_REASONS(X)
#undef X
};
const char *const contract_losses[SEKI_LOSS_MAX] = {
#define X(id, name, ...) [SEKI_LOSS_##id] = name,
	SEKI_LOSSES(X)
#undef X
};
