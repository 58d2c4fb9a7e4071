"""The relays that are compared, and how each is configured and started.

Not here: what is measured (cells.py), or how (measure.py).
"""

import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

TOP = Path(__file__).resolve().parent.parent
LOAD = TOP / "bench" / "load"
CPUTIME = TOP / "bench" / "cputime"
OURS = "simpletcpunixrelay"
BOUND = "bound"
NONE = "none"

# As many as the idle cell needs, and what else may be open.
MOST_CONNECTIONS = 9050
BACKLOG = 4096


@dataclass
class Command:
    """One process of a relay; listen: the socket to hand over to it."""

    argv: list
    listen: str = ""


@dataclass
class Relay:
    name: str
    kind: str  # "ours", "bound", "none" or "peer"
    program: str
    commands: Callable  # (listen, target, directory, workers) -> [Command]
    version: str = ""
    scale: float = 1.0  # of what is asked of it in a sample, being slow
    connect_scale: float = 1.0
    idle: int = 0  # most connections to hold, if not all
    forks: bool = False  # a process for each connection, which then exits
    end_signal: int = signal.SIGTERM

    @property
    def slow(self):
        """Less is asked of it, and it is nowhere the best."""
        return self.scale < 1

    def start(self, listen, target, directory, workers=1):
        return self.commands(listen, target, directory, workers)


def is_path(address):
    return "/" in address


def free_port():
    """A port that no client is given by the system, and nobody has."""
    while True:
        port = random.randint(10000, 31999)
        with socket.socket() as s:
            with contextlib.suppress(OSError):
                s.bind(("127.0.0.1", port))
                return port


def program(name):
    """Where a program is, or None."""
    path = os.environ["PATH"] + ":/usr/sbin:/sbin:/usr/local/sbin"
    return shutil.which(name, path=path)


def first_line(*command):
    """What a program says of its version."""
    done = subprocess.run(command, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    return (done.stdout.strip() or "?").splitlines()[0]


def ours(path):
    relay = Path(path)
    if not relay.is_file():
        raise SystemExit(f"{relay} is not built")
    workers_option = "--workers" in subprocess.run(
        [relay, "--help"], capture_output=True, text=True, check=True).stdout

    def commands(listen, target, _directory, workers):
        argv = [str(relay), "-q"]
        if workers > 1:
            argv += ["--workers", str(workers)]
        return [Command(argv + [listen, target])]

    found = Relay(OURS, "ours", str(relay), commands)
    found.version = first_line(relay, "--version")
    return found, workers_option


def bound(flags=()):
    path = TOP / "bench" / "bound"
    if not path.is_file():
        return None

    def commands(listen, target, _directory, _workers):
        return [Command([str(path), *flags, listen, target])]

    return Relay(" ".join([BOUND, *flags]), "bound", str(path), commands)


def none():
    return Relay(NONE, "none", "", lambda *_: [])


def socat(flags, label):
    path = program("socat")
    if not path:
        return None

    def commands(listen, target, _directory, _workers):
        if is_path(listen):
            source = f"UNIX-LISTEN:{listen},fork,backlog={BACKLOG}"
        else:
            host, port = listen.split(":")
            source = (f"TCP-LISTEN:{port},bind={host},reuseaddr,fork,"
                      f"backlog={BACKLOG}")
        kind = "UNIX-CONNECT" if is_path(target) else "TCP"
        return [Command([path, *flags, source, f"{kind}:{target}"])]

    version = first_line("sh", "-c", f"{path} -V | grep version")
    return Relay(label, "peer", path, commands, version, scale=0.5,
                 connect_scale=0.2, idle=1000, forks=True)


HAPROXY = """\
global
    nbthread {workers}
    maxconn {most}
    maxpipes 800
    tune.pipesize {pipe}
defaults
    mode tcp
    timeout connect 10s
    timeout client 1h
    timeout server 1h
{options}
listen relay
    bind {listen} backlog {backlog}
    server target {target}
"""


SPLICE = """\
    option splice-request
    option splice-response"""


def haproxy(options, pipe, label):
    path = program("haproxy")
    if not path:
        return None

    def commands(listen, target, directory, workers):
        file = Path(directory) / "haproxy.cfg"
        file.write_text(HAPROXY.format(
            workers=workers, most=MOST_CONNECTIONS, backlog=BACKLOG,
            options=options, pipe=pipe, listen=listen, target=target),
            encoding="ascii")
        return [Command([path, "-q", "-db", "-f", str(file)])]

    return Relay(label, "peer", path, commands, first_line(path, "-v"))


NGINX = """\
{module}
user root;
daemon off;
pid {directory}/nginx.pid;
error_log /dev/null crit;
worker_processes {workers};
worker_rlimit_nofile 20000;
events {{
    worker_connections {most};
}}
stream {{
    access_log off;
    server {{
        listen {listen} backlog={backlog};
        proxy_pass {target};
        proxy_buffer_size {size};
        proxy_half_close on;
        proxy_timeout 1h;
    }}
}}
"""


def nginx_module():
    for place in "/usr/lib/nginx/modules", "/usr/share/nginx/modules":
        file = Path(place) / "ngx_stream_module.so"
        if file.exists():
            return f"load_module {file};"
    return ""


def nginx(size, label):
    path = program("nginx")
    if not path:
        return None
    module = nginx_module()
    if not module and "--with-stream=dynamic" in subprocess.run(
            [path, "-V"], capture_output=True, text=True,
            check=False).stderr:
        return None

    def commands(listen, target, directory, workers):
        def place(address):
            return f"unix:{address}" if is_path(address) else address

        file = Path(directory) / "nginx.conf"
        file.write_text(NGINX.format(
            module=module, directory=directory, workers=workers,
            most=2 * MOST_CONNECTIONS, backlog=BACKLOG,
            listen=place(listen), target=place(target), size=size),
            encoding="ascii")
        return [Command([path, "-c", str(file), "-e", "/dev/null"])]

    return Relay(label, "peer", path, commands, first_line(path, "-v"))


def proxyd():
    for place in "/usr/lib/systemd", "/lib/systemd":
        path = f"{place}/systemd-socket-proxyd"
        if Path(path).exists():
            break
    else:
        return None

    def commands(listen, target, _directory, _workers):
        argv = [path, f"--connections-max={MOST_CONNECTIONS}", target]
        return [Command(argv, listen)]

    return Relay("systemd-socket-proxyd", "peer", path, commands,
                 first_line(path, "--version"))


def spiped():
    path = program("spiped")
    if not path:
        return None

    def commands(listen, target, directory, _workers):
        def place(address):
            host, _, port = address.partition(":")
            return address if is_path(address) else f"[{host}]:{port}"

        key = Path(directory) / "key"
        key.write_bytes(b"\1" * 32)
        # TCP, as over a network; its backlog is too short for a Unix socket.
        middle = f"[127.0.0.1]:{free_port()}"
        both = [path, "-F", "-n", "0", "-k", str(key)]
        return [Command([*both, "-d", "-s", middle, "-t", place(target)]),
                Command([*both, "-e", "-s", place(listen), "-t", middle])]

    return Relay("spiped pair", "peer", path, commands,
                 first_line(path, "-v"), scale=0.05, connect_scale=0.02,
                 idle=1000, end_signal=signal.SIGKILL)


# Without these, nothing is known of the best of the others.
REQUIRED = ("systemd-socket-proxyd", "haproxy", "haproxy spliced",
            "nginx 16k", "nginx 256k")


def peers():
    """Those that are installed, in the order of the tables."""
    found = [
        proxyd(),
        haproxy("", 65536, "haproxy"),
        haproxy(SPLICE, 1048576, "haproxy spliced"),
        nginx("16k", "nginx 16k"),
        nginx("256k", "nginx 256k"),
        socat([], "socat"),
        socat(["-b262144"], "socat -b262144"),
        spiped(),
    ]
    return [relay for relay in found if relay]
