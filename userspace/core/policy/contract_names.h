/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * contract_names.h - the words of the contract's enumerations, for everything
 * that writes or reads them. Where each word stands is in the contract.
 */
#ifndef CORE_POLICY_CONTRACT_NAMES_H
#define CORE_POLICY_CONTRACT_NAMES_H

#include "sekimori/abi.h"

extern const char *const contract_verdicts[SEKI_VERDICT_MAX];
extern const char *const contract_severities[SEKI_SEVERITY_MAX + 1]; /* the last is NULL */
extern const char *const contract_reasons[SEKI_REASON_MAX];
extern const char *const contract_losses[SEKI_LOSS_MAX];

#endif
