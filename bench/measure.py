"""Starting a server, a relay and a load, and what they cost.

Not here: which loads are measured (cells.py), or what of them is told
(report.py).
"""

import contextlib
import ctypes
import fcntl
import json
import os
import shlex
import signal
import socket
import struct
import subprocess
import tempfile
import time
from pathlib import Path

from relays import BACKLOG, CPUTIME, LOAD, free_port, is_path

CONGESTION = Path("/proc/sys/net/ipv4/tcp_congestion_control")
START_TIMEOUT = 20  # seconds
SETTLE = 0.03  # seconds for a relay to deal with what has ended
REQUEST_ECHO = 0x6c6f6165  # as in stream.h


class Failed(Exception):
    """A sample that could not be taken, and why."""


@contextlib.contextmanager
def pinned(core):
    """Who is started in here runs on one core, or on any if core is None."""
    before = os.sched_getaffinity(0)
    if core is not None:
        os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def congestion():
    """The congestion control of TCP that connections begin with."""
    return CONGESTION.read_text().strip()


def own_network(name):
    """Go on in a network of this process's own, in which TCP begins with the
    congestion control of this name; unshare(2), netdevice(7)."""
    unshare = ctypes.CDLL(None, use_errno=True).unshare
    if unshare(0x40000000) == -1:  # CLONE_NEWNET
        raise SystemExit(f"a network: {os.strerror(ctypes.get_errno())}")
    with socket.socket() as s:  # SIOCSIFFLAGS: lo is to be IFF_UP
        fcntl.ioctl(s, 0x8914, struct.pack("16sh14x", b"lo", 1))
    try:
        CONGESTION.write_text(name)
    except OSError as e:
        raise SystemExit(f"{name}: {e.strerror}") from e


def open_socket(address):
    """A socket of the right kind, and the address as Python wants it."""
    if is_path(address):
        return socket.socket(socket.AF_UNIX), address
    host, port = address.split(":")
    return socket.socket(socket.AF_INET), (host, int(port))


def open_listener(address):
    s, where = open_socket(address)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(where)
    s.listen(BACKLOG)
    return s


def is_listening(address):
    """Of a Unix socket, found out without connecting: what was never used is
    measured, too."""
    if not is_path(address):
        s, where = open_socket(address)
        with s:
            return s.connect_ex(where) == 0
    lines = Path("/proc/net/unix").read_text(encoding="utf-8",
                                             errors="replace")
    # Some bind another name, and rename it.
    return os.path.exists(address) and any(
        line.split()[3] == "00010000" and f" {address}" in line
        for line in lines.splitlines()[1:])


def echo_once(address):
    """A request goes through and comes back."""
    s, where = open_socket(address)
    request = struct.pack("=QQQQ", REQUEST_ECHO, 0, 0, 0)
    with s:
        s.settimeout(START_TIMEOUT)
        s.connect(where)
        s.sendall(request)
        answer = b""
        while len(answer) < len(request):
            more = s.recv(len(request))
            if not more:
                raise ConnectionResetError("no answer")
            answer += more


def echo(address):
    """Wait until something is relayed."""
    end = time.monotonic() + START_TIMEOUT
    while True:
        try:
            return echo_once(address)
        except OSError:
            if time.monotonic() > end:
                raise
        time.sleep(0.01)


def spawn(argv, listen="", **options):
    """Start a process as the leader of a group, with a listening socket
    handed over to it as systemd does, or none."""
    options.setdefault("stdin", subprocess.DEVNULL)
    if not listen:
        return subprocess.Popen(argv, start_new_session=True, **options)
    with open_listener(listen) as s:
        def hand_over():
            os.dup2(s.fileno(), 3)
            os.putenv("LISTEN_PID", str(os.getpid()))
            os.putenv("LISTEN_FDS", "1")

        return subprocess.Popen(argv, start_new_session=True, pass_fds=(3,),
                                preexec_fn=hand_over, **options)


def children(pid):
    found = []
    for file in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found += [int(word) for word in file.read_text().split()]
    return found


def process_tree(pid):
    tree = [pid]
    for parent in tree:
        tree += children(parent)
    return tree


def charged_cpu(pid):
    """Seconds of all its threads, those that ended too, as the scheduler
    charges them, which is not what they took (taskclock.h); clock_gettime(2),
    clock_getcpuclockid(3)."""
    try:
        return time.clock_gettime_ns((~pid << 3) | 2) / 1e9
    except OSError:
        return 0.0


def process_pss(pid):
    """In bytes."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    for line in text.splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0


def signal_group(process, number):
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def adopt_orphans():
    """Processes whose parents end become children of this one; prctl(2)."""
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)


def end_group(process, number):
    """End a process and those in its group."""
    signal_group(process, number)
    patience = time.monotonic() + 10
    pid = 0
    while not pid:
        pid, status = os.waitpid(process.pid, os.WNOHANG)
        if not pid:
            if time.monotonic() > patience:
                signal_group(process, signal.SIGKILL)
            time.sleep(0.001)
    process.returncode = os.waitstatus_to_exitcode(status)
    signal_group(process, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        while True:
            os.waitpid(-process.pid, 0)


class CpuTime:
    """What groups of processes use from now on, with all that they start."""

    def __init__(self, *groups):
        self.process = subprocess.Popen(
            [CPUTIME, *(",".join(map(str, pids)) for pids in groups)],
            text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        if not self.process.stdout.readline():
            raise SystemExit("bench/cputime does not count")

    def __enter__(self):
        return self

    def seconds(self):
        """Of each group."""
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return map(float, self.process.stdout.readline().split())

    def __exit__(self, *_):
        self.process.communicate()


class Running:
    """A relay that runs, with all its processes."""

    def __init__(self, relay, listen, target, directory, workers=1):
        self.relay = relay
        self.listen = listen if relay.kind != "none" else target
        self.processes = []
        self.log = Path(directory) / "log"
        try:
            with self.log.open("w") as log:
                for command in relay.start(listen, target, directory,
                                           workers):
                    self.processes.append(spawn(
                        command.argv, command.listen,
                        stdout=log, stderr=subprocess.STDOUT))
            self.await_listening()
        except BaseException:
            self.stop()
            raise

    def await_listening(self):
        end = time.monotonic() + START_TIMEOUT
        while not is_listening(self.listen):
            if any(p.poll() is not None for p in self.processes):
                raise Failed("it ended: " + self.log.read_text()[:200])
            if time.monotonic() > end:
                raise Failed("it does not listen")
            time.sleep(0.001)

    def pids(self):
        return [pid for p in self.processes for pid in process_tree(p.pid)]

    def charged(self):
        return sum(charged_cpu(pid) for pid in self.pids())

    def pss(self):
        return sum(process_pss(pid) for pid in self.pids())

    def assert_confined(self):
        """The numbers are to be those of a relay with its sandbox."""
        for pid in self.pids():
            status = Path(f"/proc/{pid}/status").read_text()
            if "\nSeccomp:\t2\n" not in status:
                raise SystemExit(f"{self.relay.name} has no sandbox")

    def await_children(self):
        """Those that serve one connection have ended, or a second passed."""
        end = time.monotonic() + 1
        while (len(self.pids()) > len(self.processes) and
               time.monotonic() < end):
            time.sleep(0.005)

    def stop(self):
        for p in self.processes:
            if p.returncode is None:
                end_group(p, self.relay.end_signal)


class Server:
    """The load's server."""

    def __init__(self, address):
        self.process = subprocess.Popen(
            [LOAD, "serve", address], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, text=True)
        self.address = self.process.stdout.readline().strip()
        if not self.address:
            raise SystemExit("bench/load does not serve")

    def stop(self):
        self.process.terminate()
        out, _ = self.process.communicate()
        return json.loads(out or "{}")


def scratch():
    """A directory that goes away again."""
    return tempfile.TemporaryDirectory(prefix="bench.")


@contextlib.contextmanager
def served(listen_kind):
    """A server, an address for a relay that listens on "unix" or "tcp", and
    a directory for its files."""
    with scratch() as directory:
        if listen_kind == "unix":
            listen = f"{directory}/relay.sock"
            target = "127.0.0.1:0"
        else:
            listen = f"127.0.0.1:{free_port()}"
            target = f"{directory}/server.sock"
        server = Server(target)
        try:
            yield server, listen, directory
        finally:
            server.stop()


@contextlib.contextmanager
def scene(relay, listen_kind, workers=1):
    """A server, and a relay to it."""
    with served(listen_kind) as (server, listen, directory):
        running = Running(relay, listen, server.address, directory, workers)
        try:
            yield server, running
        finally:
            running.stop()


def exec_to_first_byte(relay, listen_kind):
    """In seconds.  All but the last of several processes go to the
    background, and the load ends their group."""
    with served(listen_kind) as (server, listen, directory):
        commands = relay.start(listen, server.address, directory)
        argv = commands[-1].argv
        if len(commands) > 1:
            background = "".join(shlex.join(command.argv) + " & "
                                 for command in commands[:-1])
            argv = ["sh", "-c", f"{background}exec {shlex.join(argv)}"]
        load = spawn([LOAD, "start", listen, *argv], commands[-1].listen,
                     stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                     text=True)
        out, _ = load.communicate()
        if load.returncode != 0:
            raise Failed("no first byte")
        return json.loads(out)["seconds"]


def client(arguments, address, timeout):
    """Run a load; what it printed."""
    try:
        done = subprocess.run(
            [LOAD, *map(str, arguments), address], text=True, timeout=timeout,
            stdin=subprocess.DEVNULL, capture_output=True, check=False)
    except subprocess.TimeoutExpired as e:
        raise Failed(f"not done after {timeout} s") from e
    if done.returncode != 0:
        raise Failed((done.stderr.strip() or "the load failed")
                     .splitlines()[0])
    return json.loads(done.stdout)


class Client:
    """A load that waits before it starts, or that is held."""

    def __init__(self, arguments, address):
        self.process = subprocess.Popen(
            [LOAD, *map(str, arguments), address], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)

    def line(self):
        line = self.process.stdout.readline()
        if not line:
            raise Failed((self.process.stderr.read().strip() or
                          "the load failed").splitlines()[0])
        return line

    def result(self):
        return json.loads(self.line())

    def go(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def stop(self):
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.process.stderr.close()
