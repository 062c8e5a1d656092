#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Installs what Debian 12 lacks for a purpose: install-deps.sh build|run|check|vm|vm-debug|bench
# One row per thing that must exist; its package is installed only when it does not. An MTA is never replaced by another one.
set -eu

arch=$(uname -m)-linux-gnu
# purpose  file that proves it is there      package
rows="
build  /usr/bin/gcc                          gcc
build  /usr/bin/pkg-config                   pkg-config
build  /usr/bin/clang                        clang
build  /usr/bin/llvm-strip                   llvm
build  /usr/include/bpf/libbpf.h             libbpf-dev
build  /usr/include/$arch/asm/types.h        linux-libc-dev
build  /usr/include/nftables/libnftables.h   libnftables-dev
build  /usr/include/libelf.h                 libelf-dev
build  /usr/include/zlib.h                   zlib1g-dev
build  /usr/include/brotli/decode.h          libbrotli-dev
build  /usr/include/hs/hs.h                  libvectorscan-dev
build  /usr/include/pcre2.h                  libpcre2-dev
build  /usr/include/jansson.h                libjansson-dev
build  /usr/include/expat.h                  libexpat1-dev
build  /usr/include/nettle/sha2.h            nettle-dev
build  /usr/include/libpsl.h                 libpsl-dev
build  /usr/include/magic.h                  libmagic-dev
build  /usr/include/pcap/pcap.h              libpcap-dev
build  /usr/include/sqlite3.h                libsqlite3-dev
build  /usr/include/postgresql/libpq-fe.h    libpq-dev
build  /usr/include/$arch/curl/curl.h       libcurl4-gnutls-dev
build  /usr/include/microhttpd.h              libmicrohttpd-dev
build  /usr/include/gnutls/gnutls.h          libgnutls28-dev
build  /usr/include/sodium.h                  libsodium-dev
build  /usr/include/seccomp.h                libseccomp-dev
build  /usr/include/sys/capability.h         libcap-dev
run    /usr/bin/ip                           iproute2
run    /usr/bin/python3                      python3-minimal
run    /usr/bin/curl                         curl
run    /usr/bin/openssl                      openssl
run    /usr/sbin/nginx                       nginx-light
run    /usr/sbin/dnsmasq                     dnsmasq-base
run    /usr/lib/python3/dist-packages/aiosmtpd/main.py python3-aiosmtpd
run    /usr/bin/ping                         iputils-ping
check  /usr/bin/clang-format                 clang-format
check  /usr/lib/llvm-14/lib/clang/14.0.6/lib/linux/libclang_rt.fuzzer-x86_64.a libclang-rt-14-dev
check  /usr/sbin/ethtool                     ethtool
check  /usr/bin/tcpdump                      tcpdump
check  /usr/bin/jq                           jq
check  /usr/bin/groff                        groff-base
check  /usr/sbin/vsftpd                      vsftpd
check  /usr/sbin/unbound                     unbound
check  /usr/bin/nc.openbsd                   netcat-openbsd
check  /usr/sbin/chronyd                     chrony
check  /usr/bin/dig                          bind9-dnsutils
check  /usr/bin/lftp                         lftp
check  /usr/sbin/sendmail                    exim4-daemon-light
check  /usr/sbin/nft                         nftables
check  /usr/bin/chromium                     chromium
check  /usr/share/fonts/opentype/ipafont-gothic/ipag.ttf fonts-ipafont-gothic
check  /usr/sbin/ipset                       ipset
check  /usr/bin/strace                       strace
check  /usr/lib/postgresql/15/bin/postgres   postgresql-15
build  /usr/include/libnl3/netlink/genl/genl.h libnl-genl-3-dev
vm     /usr/bin/gcc-12                       gcc-12
vm     /usr/bin/make                         make
vm     /usr/bin/pahole                       pahole
vm     /usr/bin/sparse                       sparse
vm     /usr/bin/spatch                       coccinelle
vm     /usr/sbin/dkms                        dkms
vm     /bin/kmod                             kmod
vm     /usr/bin/perl                         perl
vm-debug /usr/bin/flex                       flex
vm-debug /usr/bin/bison                      bison
vm-debug /usr/bin/bc                         bc
vm-debug /usr/include/openssl/ssl.h          libssl-dev
vm     /usr/bin/qemu-system-x86_64           qemu-system-x86
vm     /bin/busybox                          busybox-static
vm     /usr/bin/cpio                         cpio
vm     /usr/bin/dash                         dash
vm     /usr/bin/zstd                         zstd
vm     /usr/bin/lz4                          lz4
vm     /usr/bin/xz                           xz-utils
vm     /usr/sbin/bpftool                     bpftool
bench  /usr/sbin/xdp-filter                  xdp-tools
bench  /usr/sbin/nft                         nftables
bench  /usr/sbin/ipset                       ipset
bench  /usr/sbin/iptables                    iptables
"
# A purpose needs the ones before it.
case ${1-} in
build) wanted="build" ;;
run) wanted="build run" ;;
check) wanted="build run check" ;;
vm) wanted="build run check vm" ;;
vm-debug) wanted="build run check vm vm-debug" ;;
bench) wanted="build run check bench" ;;
*)
	echo "usage: install-deps.sh build|run|check|vm|vm-debug|bench" >&2
	exit 2
	;;
esac

missing=$(echo "$rows" | while read -r purpose file package; do
	case " $wanted " in
	*" $purpose "*) [ -e "$file" ] || echo "$package" ;;
	esac
done | sort -u | tr '\n' ' ')
[ -n "${missing// /}" ] || exit 0

echo "Missing on this machine: $missing"
if ! command -v apt-get >/dev/null; then
	echo "This is no Debian system: install these (or their equivalents) and run make again." >&2
	exit 1
fi
root=
if [ "$(id -u)" != 0 ]; then
	command -v sudo >/dev/null || {
		echo "Run this as root once: apt-get install $missing" >&2
		exit 1
	}
	echo "Installing them needs root once:"
	root=sudo
fi

# Servers among the packages must not start on the host: the lab runs its own.
policy=/usr/sbin/policy-rc.d
made_policy=
if [ ! -e $policy ]; then
	printf '#!/bin/sh\nexit 101\n' | $root tee $policy >/dev/null
	$root chmod 755 $policy
	made_policy=1
fi
finish() { [ -z "$made_policy" ] || $root rm -f $policy; }
trap finish EXIT
log=$(mktemp)
install() {
	# shellcheck disable=SC2086 # the list is meant to split
	$root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing >"$log" 2>&1
}
if ! install; then
	$root apt-get update >>"$log" 2>&1 || true
	if ! install; then
		tail -5 "$log" >&2
		echo "Could not install: $missing (is the package source reachable? whole output: $log)" >&2
		exit 1
	fi
fi
rm -f "$log"
echo "Installed: $missing"
