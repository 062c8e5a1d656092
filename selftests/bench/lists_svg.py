#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""lists_svg.py TSV SVG - the curves of `make bench-lists`: nanoseconds over entries, both logarithmic, a panel per list and verdict."""
import math
import re
import sys
from html import escape

SIZES = {"1k": 1e3, "100k": 1e5, "1m": 1e6, "10m": 1e7}
SHAPES = {"v4_hosts": "IPv4 hosts", "v4_mixed": "IPv4 mixed prefixes", "v4_clustered": "IPv4 hosts of few networks", "v6_mixed": "IPv6 mixed prefixes"}
# Fixed per peer, so that a colour means the same in each panel.
COLOURS = {
    "sekimori": "#d62728",
    "kernel HASH (hosts)": "#1f77b4",
    "kernel LPM_TRIE": "#2ca02c",
    "XDP, drop only": "#7f7f7f",
    "xdp-filter (hosts)": "#9467bd",
    "nftables, drop only": "#c7a76c",
    "nftables set (hosts)": "#ff7f0e",
    "nftables interval set": "#8c564b",
    "iptables, drop only": "#9edae5",
    "ipset hash:net": "#17becf",
}
METRIC = re.compile(r"lists\.(live_)?(v\d_[a-z]+)_(\d+[km])_(drop|clean)_(?:net_)?ns$")
WIDTH, HEIGHT, LEFT, TOP = 360, 250, 62, 40  # of a panel; its margins
GAP_X, GAP_Y, LEGEND = 24, 66, 70


def read(path):
    """{(live, shape, verdict): {peer: {entries: ns}}}"""
    panels = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            metric, ours, peer, name = line.rstrip("\n").split("\t")[:4]
            found = METRIC.match(metric)
            if not found:
                continue
            live, shape, size, verdict = found.groups()
            panel = panels.setdefault((bool(live), shape, verdict), {})
            panel.setdefault("sekimori", {})[SIZES[size]] = float(ours)
            if peer:
                panel.setdefault(name, {})[SIZES[size]] = float(peer)
    return panels


def text(x, y, what, anchor="middle", size=11, extra=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" {extra}>{escape(what)}</text>'


class Scale:
    """A logarithm between two decades (or halves of them) and a range of pixels."""

    def __init__(self, low, high, start, end):
        self.low, self.high = math.log10(low), math.log10(high)
        self.start, self.end = start, end

    def at(self, value):
        share = (math.log10(value) - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)


def ticks(low, high):
    for decade in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1):
        for step in (1, 2, 5):
            value = step * 10.0**decade
            if low * 0.999 <= value <= high * 1.001:
                yield value


def number(value):
    for unit, name in ((1e6, " M"), (1e3, " k")):
        if value >= unit:
            return f"{value / unit:g}{name}"
    return f"{value:g}"


def panel(key, lines, x, y):
    live, shape, verdict = key
    values = [max(ns, 1) for line in lines.values() for ns in line.values()]
    entries = sorted({at for line in lines.values() for at in line})
    low, high = min(values) / 1.3, max(values) * 1.3
    across = Scale(entries[0] / 1.6, entries[-1] * 1.6, x + LEFT, x + WIDTH)
    up = Scale(low, high, y + HEIGHT, y + TOP)
    title = f"{SHAPES[shape]}, {'listed' if verdict == 'drop' else 'clean'}" + (", frames over veth" if live else "")
    out = [text((across.start + across.end) / 2, y + TOP - 12, title, size=13, extra='font-weight="bold"')]
    for value in ticks(low, high):
        at = up.at(value)
        out.append(f'<line x1="{across.start}" x2="{across.end}" y1="{at:.1f}" y2="{at:.1f}" stroke="#e4e4e4"/>')
        out.append(text(across.start - 6, at + 4, number(value), "end"))
    for value in entries:
        at = across.at(value)
        out.append(f'<line x1="{at:.1f}" x2="{at:.1f}" y1="{up.end}" y2="{up.start}" stroke="#e4e4e4"/>')
        out.append(text(at, up.start + 16, number(value)))
    out.append(f'<rect x="{across.start}" y="{up.end}" width="{across.end - across.start}" height="{up.start - up.end}" fill="none" stroke="#888"/>')
    out.append(text((across.start + across.end) / 2, up.start + 34, "entries"))
    middle = (up.start + up.end) / 2
    what = "ns per frame" if live else "ns per look-up, net"
    out.append(text(x + 16, middle, what, extra=f'transform="rotate(-90 {x + 16} {middle:.1f})"'))
    for name, line in lines.items():
        points = [(across.at(at), up.at(max(ns, 1))) for at, ns in sorted(line.items())]
        colour, width = COLOURS.get(name, "#000"), 3 if name == "sekimori" else 1.6
        path = " ".join(f"{px:.1f},{py:.1f}" for px, py in points)
        out.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{width}"/>')
        out += [f'<circle cx="{px:.1f}" cy="{py:.1f}" r="{width + 0.8}" fill="{colour}"/>' for px, py in points]
    return out


def legend(names, width):
    out, x, y = [], 20, 50
    for name in names:
        out.append(f'<line x1="{x}" x2="{x + 22}" y1="{y - 4}" y2="{y - 4}" stroke="{COLOURS.get(name, "#000")}" stroke-width="4"/>')
        out.append(text(x + 28, y, name, "start", 12))
        x += 48 + 7 * len(name)
        if x > width - 180:
            x, y = 20, y + 18
    return out


def draw(panels):
    rows = sorted({(live, shape) for live, shape, _ in panels}, key=lambda r: (r[0], list(SHAPES).index(r[1])))
    per_line = 2  # rows of two panels, beside each other
    width = per_line * 2 * (WIDTH + GAP_X) + 20
    lines = math.ceil(len(rows) / per_line)
    height = LEGEND + lines * (HEIGHT + GAP_Y) + 10
    names = [name for name in COLOURS if any(name in lines_of for lines_of in panels.values())]
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" font-family="sans-serif">',
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
        text(20, 24, "What one look-up in the blacklist costs (medians of interleaved rounds, both axes logarithmic)", "start", 16),
    ]
    out += legend(names, width)
    for at, (live, shape) in enumerate(rows):
        for column, verdict in enumerate(("drop", "clean")):
            if (live, shape, verdict) in panels:
                x = 10 + (at % per_line * 2 + column) * (WIDTH + GAP_X)
                out += panel((live, shape, verdict), panels[live, shape, verdict], x, LEGEND + at // per_line * (HEIGHT + GAP_Y))
    return "\n".join(out + ["</svg>", ""])


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    panels = read(sys.argv[1])
    if not panels:
        sys.exit(f"lists_svg.py: {sys.argv[1]} has no row of lists")
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        file.write(draw(panels))


main()
