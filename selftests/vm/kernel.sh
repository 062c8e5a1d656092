#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernel.sh SERIES: ("debug": see kernel_debug.sh) Debian's newest kernel of a series and its headers, unpacked into build/vm/SERIES; nothing is installed.
#	vmlinux   the uncompressed kernel: to boot where there is no bzImage, and to base module BTF on
#	headers   link to what a module is built against (KDIR)
#	resolve_btfids   link to the tool that a module's BTF needs; Debian's 6.1 has none, that of 6.12 serves
# Exit code 1: it cannot be fetched. 2: the series is not known here.
set -u
cd "$(dirname "$0")/../.." || exit 2
series=${1-}
dir=$PWD/build/vm/$series
# A series' header meta package names the newest ABI that the archive has; its kbuild package has the ABI's name from 6.12 on.
case $series in
debug) exec selftests/vm/kernel_debug.sh ;;
6.1) meta=linux-headers-cloud-amd64 kbuild=linux-kbuild-6.1 tools=linux-headers-6.12-cloud-amd64 ;;
6.12) meta=linux-headers-6.12-cloud-amd64 kbuild='' tools='' ;;
*)
	echo "# no kernel series '$series' is known here" >&2
	exit 2
	;;
esac
[ -e "$dir/vmlinux" ] && [ -e "$dir/headers/Makefile" ] && exit 0

newest_abi() { apt-cache depends "$1" 2>/dev/null | sed -n 's/.*Depends: linux-headers-\(.*-cloud-amd64\)$/\1/p' | head -1; }

abi=$(newest_abi $meta)
if [ -z "$abi" ]; then
	apt-get update >/dev/null 2>&1
	abi=$(newest_abi $meta)
fi
[ -n "$abi" ] || exit 1
base=${abi%-cloud-amd64}
kbuild=${kbuild:-linux-kbuild-$base}
if [ -n "$tools" ]; then
	tools=$(newest_abi $tools)
	tools=linux-kbuild-${tools%-cloud-amd64}
fi
rm -rf "$dir"
mkdir -p "$dir" && cd "$dir" || exit 1
packages="linux-image-$abi linux-headers-$abi linux-headers-$base-common $kbuild $tools"
# shellcheck disable=SC2086 # a list
apt-get download $packages >/dev/null 2>&1 || { apt-get update && apt-get download $packages; } >/dev/null 2>&1 || exit 1
for package in *.deb; do
	dpkg -x "$package" . || exit 1
done
rm -f ./*.deb
# The only absolute paths among the headers.
sed -i "s#include /usr/src/#include $dir/usr/src/#" "usr/src/linux-headers-$abi/Makefile" || exit 1
ln -s "usr/src/linux-headers-$abi" headers || exit 1
ln -s "$(find usr -path '*/resolve_btfids/resolve_btfids' | head -1)" resolve_btfids || exit 1
# Named last: a folder that was left half done is fetched anew.
python3 ../../../selftests/vm/extract_vmlinux.py boot/vmlinuz-* vmlinux.new && mv vmlinux.new vmlinux
