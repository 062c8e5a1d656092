#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Stack along every chain of calls of a BPF object: check-stack.py OBJECT...

Every kernel before 6.13 allows 512 bytes along a chain, each frame rounded up to 32 (check_max_stack_depth() of kernel/bpf/verifier.c). Newer
ones are kinder to what their compiler translates, so that a frame too large is not seen on them. Exit code 1: a chain is deeper."""
import re
import subprocess
import sys

LIMIT = 512
ROUND = 32


class Function:
    def __init__(self, name):
        self.name = name
        self.stack = 1
        self.calls = set()

    def frame(self):
        return -(-self.stack // ROUND) * ROUND


def functions(path):
    """Name to Function; calls to static ones, which are told by their place in .text, by (section, instruction) resolved to names."""
    text = subprocess.run(["llvm-objdump", "-d", "-r", "--no-show-raw-insn", path], capture_output=True, text=True, check=True).stdout
    found, places, waiting = {}, {}, []
    section, current, imm = None, None, 0
    for line in text.splitlines():
        if match := re.match(r"Disassembly of section (\S+):", line):
            section = match[1]
        elif match := re.match(r"([0-9a-f]+) <([^>]+)>:", line):
            if not match[2].startswith("LBB"):
                current = found.setdefault(match[2], Function(match[2]))
                places[section, int(match[1], 16) // 8] = match[2]
        elif match := re.search(r"R_BPF_64_32\s+(\S+)", line):
            waiting.append((current, match[1], imm + 1))
        elif match := re.search(r"R_BPF_64_64\s+(\.text)$", line):
            waiting.append((current, match[1], imm // 8))
        else:
            if match := re.search(r"r10 - (0x[0-9a-f]+|\d+)|r\d+ \+= -(0x[0-9a-f]+|\d+)$", line):
                depth = int(match[1] or match[2], 0)
                if depth <= LIMIT:
                    current.stack = max(current.stack, depth)
            if match := re.search(r"call (-?\d+)$|r\d+ = (-?\d+) ll$", line):
                imm = int(match[1] or match[2])
    for function, target, index in waiting:
        name = places.get((target, index), target)
        if name in found:
            function.calls.add(name)
    return found


def deepest(found, name):
    """The chain from a function with the largest sum of frames. The verifier refuses recursion."""
    below = max((deepest(found, call) for call in found[name].calls), key=lambda chain: chain[0], default=(0, []))
    return found[name].frame() + below[0], [name, *below[1]]


def main():
    failed = False
    for path in sys.argv[1:]:
        found = functions(path)
        total, chain = max(deepest(found, name) for name in found)
        print(f"# {path}: {total} of {LIMIT} bytes: " + ", ".join(f"{name} {found[name].stack}" for name in chain))
        failed |= total > LIMIT
    sys.exit(failed)


main()
