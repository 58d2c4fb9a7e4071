"""What the samples say: figures, a table in Markdown, the limits.

Not here: taking samples (cells.py), the picture (chart.py).
"""

from dataclasses import dataclass
from statistics import median
from typing import Callable

import cells
from relays import BOUND, NONE, OURS, REQUIRED


@dataclass(frozen=True)
class Figure:
    """A number that is made of a sample, and how it is told."""

    unit: str
    value: Callable  # of a sample
    smaller_is_better: bool = True
    of_relay: bool = True  # so there is none without a relay
    needs: str = ""  # what not every sample has


def cpu_per_gb(sample):
    return sample["cpu"] / sample["bytes"] * 1e9


def charged_per_gb(sample):
    return sample["charged"] / sample["bytes"] * 1e9


def whole_per_gb(sample):
    return ((sample["cpu"] + sample["client_cpu"] + sample["server_cpu"]) /
            sample["bytes"] * 1e9)


def cpu_per_message(sample):
    return sample["cpu"] / sample["messages"] * 1e6


def rate_of_bytes(sample):
    return sample["bytes"] / sample["seconds"] / 1e9


def rate_of_messages(sample):
    return sample["messages"] / sample["seconds"]


def per_connection(sample):
    return (sample["full"] - sample["empty"]) / max(sample["held"], 1)


CPU_GB = Figure("CPU s/GB", cpu_per_gb)
CHARGED_GB = Figure("charged CPU s/GB", charged_per_gb, needs="charged")
WHOLE_GB = Figure("CPU s/GB, load included", whole_per_gb, True, False)
GB_S = Figure("GB/s", rate_of_bytes, False, False)
TRIP = Figure("CPU µs/trip", cpu_per_message)
TRIPS = Figure("trips/s", rate_of_messages, False, False)
CONNECTION = Figure("CPU µs/connection", cpu_per_message)
CONNECTIONS = Figure("connections/s", rate_of_messages, False, False)
IDLE = Figure("PSS bytes/connection", per_connection)
EMPTY = Figure("PSS empty, kB", lambda s: s["empty"] / 1000)
START = Figure("exec to first byte, ms", lambda s: s["seconds"] * 1000)


def number(value):
    if value >= 1000:
        return f"{value:,.0f}"
    if value >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.3f}"


class Results:
    """All samples of a run, as they are stored."""

    def __init__(self, data):
        self.data = data
        self.relays = data["relays"]
        self.samples = data["samples"]

    def of(self, cell, relay, needs=""):
        """The samples that succeeded, and have this."""
        found = self.samples.get(cell.key, {}).get(relay, [])
        return [sample for sample in found if "error" not in sample and
                (not needs or needs in sample)]

    def values(self, cell, relay, figure):
        if figure.of_relay and self.kind(relay) == "none":
            return []
        if cell.kind == "start":
            return [figure.value({"seconds": seconds})
                    for sample in self.of(cell, relay)
                    for seconds in sample["seconds"]]
        return [figure.value(sample)
                for sample in self.of(cell, relay, figure.needs)]

    def median(self, cell, relay, figure):
        values = self.values(cell, relay, figure)
        return median(values) if values else None

    def kind(self, relay):
        return self.relays[relay]["kind"]

    def ratio(self, cell, relay, figure):
        """Ours by another's: the median over the rounds, in each of which the
        machine was the same for both; or None."""
        if figure.of_relay and self.kind(relay) == "none":
            return None
        others = {sample["round"]: sample
                  for sample in self.of(cell, relay, figure.needs)}
        found = []
        for sample in self.of(cell, OURS):
            if sample["round"] in others:
                ours, other = (figure.value(
                    {"seconds": median(sample["seconds"])}
                    if cell.kind == "start" else sample)
                    for sample in (sample, others[sample["round"]]))
                found.append(ours / other)
        return median(found) if found else None

    def best_peer(self, cell, figure):
        """Name of the best of the others, and our ratio to it."""
        found = [(value, relay) for relay in self.relays
                 if self.kind(relay) == "peer" and
                 (value := self.ratio(cell, relay, figure)) is not None]
        if not found:
            return None, None
        value, relay = (max if figure.smaller_is_better else min)(found)
        return relay, value

    def load_is_limit(self, cell, relay):
        """One of the load's processes is busy all the time, unlike the
        relay."""
        samples = self.of(cell, relay)
        if cell.core or not samples or "cpu" not in samples[0]:
            return False
        busy = median(max(s["client_cpu"], s["server_cpu"]) / s["seconds"]
                      for s in samples)
        relay_busy = median(s["cpu"] / s["seconds"] for s in samples)
        return busy > 0.95 > relay_busy


def cell_text(results, cell, relay, figure):
    values = results.values(cell, relay, figure)
    if not values:
        samples = results.samples.get(cell.key, {}).get(relay, [])
        return "failed" if any("error" in s for s in samples) else ""
    text = number(median(values))
    if len(values) > 1:
        text += f" ({number(min(values))}–{number(max(values))})"
    if results.load_is_limit(cell, relay):
        text += " \\*"
    return text


def ratio_rows(results, columns):
    """Ours by the best peer, by the bound and by none."""
    def row(label, ratio):
        values = [ratio(cell, figure) for cell, figure, _ in columns]
        fields = [f"{value:.2f}" if value else "" for value in values]
        return [label, *fields] if any(fields) else None

    def against(name):
        if name not in results.relays:
            return lambda cell, figure: None
        return lambda cell, figure: results.ratio(cell, name, figure)

    rows = [
        row("ours / best peer", lambda c, f: results.best_peer(c, f)[1]),
        row("ours / bound", against(BOUND)),
        row("ours / none", against(NONE)),
    ]
    return [r for r in rows if r]


def table(title, results, columns):
    """columns: (cell, figure, heading)."""
    present = [c for c in columns if c[0].key in results.samples]
    if not present:
        return ""
    rows = [["", *(heading for _, _, heading in present)]]
    for relay in results.relays:
        fields = [cell_text(results, cell, relay, figure)
                  for cell, figure, _ in present]
        if any(fields):
            rows.append([relay, *fields])
    rows += ratio_rows(results, present)
    lines = [f"### {title}", ""]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    lines.insert(3, "|---" + "|---:" * len(present) + "|")
    return "\n".join(lines) + "\n"


def heading(cell):
    return f"{cell.listen} {cell.direction} {cell.connections}"


def bulk_columns(figure, core):
    return [(cell, figure, heading(cell)) for cell in cells.BULK
            if cell.core == core]


def side(items, cost, rate):
    """First what it costs, then how fast it is."""
    return [(cell, cost if cell.core else rate,
             f"{cell.listen} {cell.connections}, "
             f"{(cost if cell.core else rate).unit}") for cell in items]


def idle_columns():
    idle, start = cells.IDLE[0], cells.START[0]
    held = Figure("connections held", lambda s: s["held"], False)
    return [(idle, f, f.unit) for f in (held, IDLE, EMPTY)] + [
        (start, START, START.unit)]


def two_columns():
    return [(cell, GB_S if cell.kind == "bulk" else CONNECTIONS,
             f"{heading(cell)}, GB/s" if cell.kind == "bulk" else
             f"{cell.listen}, connections/s") for cell in cells.TWO]


def errors(results):
    lines = [f"- {cell}, {relay}: {sample['error'].strip()}"
             for cell, relays in results.samples.items()
             for relay, samples in relays.items()
             for sample in samples if "error" in sample]
    if not lines:
        return ""
    return "\n".join(["### Failed", "", *sorted(set(lines))]) + "\n"


def markdown(results):
    data = results.data
    machine = data["machine"]
    versions = "; ".join(sorted({
        relay["version"] for relay in results.relays.values()
        if relay["version"]}))
    parts = [
        f"{data['date']}, {machine['cpu']}, {machine['cores']} cores, "
        f"Linux {machine['kernel']}, TCP {machine['congestion']}, rounds: "
        f"{data['rounds']}. Median "
        "(least–most). \\* the load generator is the limit.\n"
        f"\n{versions}\n",
        table("Bulk: CPU seconds per GB of the relay, on one core", results,
              bulk_columns(CPU_GB, True)),
        table("Bulk: CPU seconds per GB that the scheduler charges to the "
              "relay, on one core", results, bulk_columns(CHARGED_GB, True)),
        table("Bulk: CPU seconds per GB of the relay and the load, on one "
              "core", results, bulk_columns(WHOLE_GB, True)),
        table("Bulk: GB/s on all cores", results, bulk_columns(GB_S, False)),
        table("Ping-pong: 64 bytes and back", results,
              side(cells.PING_PONG, TRIP, TRIPS)),
        table("Connections: connect, 64 bytes and back, close", results,
              side(cells.CONNECT, CONNECTION, CONNECTIONS)),
        table("Idle, and start", results, idle_columns()),
        table("Two workers, all cores", results, two_columns()),
        errors(results),
    ]
    return "\n".join(part for part in parts if part)


def compared(results, cell, figure, factor, other):
    """Whether ours keeps a limit, and a line that says so."""
    if other == "peer":
        name, ratio = results.best_peer(cell, figure)
    else:
        name, ratio = other, results.ratio(cell, other, figure)
    if ratio is None:
        return False, f"{cell.key}: nothing to compare with"
    met = ratio <= factor if figure.smaller_is_better else ratio >= factor
    sign = "<=" if figure.smaller_is_better else ">="
    return met, (f"{cell.key}, {figure.unit}: {ratio:.3f} {sign} "
                 f"{factor:.2f} of {name}")


def below(results, cell, figure, limit, inclusive=False):
    ours = results.median(cell, OURS, figure)
    if ours is None:
        return False, f"{figure.unit}: not measured"
    met = ours <= limit if inclusive else ours < limit
    return met, (f"{figure.unit}: {number(ours)} "
                 f"{'<=' if inclusive else '<'} {number(limit)}")


def gaps(results):
    """Who has to be there and is not, and what failed of ours."""
    for relay in REQUIRED:
        if relay not in results.relays:
            yield f"{relay}: not measured"
    for cell, by_relay in results.samples.items():
        for sample in by_relay.get(OURS, []):
            if "error" in sample:
                yield f"{cell}: {sample['error'].strip()}"


def limits(results):
    """(met, line) of each limit, and of what keeps one from being judged."""
    found = [(False, line) for line in gaps(results)]
    for cell in cells.BULK:
        if cell.limited:
            found.append(compared(results, cell, CPU_GB, 1.0, "peer"))
            found.append(compared(results, cell, CPU_GB, 1.1, BOUND))
    for cell in cells.PING_PONG:
        if cell.limited:
            found.append(compared(results, cell, TRIP, 0.9, "peer"))
    for cell in cells.CONNECT:
        if cell.limited:
            found.append(compared(results, cell, CONNECTION, 0.9, "peer"))
    idle = cells.IDLE[0]
    held = all(s["held"] == s["wanted"] for s in results.of(idle, OURS))
    found.append((held, "idle: all connections held"))
    found.append(below(results, idle, IDLE, 256, True))
    found.append(below(results, idle, EMPTY, 1500))
    found.append(below(results, cells.START[0], START, 3))
    for cell in cells.TWO:
        figure = GB_S if cell.kind == "bulk" else CONNECTIONS
        for relay in results.relays:
            if relay.startswith("nginx"):
                found.append(compared(results, cell, figure, 1.0, relay))
    if not any(results.of(cell, OURS) for cell in cells.TWO):
        found.append((False, "two workers: not measured"))
    return found
