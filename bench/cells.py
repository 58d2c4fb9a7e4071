"""What is measured: each cell is one load on one kind of relay.

Not here: how it is measured (measure.py), what is told of it (report.py).
"""

import os
import time
from dataclasses import dataclass

from measure import (Client, CpuTime, Failed, SETTLE, client, echo,
                     exec_to_first_byte, pinned, scene)

CONNECT_TOGETHER = 32
TIMEOUT = 120  # seconds for a load


@dataclass(frozen=True)
class Sizes:
    """How much is asked for in a sample."""

    rounds: int
    bulk: int  # bytes
    trips: dict  # by the number of connections
    connections: int
    idle: int
    starts: int


FULL = Sizes(5, 600_000_000, {1: 4_000, 256: 60_000}, 4_000, 9_000, 9)
QUICK = Sizes(1, 100_000_000, {1: 1_000, 256: 5_000}, 400, 2_000, 3)


@dataclass(frozen=True)
class Cell:
    kind: str  # "bulk", "ping-pong", "connect", "idle" or "start"
    listen: str = "unix"
    direction: str = ""
    connections: int = 1
    core: bool = True  # all on one: what it costs; else how fast it is
    workers: int = 1

    @property
    def limited(self):
        """Whether there is a limit for it; see README.md."""
        if self.kind in ("idle", "start") or self.workers > 1:
            return True
        return self.core and (self.kind != "ping-pong" or self.connections > 1)

    @property
    def key(self):
        parts = [self.kind, self.listen, self.direction,
                 str(self.connections), "cost" if self.core else "rate"]
        if self.workers > 1:
            parts.append(f"workers {self.workers}")
        return " ".join(part for part in parts if part)


BULK = [Cell("bulk", listen, direction, n, core)
        for core in (True, False)
        for listen in ("unix", "tcp")
        for direction in ("up", "down")
        for n in (1, 16)]
PING_PONG = [Cell("ping-pong", listen, "", n, core)
             for core in (True, False)
             for listen in ("unix", "tcp")
             for n in (1, 256)]
CONNECT = [Cell("connect", listen, "", CONNECT_TOGETHER, core)
           for core in (True, False)
           for listen in ("unix", "tcp")]
IDLE = [Cell("idle", "unix")]
START = [Cell("start", "unix", "", 1, False)]
TWO = [Cell("bulk", listen, direction, 16, False, 2)
       for listen in ("unix", "tcp") for direction in ("up", "down")]
TWO += [Cell("connect", listen, "", CONNECT_TOGETHER, False, 2)
        for listen in ("unix", "tcp")]


def last_core():
    return max(os.sched_getaffinity(0))


def bulk_arguments(cell, relay, sizes):
    mode = "upload" if cell.direction == "up" else "download"
    return ["-c", cell.connections, "-b", int(sizes.bulk * relay.scale), mode]


def connect_arguments(cell, relay, sizes):
    n = max(int(sizes.connections * relay.connect_scale), 20)
    return ["-c", cell.connections, "-n", n, "connect"]


def sample_of(result, relay_cpu, server_cpu):
    if result["errors"]:
        raise Failed(f"{result['errors']} errors")
    sample = {name: result[name]
              for name in ("bytes", "messages", "connections", "seconds")}
    sample["cpu"] = relay_cpu
    sample["client_cpu"] = result["cpu"]
    sample["server_cpu"] = server_cpu
    return sample


def throughput(cell, relay, sizes):
    """A load from its start to its end."""
    arguments = (bulk_arguments if cell.kind == "bulk"
                 else connect_arguments)(cell, relay, sizes)
    with scene(relay, cell.listen, cell.workers) as (server, running):
        echo(running.listen)
        time.sleep(SETTLE)
        if relay.kind == "ours":
            running.assert_confined()
        with CpuTime(running.pids(), [server.process.pid]) as cpu:
            charged = running.charged()
            result = client(arguments, running.listen, TIMEOUT)
            time.sleep(SETTLE)
            if relay.forks:
                running.await_children()
            charged = running.charged() - charged
            sample = sample_of(result, *cpu.seconds())
    if not relay.forks:
        # Of those that ended only their parent knows.
        sample["charged"] = charged
    return sample


def ping_pong(cell, relay, sizes):
    """Round trips only: connecting and closing are left out."""
    trips = int(sizes.trips[cell.connections] * max(relay.scale, 0.5))
    with scene(relay, cell.listen) as (server, running):
        echo(running.listen)
        load = Client(["-w", "-c", cell.connections, "-n", trips,
                       "ping-pong"], running.listen)
        try:
            load.line()
            with CpuTime(running.pids(), [server.process.pid]) as cpu:
                charged = running.charged()
                load.go()
                result = load.result()
                charged = running.charged() - charged
                sample = sample_of(result, *cpu.seconds())
        finally:
            load.stop()
    return {**sample, "charged": charged}


def idle(cell, relay, sizes):
    """What connections on which nothing happens take."""
    wanted = min(sizes.idle, relay.idle or sizes.idle)
    with scene(relay, cell.listen) as (_, running):
        time.sleep(0.2)  # nothing has used it yet
        empty = running.pss()
        load = Client(["-c", wanted, "idle"], running.listen)
        try:
            held = load.result()["connections"]
            time.sleep(0.5)
            full = running.pss()
        finally:
            load.stop()
    return {"wanted": wanted, "held": held, "empty": empty, "full": full}


def start(cell, relay, sizes):
    """From exec to the first octets relayed, each time anew."""
    return {"seconds": [exec_to_first_byte(relay, cell.listen)
                        for _ in range(sizes.starts)]}


MEASURES = {"bulk": throughput, "connect": throughput,
            "ping-pong": ping_pong, "idle": idle, "start": start}


def measure(cell, relay, sizes):
    """A sample, as a dictionary; its "error" says why there is none."""
    try:
        with pinned(last_core() if cell.core else None):
            return MEASURES[cell.kind](cell, relay, sizes)
    except (Failed, OSError) as e:
        return {"error": str(e)}
