#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# manpage.sh PROGRAM TEMPLATE: the man page, its tables from the program, on stdout. The date is that of the template,
# or SOURCE_DATE_EPOCH where builds have to repeat.
set -eu
program=$1 template=$2
date=$(date -u -d "@${SOURCE_DATE_EPOCH:-$(stat -c %Y "$template")}" +%Y-%m-%d)
while IFS= read -r line; do
	case $line in
	@COMMANDS@) "$program" help --man-commands ;;
	@KEYS@) "$program" help --man-keys ;;
	@LIST_FORMATS@) "$program" help --man-list-formats ;;
	@KEYWORDS@) "$program" help --man-keywords ;;
	.TH*@DATE@*) printf '%s\n' "${line%@DATE@*}$date${line#*@DATE@}" ;;
	*) printf '%s\n' "$line" ;;
	esac
done <"$template"
