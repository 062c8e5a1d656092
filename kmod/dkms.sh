#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# dkms.sh DIR: the module's sources as DKMS wants them, into DIR/sekimori-VERSION (usually DIR is /usr/src).
set -eu
cd "$(dirname "$0")/.."
version=$(cat kmod/VERSION)
out=${1:?usage: dkms.sh DIR}/sekimori-$version
install -d "$out/kmod" "$out/include/sekimori"
install -m 644 Kbuild "$out/"
install -m 644 kmod/*.[ch] kmod/VERSION "$out/kmod/"
install -m 755 kmod/build.sh "$out/kmod/"
install -m 644 include/sekimori/*.h "$out/include/sekimori/"
sed "s/@VERSION@/$version/" kmod/dkms.conf.in >"$out/dkms.conf"
