#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernel_debug.sh: a kernel with KASAN, lockdep and kmemleak (debug.config) out of Debian's source, into build/vm/debug as kernel.sh lays it out.
# About 25 minutes of two processors, once: it is kept until the source's version or debug.config changes. Exit code 1: not possible here.
set -u
cd "$(dirname "$0")/../.." || exit 1
dir=$PWD/build/vm/debug
package=linux-source-6.12
version=$(apt-cache policy $package | sed -n 's/ *Candidate: //p')
[ -n "$version" ] && [ "$version" != "(none)" ] || { apt-get update >/dev/null 2>&1; version=$(apt-cache policy $package | sed -n 's/ *Candidate: //p'); }
key="$version $(sha256sum <selftests/vm/debug.config)"
[ -e "$dir/vmlinux" ] && [ "$(cat "$dir/key" 2>/dev/null)" = "$key" ] && exit 0

mkdir -p "$dir" && cd "$dir" || exit 1
rm -f vmlinux bzImage key
if [ ! -e "src-$version/Makefile" ]; then
	rm -rf src-*
	apt-get download $package >/dev/null 2>&1 || exit 1
	mkdir "src-$version" && dpkg --fsys-tarfile "$package"_*.deb | tar xO ./usr/src/$package.tar.xz | tar xJ --strip-components=1 -C "src-$version" ||
		{ rm -rf src-*; exit 1; }
	rm -f ./*.deb
fi
cd "src-$version" || exit 1
config() {
	make -s tinyconfig && scripts/kconfig/merge_config.sh -m .config ../../../../selftests/vm/debug.config && make -s olddefconfig
}
config >../log 2>&1 || { tail -20 ../log; exit 1; }
lost=$(grep '^CONFIG_' ../../../../selftests/vm/debug.config | grep -vxF -f .config)
[ -z "$lost" ] || { echo "# options that did not stick:" $lost >&2; exit 1; }
nice make -s -j"$(nproc)" bzImage modules_prepare >>../log 2>&1 || { tail -20 ../log; exit 1; }
# Without modules of its own the build ends before their symbols are listed.
[ -e Module.symvers ] || cp vmlinux.symvers Module.symvers || exit 1
# Entered by PVH, KASAN's checks run before their shadow is there: this kernel boots by its compressed image.
cd .. && ln -sfn "src-$version" headers && ln -sfn "src-$version/arch/x86/boot/bzImage" bzImage && ln -sfn "src-$version/tools/bpf/resolve_btfids/resolve_btfids" resolve_btfids &&
	objcopy --strip-debug headers/vmlinux vmlinux.new && echo "$key" >key && mv vmlinux.new vmlinux
