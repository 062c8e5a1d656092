#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Boots Debian's kernels under QEMU (software emulation), all at once, and runs selftests/vm/init.sh in each.
# run.sh [SERIES…], default "6.1 6.12"; VM_PARTS=prog,kmod,… runs those parts only (part_*.sh), which is for working on one of them.
# Kernels are fetched once into build/vm/; the last line is
# "N passed, N failed, N skipped".
set -u
cd "$(dirname "$0")/../.." || exit 1
work=$PWD/build/vm
# What is built below has no part in the caller's job server.
unset MAKEFLAGS MFLAGS
mkdir -p "$work/static"
rm -f "$work"/static/*.rc
# KVM may open and still never run a guest: always emulate.
# One thread emulates both processors: with one each, a processor may run the breakpoint that the kernel's code patching (static keys) has
# already taken out again, under traffic on both: "Oops: int3" on 6.12, an endless trap on 6.1.
append="console=ttyS0 quiet panic=-1 oops=panic mitigations=off rcupdate.rcu_expedited=1 log_buf_len=4M"
# Each kernel is booted once for the packet programs, and once for what runs with the module: there slub_debug finds overruns and use
# after free, which makes the verifier, thousands of small allocations a program, three times slower.
declare -A parts=([module]=inline,egress,kmod,product,vlan [packets]=prog) more=([module]=slub_debug=FZPU)

# The module for a series; its log goes to the run's.
build_module() { # series
	local dir=$work/$1
	BTF_BASE=$dir/vmlinux RESOLVE_BTFIDS=$dir/resolve_btfids kmod/build.sh "$dir/headers" "$dir/kmod" SEKI_TEST=m &&
		build_other "$1" older -1 && build_other "$1" newer +1
}

# The module as it was, or will be: with another number of its kfuncs' interface.
build_other() { # series, name, difference
	local dir=$work/$1 other=$work/$1/$2 abi
	abi=$(($(sed -n 's/^#define SEKI_KFUNC_ABI //p' include/sekimori/kfunc.h) $3))
	mkdir -p "$other" && cp -ru Kbuild kmod include "$other/" &&
		sed "s/^#define SEKI_KFUNC_ABI .*/#define SEKI_KFUNC_ABI $abi/" include/sekimori/kfunc.h >"$other/include/sekimori/kfunc.h" &&
		BTF_BASE=$dir/vmlinux RESOLVE_BTFIDS=$dir/resolve_btfids "$other/kmod/build.sh" "$dir/headers" "$other/built"
}

# Copies programs, and the libraries that ldd names.
put() { # root file…
	local root=$1 file lib
	shift
	for file in "$@"; do
		install -D "$file" "$root$file"
		for lib in $(ldd "$file" 2>/dev/null | grep -oE '/[^ )]+'); do
			[ -e "$root$lib" ] || install -D "$(readlink -f "$lib")" "$root$lib"
		done
	done
}

make_initramfs() { # series
	local root=$work/$1/root module name test order=10
	rm -rf "$root"
	mkdir -p "$root"/{bin,sbin,proc,sys,dev,tmp,run,etc,root,var/lib,modules,sekimori/prog,sekimori/kmodtest,sekimori/vm,sekimori/selftests/baseline}
	put "$root" /bin/busybox /usr/bin/dash /bin/kmod /sbin/ip /sbin/tc /usr/sbin/bpftool /usr/sbin/ethtool
	# Busybox' own shell prefers its applets whatever PATH says: the scripts need iproute2.
	ln -sf /usr/bin/dash "$root/bin/sh"
	for name in awk cat chmod cp cut date dmesg env false grep head hostname id kill ls mkdir mktemp mount nc ping printf ps rm \
		sed seq sleep sort tail test timeout touch tr true umount uname wc; do
		ln -sf /bin/busybox "$root/bin/$name"
	done
	for name in insmod rmmod modprobe depmod lsmod modinfo; do
		ln -sf /bin/kmod "$root/sbin/$name"
	done
	# In loading order, what others need first; what a series has built in or lacks is no file.
	for name in veth sch_ingress cls_bpf llc stp garp mrp 8021q bridge tls bonding macvlan tunnel4 ip_tunnel ipip gre ip_gre udp_tunnel \
		ip6_udp_tunnel vxlan nfnetlink libcrc32c nf_tables; do
		module=$(find "$work/$1"/{lib,usr/lib}/modules -name "$name.ko*" 2>/dev/null | head -1)
		order=$((order + 1))
		case $module in
		*.xz) xz -dc "$module" >"$root/modules/$order-$name.ko" ;;
		?*) cp "$module" "$root/modules/$order-$name.ko" ;;
		esac
	done
	gcc -O1 -static -o "$root/sbin/vmexit" selftests/vm/exit.c || return 1
	gcc -D_GNU_SOURCE -O1 -static -o "$root/sbin/wire" selftests/vm/wire.c || return 1
	cp build/sekimori.bpf.o build/sekimori-family.bpf.o build/sekimori-kmod.bpf.o "$root/sekimori/"
	cp "$work/$1"/kmod/*.ko "$root/sekimori/"
	for name in older newer; do
		cp "$work/$1/$name/built/sekimori.ko" "$root/sekimori/sekimori-$name.ko" || return 1
	done
	objcopy --remove-section .BTF "$root/sekimori/sekimori.ko" "$root/sekimori/sekimori-nobtf.ko" || return 1
	put "$root" "$PWD"/build/sekimori{,-tools,d}
	mv "$root$PWD"/build/sekimori{,-tools,d} "$root/sekimori/"
	for test in build/prog/* build/kmodtest/*; do
		[ -f "$test" ] && [ -x "$test" ] || continue
		case $test in */messages) continue ;; esac # plays the kernel itself
		put "$root" "$PWD/$test"
		mv "$root$PWD/$test" "$root/sekimori/$(basename "$(dirname "$test")")/"
	done
	cp build/kmodtest/*.bpf.o "$root/sekimori/kmodtest/"
	cp build/prog/*.bpf.o "$root/sekimori/prog/"
	cp selftests/vm/part_*.sh selftests/vm/splats.txt "$root/sekimori/vm/"
	selftests/vm/talks.py >"$root/sekimori/vm/talks.txt" || return 1
	cp -r rules "$root/sekimori/"
	cp selftests/baseline/* "$root/sekimori/selftests/baseline/"
	printf 'root:x:0:0::/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n' >"$root/etc/passwd"
	printf 'root:x:0:\nnogroup:x:65534:\n' >"$root/etc/group"
	install -m 755 selftests/vm/init.sh "$root/init"
	(cd "$root" && find . | cpio -o -H newc --quiet) >"$work/$1/initramfs.cpio"
}

boot() { # series, parts, more for the kernel's command line, log; returns the guest's own code, or 98
	local rc log=$4 limit=${VM_TIMEOUT:-1500} kernel=$work/$1/vmlinux
	[ ! -e "$work/$1/bzImage" ] || kernel=$work/$1/bzImage
	# Its checkers take five times as long.
	[ "$1" != debug ] || limit=$((limit * 4))
	timeout "$limit" qemu-system-x86_64 -accel tcg,thread=single -machine q35 -cpu max,-smap,-smep,-la57 -smp "${VM_SMP:-2}" -m "${VM_MEM:-2048}" \
		-nodefaults -no-user-config -no-reboot -display none -serial stdio \
		-device isa-debug-exit,iobase=0x501,iosize=2 -kernel "$kernel" -initrd "$work/$1/initramfs.cpio" \
		-append "seki.parts=$2 $append $3" </dev/null >"$log" 2>&1 &
	# shellcheck disable=SC2064 # this very process, now
	trap "kill $!; exit 1" TERM
	wait $!
	rc=$?
	if [ $((rc & 1)) = 1 ] && [ $rc -ge 65 ] && [ $rc -le 95 ]; then
		return $(((rc - 65) >> 1))
	fi
	case $rc in
	0) echo "# the VM ended without a verdict (panic?)" >>"$log" ;;
	124) echo "# the VM hung" >>"$log" ;;
	*) echo "# qemu failed with $rc" >>"$log" ;;
	esac
	return 98
}

# Of a boot's parts those that the caller wants.
wanted() { # parts
	local part
	for part in ${1//,/ }; do
		case ,${VM_PARTS:-$1}, in *,"$part",*) printf '%s,' "$part" ;; esac
	done | sed 's/,$//'
}

# One boot; its code goes to $work/SERIES/BOOT.rc.
run_boot() { # series, boot, parts
	local code log=$work/$1/$2.log
	boot "$1" "$3" "${more[$2]-}" "$log"
	code=$?
	# A machine that never reached init says nothing about us: once more.
	if [ $code = 98 ] && ! grep -qa '## boot' "$log"; then
		boot "$1" "$3" "${more[$2]-}" "$log"
		code=$?
	fi
	echo $code >"$work/$1/$2.rc"
}

# Both boots beside each other, since either waits about half of its time; one after the other where memory is short.
run_series() { # series
	local rc boot these boots=()
	build_module "$1" && make_initramfs "$1"
	rc=$?
	trap 'kill "${boots[@]}" 2>/dev/null; exit 1' TERM
	for boot in module packets; do
		these=$(wanted "${parts[$boot]}")
		[ -n "$these" ] || continue
		if [ $rc != 0 ]; then
			echo "# the guest could not be made" >"$work/$1/$boot.log"
			echo $rc >"$work/$1/$boot.rc"
			continue
		fi
		run_boot "$1" "$boot" "$these" &
		boots+=($!)
		[ "$beside" = 1 ] || wait $!
	done
	wait "${boots[@]}"
}

# Four guests of two gigabytes each.
beside=0
[ "$(sed -n 's/^MemAvailable: *\([0-9]*\) .*/\1/p' /proc/meminfo)" -lt 12000000 ] || beside=1

passed=0 failed=0 skipped=0
count() { grep -acE "$1" "$log"; }
report() { # name, log, file with its code
	local log=$2.txt rc ok bad skip
	rc=$(cat "$3")
	tr -d '\r' <"$2" >"$log"
	skip=$(count '^ok [0-9]+ .*# SKIP')
	ok=$(($(count '^ok [0-9]+ ') - skip))
	bad=$(count '^not ok [0-9]+ ')
	# The verdict is the guest's exit code; lines on the console can be torn by kernel messages.
	[ "$rc" = 0 ] || [ "$bad" -gt 0 ] || bad=1
	[ "$ok" -gt 0 ] || bad=$((bad + 1))
	grep -aE '^## boot' "$log"
	grep -aE '^ok [0-9]+ .*# SKIP' "$log" | sed 's/^/    /'
	if [ "$bad" -gt 0 ]; then
		echo "vm/$1: its end, with code $rc:"
		grep -aE '^(not ok|#)' "$log" | tail -60 | sed 's/^/    /'
		tail -20 "$log" | sed 's/^/    /'
	fi
	printf 'vm/%-16s %4d ok %3d failed %3d skipped\n' "$1" "$ok" "$bad" "$skip"
	passed=$((passed + ok)) failed=$((failed + bad)) skipped=$((skipped + skip))
}

[ $# -gt 0 ] || set -- 6.1 6.12
started=() workers=()
trap 'kill "${workers[@]}" 2>/dev/null' EXIT
trap 'exit 1' INT TERM
for series in "$@"; do
	selftests/vm/kernel.sh "$series"
	case $? in
	0)
		rm -f "$work/$series"/*.rc "$work/$series"/*.log
		run_series "$series" &
		workers+=($!) started+=("$series")
		;;
	1)
		echo "vm/$series: # SKIP no kernel image of this series can be fetched"
		skipped=$((skipped + 1))
		;;
	*) failed=$((failed + 1)) ;;
	esac
done
# What reads the module instead of running it; after the guests, since it builds in their folders.
if [ -z "${VM_PARTS-}" ] && [ ${#started[@]} -gt 0 ]; then
	wait "${workers[@]}"
	selftests/vm/static.sh "${started[@]}" >"$work/static/static.log" 2>&1
	echo $? >"$work/static/static.rc"
fi
wait "${workers[@]}"
for series in "${started[@]}"; do
	for boot in module packets; do
		[ ! -e "$work/$series/$boot.rc" ] || report "$series/$boot" "$work/$series/$boot.log" "$work/$series/$boot.rc"
	done
done
[ ! -e "$work/static/static.rc" ] || report static "$work/static/static.log" "$work/static/static.rc"
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ] && [ $passed -gt 0 ]
