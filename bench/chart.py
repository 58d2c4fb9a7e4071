"""The picture for the README: horizontal bars, in SVG.

Not here: the figures (report.py).
"""

from statistics import mean
from xml.sax.saxutils import escape

import cells
import report

WIDTH, LABEL, BAR = 840, 190, 520  # pixels
ROW, TITLE, GAP = 20, 30, 14
LONGEST = 8  # times the shortest; what is longer is cut

# Readable on white and on black, whatever the viewer says of its colours.
STYLE = """\
text { font: 13px sans-serif; fill: #6e7781; }
.title { font-weight: bold; }
.ours { fill: #1a7f37; }
.bound { fill: #8c959f; }
.peer { fill: #0969da; }
@media (prefers-color-scheme: dark) {
  text { fill: #adbac7; }
  .ours { fill: #3fb950; }
  .bound { fill: #6e7681; }
  .peer { fill: #4493f8; }
}
"""


def panels():
    """(title, cells, figure)."""
    return [
        ("CPU seconds per GB, mean of 8 kinds of bulk",
         [c for c in cells.BULK if c.core], report.CPU_GB),
        ("CPU µs per 64-byte round trip, 256 connections",
         [c for c in cells.PING_PONG if c.core and c.connections > 1],
         report.TRIP),
        ("CPU µs per connection: connect, 64 bytes and back, close",
         [c for c in cells.CONNECT if c.core], report.CONNECTION),
        ("Memory (PSS) in bytes per idle connection", cells.IDLE,
         report.IDLE),
    ]


def bars(results, wanted, figure):
    """(relay, value) of all that have been in all of these cells."""
    found = []
    for relay in results.relays:
        values = [results.median(cell, relay, figure) for cell in wanted]
        if results.kind(relay) != "none" and None not in values:
            found.append((relay, mean(values)))
    return found


def draw_bar(y, kind, relay, value, scale):
    width = min(value * scale, BAR)
    cut = " »" if value * scale > BAR else ""
    weight = ' font-weight="bold"' if kind == "ours" else ""
    middle = y + ROW - 6
    return [
        f'<text x="{LABEL - 8}" y="{middle}" text-anchor="end"{weight}>'
        f'{escape(relay)}</text>',
        f'<rect class="{kind}" x="{LABEL}" y="{y + 2}" width="{width:.1f}" '
        f'height="{ROW - 5}"/>',
        f'<text x="{LABEL + width + 6:.1f}" y="{middle}"{weight}>'
        f'{report.number(value)}{cut}</text>',
    ]


def draw(results):
    """The whole picture."""
    lines = []
    y = GAP
    for title, wanted, figure in panels():
        found = bars(results, wanted, figure)
        if not found:
            continue
        lines.append(f'<text class="title" x="{LABEL}" y="{y + 16}">'
                     f'{escape(title)}</text>')
        y += TITLE
        values = [value for _, value in found if value > 0]
        longest = min(max(values), LONGEST * min(values)) if values else 1
        for relay, value in found:
            lines += draw_bar(y, results.kind(relay), relay, max(value, 0),
                              BAR / longest)
            y += ROW
        y += GAP
    data = results.data
    lines.append(f'<text x="{LABEL}" y="{y + 4}">' + escape(
        f"Less is better; » is cut. {data['machine']['cpu']}, "
        f"Linux {data['machine']['kernel']}, {data['date']}") + '</text>')
    y += TITLE - GAP
    head = (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" '
            f'height="{y}" viewBox="0 0 {WIDTH} {y}">\n'
            f'<style>\n{STYLE}</style>\n')
    return head + "\n".join(lines) + "\n</svg>\n"
