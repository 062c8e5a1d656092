#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Every packet table on this kernel's verifier.
run_programs prog
