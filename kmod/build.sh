#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# build.sh KDIR OUT [MAKE-ARGUMENT…]: sekimori.ko against the headers in KDIR, built in the folder OUT, with BTF of its own.
#   BTF_BASE         vmlinux of exactly that kernel (ELF or raw BTF); default: KDIR/vmlinux, else that of the running kernel when it is this one
#   RESOLVE_BTFIDS   default: KDIR's, else that of any installed linux-kbuild package (Debian's for 6.1 lacks it; that of 6.12 serves)
# Linux does the BTF by itself where the headers carry vmlinux and resolve_btfids (Debian from 6.12 on); else it is done here, and
# nothing is written into KDIR.
set -u
[ $# -ge 2 ] || { sed -n '3,8s/^# //p' "$0"; exit 2; }
kdir=$(realpath "$1") out=$2
shift 2
top=$(realpath "$(dirname "$0")/..")
[ -e "$kdir/Makefile" ] || { echo "kmod: $kdir has no kernel headers (Debian: apt-get install linux-headers-amd64 pahole)" >&2; exit 1; }
release=$(cat "$kdir/include/config/kernel.release" 2>/dev/null)

# A farm of links: the kernel's build writes beside its sources.
mkdir -p "$out" || exit 1
out=$(realpath "$out")
find "$out" -xtype l -delete
mkdir -p "$out/include" && cp -rsf "$top/Kbuild" "$top/kmod" "$out/" && cp -rsf "$top/include/sekimori" "$out/include/" || exit 1
version=$(cat "$top/kmod/VERSION")

if [ -z "${PAHOLE-}" ]; then
	PAHOLE=pahole
	command -v pahole >/dev/null || { echo "kmod: pahole is missing, without which no program can call the module (Debian: apt-get install pahole)" >&2; exit 1; }
fi
make -s -C "$kdir" M="$out" SEKI_VERSION="$version" "$@" modules >"$out/log" 2>&1
rc=$?
# What is done below replaces it.
grep -vE 'Skipping BTF generation|^$' "$out/log" >&2
[ $rc = 0 ] || exit 1

has_btf() { readelf -SW "$1" | grep -q ' \.BTF '; }
if [ -z "${BTF_BASE-}" ]; then
	BTF_BASE=$kdir/vmlinux
	[ -e "$BTF_BASE" ] || [ "$release" != "$(uname -r)" ] || BTF_BASE=/sys/kernel/btf/vmlinux
fi
if [ -z "${RESOLVE_BTFIDS-}" ]; then
	for RESOLVE_BTFIDS in "$kdir"/tools/bpf/resolve_btfids/resolve_btfids /usr/lib/linux-kbuild-*/tools/bpf/resolve_btfids/resolve_btfids; do
		[ ! -x "$RESOLVE_BTFIDS" ] || break
	done
fi
for module in "$out"/*.ko; do
	has_btf "$module" && continue
	[ -e "$BTF_BASE" ] || { echo "kmod: no BTF of kernel ${release:-?} to build upon: set BTF_BASE to its vmlinux" >&2; exit 1; }
	[ -x "$RESOLVE_BTFIDS" ] || { echo "kmod: no resolve_btfids: set RESOLVE_BTFIDS (Debian: apt-get install linux-kbuild-6.12)" >&2; exit 1; }
	LLVM_OBJCOPY=objcopy "$PAHOLE" -J --btf_gen_floats --lang_exclude=rust --btf_base "$BTF_BASE" "$module" &&
		"$RESOLVE_BTFIDS" -b "$BTF_BASE" "$module" && has_btf "$module" || exit 1
done
