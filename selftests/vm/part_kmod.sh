#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The kernel module: how it is found, what it refuses, its tests, its end.
seki() { command=$1 && shift && /sekimori/sekimori "$command" --state /tmp/state --run /tmp/run "$@"; }
doctor_says() { seki doctor | grep '^[a-z]* *module ' | grep -- "$1"; }

try "insmod" insmod /sekimori/sekimori.ko
run_programs kmodtest
try "rmmod" rmmod sekimori
