#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Boots Debian's kernels under QEMU (software emulation) and runs selftests/vm/init.sh in each.
# run.sh [SERIES…], default "6.1 6.12". Kernels are fetched once into build/vm/.
set -u
cd "$(dirname "$0")/../.." || exit 1
work=$PWD/build/vm
mkdir -p "$work"
# series, its header meta package: names the newest ABI the archive has
meta_6_1=linux-headers-cloud-amd64
meta_6_12=linux-headers-6.12-cloud-amd64
# KVM may open and still never run a guest: always emulate. slub_debug finds overruns and use after free.
append="console=ttyS0 quiet panic=-1 oops=panic mitigations=off rcupdate.rcu_expedited=1 slub_debug=FZPU"

fetch_kernel() { # series -> $work/series/{vmlinux,lib/modules}
	local series=$1 dir=$work/$1 meta abi
	[ -e "$dir/vmlinux" ] && return 0
	meta=meta_${series//./_}
	abi=$(apt-cache depends "${!meta}" 2>/dev/null | sed -n 's/.*Depends: linux-headers-\(.*-cloud-amd64\)$/\1/p' | head -1)
	if [ -z "$abi" ]; then
		apt-get update >/dev/null 2>&1
		abi=$(apt-cache depends "${!meta}" 2>/dev/null | sed -n 's/.*Depends: linux-headers-\(.*-cloud-amd64\)$/\1/p' | head -1)
	fi
	[ -n "$abi" ] || { echo "# no kernel package for $series"; return 1; }
	mkdir -p "$dir" && (cd "$dir" && apt-get download "linux-image-$abi" >/dev/null 2>&1 && dpkg -x linux-image-*.deb . && rm -f ./*.deb) || {
		echo "# cannot fetch linux-image-$abi"
		return 1
	}
	python3 selftests/vm/extract_vmlinux.py "$dir"/boot/vmlinuz-* "$dir/vmlinux"
}

# Copies programs and the libraries ldd names.
put() { # root file…
	local root=$1 file lib
	shift
	for file in "$@"; do
		install -D "$(readlink -f "$file")" "$root$file" 2>/dev/null || install -D "$file" "$root$file"
		for lib in $(ldd "$file" 2>/dev/null | grep -oE '/[^ )]+'); do
			[ -e "$root$lib" ] || install -D "$(readlink -f "$lib")" "$root$lib"
		done
	done
}

make_initramfs() { # series
	local series=$1 root=$work/$1/root module name
	rm -rf "$root"
	mkdir -p "$root"/{bin,sbin,proc,sys,dev,tmp,run,etc,root,var/lib,modules,sekimori/prog}
	put "$root" /bin/busybox /usr/bin/dash /sbin/ip /sbin/tc /usr/sbin/bpftool
	# busybox' own shell prefers its applets whatever PATH says: the scripts need iproute2.
	ln -sf /usr/bin/dash "$root/bin/sh"
	for name in mount umount mkdir cat ls grep sed sleep dmesg insmod ping id kill sort head tail cut tr wc rm touch chmod env test seq nc date mktemp uname true false printf ps timeout hostname; do
		ln -sf /bin/busybox "$root/bin/$name"
	done
	for name in veth sch_ingress cls_bpf; do
		module=$(find "$work/$series"/{lib,usr/lib}/modules -name "$name.ko*" 2>/dev/null | head -1)
		case $module in
		*.xz) xz -dc "$module" >"$root/modules/$name.ko" ;;
		?*) cp "$module" "$root/modules/" ;;
		esac
	done
	gcc -O1 -static -o "$root/sbin/vmexit" selftests/vm/exit.c
	cp build/sekimori.bpf.o build/sekimori build/sekimorid "$root/sekimori/"
	mkdir -p "$root/rules" && cp rules/*.rules rules/*.config rules/*.table rules/*.json "$root/rules/" 2>/dev/null
	put "$root" "$PWD/build/sekimori" "$PWD/build/sekimorid"
	local test
	for test in build/prog/*; do
		[ -f "$test" ] && [ -x "$test" ] || continue
		put "$root" "$PWD/$test"
		mv "$root$PWD/$test" "$root/sekimori/prog/"
	done
	rm -rf "$root$PWD"
	mkdir -p "$root/sekimori/selftests/baseline"
	cp selftests/baseline/* "$root/sekimori/selftests/baseline/" 2>/dev/null
	printf 'root:x:0:0::/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n' >"$root/etc/passwd"
	printf 'root:x:0:\nnogroup:x:65534:\n' >"$root/etc/group"
	install -m 755 selftests/vm/init.sh "$root/init"
	(cd "$root" && find . | cpio -o -H newc --quiet) >"$work/$series/initramfs.cpio"
}

boot() { # series
	local series=$1 rc log=$work/$1/log
	timeout "${VM_TIMEOUT:-900}" qemu-system-x86_64 -accel tcg -machine q35 -cpu max,-smap,-smep,-la57 -smp "${VM_SMP:-2}" -m "${VM_MEM:-1536}" \
		-nodefaults -no-user-config -no-reboot -display none -serial stdio \
		-device isa-debug-exit,iobase=0x501,iosize=2 -kernel "$work/$series/vmlinux" -initrd "$work/$series/initramfs.cpio" \
		-append "$append" </dev/null >"$log" 2>&1
	rc=$?
	if [ $((rc & 1)) = 1 ] && [ $rc -ge 65 ] && [ $rc -le 95 ]; then
		return $(((rc - 65) >> 1))
	fi
	case $rc in
	0) echo "# the VM ended without a verdict (panic?)" ;;
	124) echo "# the VM hung" ;;
	*) echo "# qemu failed with $rc" ;;
	esac
	return 98
}

failed=0 passed=0 skipped=0
for series in "${@:-6.1 6.12}"; do
	for one in $series; do
		if ! fetch_kernel "$one"; then
			echo "ok - vm/$one # SKIP no kernel image of the $one series can be fetched"
			skipped=$((skipped + 1))
			continue
		fi
		make_initramfs "$one"
		boot "$one"
		rc=$?
		# A machine that never reached init says nothing about us: once more.
		if [ $rc = 98 ] && ! grep -q '## boot' "$work/$one/log"; then
			boot "$one"
			rc=$?
		fi
		grep -aE '^(## |ok |not ok |# )' "$work/$one/log" | tr -d '\r'
		ok=$(grep -acE '^ok ' "$work/$one/log")
		passed=$((passed + ok))
		if [ $rc = 0 ] && [ "$ok" -gt 0 ]; then
			echo "vm/$one: passed ($ok cases)"
		else
			failed=$((failed + 1))
			echo "vm/$one: FAILED with $rc; last lines of its log:"
			tail -30 "$work/$one/log"
		fi
	done
done
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ] && [ $passed -gt 0 ]
