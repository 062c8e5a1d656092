#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""extract_vmlinux.py VMLINUZ OUT: the uncompressed kernel out of a bzImage.

The payload is located by the boot protocol header (Documentation/arch/x86/boot.rst), no scanning for magic numbers.
"""
import struct
import subprocess
import sys

UNPACK = {b"\x28\xb5\x2f\xfd": ["zstd", "-dcq"], b"\x02\x21\x4c\x18": ["lz4", "-dc"], b"\xfd7zX": ["xz", "-dc"], b"\x1f\x8b": ["gzip", "-dc"]}

image = open(sys.argv[1], "rb").read()
if image[0x202:0x206] != b"HdrS":
    sys.exit(f"{sys.argv[1]}: not a bzImage")
offset, length = struct.unpack_from("<II", image, 0x248)
start = ((image[0x1F1] or 4) + 1) * 512 + offset
payload = image[start:start + length]
for magic, command in UNPACK.items():
    if payload.startswith(magic):
        # lz4 and xz end with the unpacked size appended: exit codes for that trailer are of no interest.
        out = subprocess.run(command, input=payload, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False).stdout
        break
else:
    sys.exit(f"{sys.argv[1]}: unknown compression {payload[:4].hex()}")
if out[:4] != b"\x7fELF":
    sys.exit(f"{sys.argv[1]}: the payload is no ELF")
open(sys.argv[2], "wb").write(out)
