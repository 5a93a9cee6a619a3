"""Logs by the role's own texts through real rsyslog daemons: TLS both ways, dated files, a full disk."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from igoudar.errors import Where
from igoudar.hostview import HostView, Neighbour
from igoudar.model import Role, SecretName
from igoudar.render_roles import render_declaration
from igoudar.roles import load_roles
from igoudar.site import Logs
from tests.roles.views import view

ROLE = load_roles(Path(__file__).parents[2] / "roles")["logs"]
RSYSLOGD = [shutil.which("rsyslogd", path="/usr/sbin:/usr/bin") or ""]
NEEDED = [*Path("/usr/lib").glob("*/rsyslog/imrelp.so"), *Path("/usr/lib").glob("*/rsyslog/lmnsd_ossl.so")]
ALONE = ["unshare", "-rm", "true"]
HOSTS = {"mgmt-1": "127.0.0.2", "srv-1": "127.0.0.1"}
SERVICES = {"logs": (Neighbour("mgmt-1", HOSTS["mgmt-1"]),)}
SECONDS = 30.0
NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout")
pytestmark = pytest.mark.skipif(
    not RSYSLOGD[0] or len(NEEDED) < 2,
    reason="needs rsyslog (apt install rsyslog rsyslog-relp rsyslog-openssl)",
)


def openssl(*words: object) -> None:
    subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)


def authority(folder: Path, name: str) -> None:
    made = (*NEW_KEY, folder / f"{name}.key")
    openssl("req", "-x509", *made, "-out", folder / f"{name}.pem", "-days", "2", "-subj", f"/CN={name}")


def certificate(folder: Path, name: str, by: str) -> None:
    made = (*NEW_KEY, folder / f"{name}.key")
    openssl("req", *made, "-out", folder / f"{name}.csr", "-subj", f"/CN={name}.small.example")
    (folder / "ext").write_text(f"subjectAltName=DNS:{name}.small.example\n")
    signing = ("-CA", folder / f"{by}.pem", "-CAkey", folder / f"{by}.key", "-CAcreateserial")
    paths = ("-in", folder / f"{name}.csr", "-out", folder / f"{name}.pem", "-extfile", folder / "ext")
    openssl("x509", "-req", *signing, *paths, "-days", "2")


@dataclass(frozen=True)
class World:
    """A folder a host, with all that the role writes there; `port` is that of the log server."""

    folder: Path
    port: int

    def host(self, name: str, address: str) -> HostView:
        neighbours = tuple(Neighbour(n, a) for n, a in HOSTS.items())
        logs = Logs(authority=(self.folder / "ca.pem").read_text())
        more = {"neighbours": neighbours, "logs": logs, "services": SERVICES}
        return view(name, Role.MANAGEMENT, address, **more)

    def write(self, name: str, address: str) -> int:
        """The role's files, paths and port moved here; and a way in for messages: its port."""
        written = {"certificate": (self.folder / f"{name}.pem").read_text(), "key": "secret:key@1"}
        known = {"key": SecretName("key", 1, Where("s"))}
        settings = ROLE.settings(written, Where("d"), known)
        told = render_declaration(
            ROLE.declare(settings, self.host(name, address), {}), ROLE, {"secret:key@1"}
        )
        here = self.folder / name
        changes = {
            "secret:key@1\n": (self.folder / f"{name}.key").read_text(),
            "/etc/igoudar": f"{here}/etc/igoudar",
            "/var/log/igoudar": f"{here}/log",
            'port="2514"': f'port="{self.port}"',
            'resumeInterval="10"': 'resumeInterval="1"',
            'fileGroup="adm" dirGroup="adm"': "",  # whoever runs this may not give files away
        }
        for file in told.files:
            path, text = here / file.path.lstrip("/"), file.text or ""
            path.parent.mkdir(parents=True, exist_ok=True)
            for old, new in changes.items():
                text = text.replace(old, new)
            path.write_text(text)
        entry = free_port()
        (here / "spool").mkdir()
        (here / "log").mkdir()
        (here / "all.conf").write_text(
            f'global(workDirectory="{here}/spool")\nmodule(load="imptcp")\n'
            f'input(type="imptcp" port="{entry}" address="127.0.0.1")\n'
            f'include(file="{here}/etc/rsyslog.d/*.conf")\naction(type="omfile" file="{here}/local.log")\n'
        )
        return entry

    def daemon(self, name: str) -> list[str]:
        """The receiver of the log server, what sends of any other."""
        config = "etc/igoudar/logs/receive.conf" if name == "mgmt-1" else "all.conf"
        pid = ["-i", str(self.folder / name / "pid")]
        return [*RSYSLOGD, "-n", *pid, "-f", str(self.folder / name / config)]

    def kept(self, name: str) -> list[str]:
        """Lines of today's file of a host."""
        files = [*(self.folder / "mgmt-1" / "log" / name).glob("20??-??-??.log")]
        return [line for file in files for line in file.read_text().splitlines()]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def say(port: int, words: str) -> None:
    with socket.create_connection(("127.0.0.1", port), 5) as sock:
        sock.sendall(f"<13>Nov 27 08:00:00 liar app: {words}\n".encode())


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.1)


@contextmanager
def running(*command: str) -> Iterator[None]:
    with subprocess.Popen(command, start_new_session=True) as process:
        try:
            yield
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait()


@contextmanager
def listening(world: World, name: str, entry: int) -> Iterator[None]:
    """The daemon of a host, once it takes messages."""

    def takes() -> bool:
        with socket.socket() as probe:
            address = (HOSTS["mgmt-1"], world.port) if name == "mgmt-1" else ("127.0.0.1", entry)
            return probe.connect_ex(address) == 0

    with running(*world.daemon(name)):
        until(takes)
        yield


@pytest.fixture
def world(tmp_path: Path) -> World:
    for name in ("ca", "other"):
        authority(tmp_path, name)
    for name in HOSTS:
        certificate(tmp_path, name, "ca")
    return World(tmp_path, free_port())


def test_what_a_host_says_is_kept_under_its_own_name(world: World) -> None:
    certificate(world.folder, "stranger", "other")
    server, client = world.write("mgmt-1", HOSTS["mgmt-1"]), world.write("srv-1", HOSTS["srv-1"])
    stranger = world.write("stranger", "127.0.0.1")
    with (
        listening(world, "mgmt-1", server),
        listening(world, "srv-1", client),
        listening(world, "stranger", stranger),
    ):
        say(stranger, "from nobody")
        say(client, "of the host")
        until(lambda: bool(world.kept("srv-1")))
        say(client, "and more")
        until(lambda: len(world.kept("srv-1")) >= 2)
    assert "of the host" in world.kept("srv-1")[0]
    assert not [p for p in (world.folder / "mgmt-1" / "log").rglob("*.log") if "nobody" in p.read_text()]
    assert {p.name for p in (world.folder / "mgmt-1" / "log").iterdir()} == {"srv-1"}, (
        "not as it calls itself"
    )


def test_a_server_that_is_away_loses_nothing(world: World) -> None:
    server, client = world.write("mgmt-1", HOSTS["mgmt-1"]), world.write("srv-1", HOSTS["srv-1"])
    with listening(world, "srv-1", client):
        say(client, "while it is away")
        with listening(world, "mgmt-1", server):
            until(lambda: any("while it is away" in line for line in world.kept("srv-1")))


@pytest.mark.skipif(
    subprocess.run(ALONE, capture_output=True, check=False).returncode != 0, reason="needs namespaces"
)
def test_a_full_disk_takes_no_file_away_stops_taking_and_alarms(world: World) -> None:
    """On a file system of 64 KiB of its own; systemctl and logger note what they are told."""
    world.write("mgmt-1", HOSTS["mgmt-1"])
    here = world.folder / "mgmt-1"
    for tool in ("systemctl", "logger"):
        (here / tool).write_text(f'#!/bin/sh\necho "{tool} $1 $2"\n')
        (here / tool).chmod(0o755)
    space = f"PATH={here}:$PATH sh {here}/usr/local/sbin/igoudar-logs-space"
    script = f"""
        mount -t tmpfs -o size=64k tmpfs {here}/log && mkdir {here}/log/srv-1 && cd {here}/log || exit 9
        echo old >srv-1/2025-11-27.log; {space}; echo $?; {space} --room; echo $?
        dd if=/dev/zero of=filler bs=1k count=99 2>/dev/null; {space}; echo $?; {space} --room; echo $?
        rm filler; {space}; echo $?; cat srv-1/*
    """
    alone = ["unshare", "-rm", "sh", "-c", script]
    done = subprocess.run(alone, capture_output=True, text=True, check=True)
    start, stop = "systemctl start igoudar-logs.service", "systemctl stop igoudar-logs.service"
    said = [start, "0", "0", stop, "logger -p daemon.alert", "1", "1", start, "0", "old"]
    assert done.stdout.splitlines() == said
