"""Logs by the role's own texts through real rsyslog daemons: TLS both ways, dated files, a full disk.

The certificates are those that docs/hosts.md tells people to make, by its own commands.
"""

from __future__ import annotations

import os
import re
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
from igoudar.roles import Declaration, load_roles
from igoudar.secret_marks import Shape
from igoudar.secrets import secret_values
from tests.roles.views import ACCESS, view

ROOT = Path(__file__).parents[2]
ROLE = load_roles(ROOT / "roles")["logs"]
RSYSLOGD = [shutil.which("rsyslogd", path="/usr/sbin:/usr/bin") or ""]
NEEDED = [*Path("/usr/lib").glob("*/rsyslog/imrelp.so"), *Path("/usr/lib").glob("*/rsyslog/lmnsd_ossl.so")]
ALONE = ["unshare", "-rm", "true"]
HOSTS = {"mgmt-1": "127.0.0.2", "srv-1": "127.0.0.1"}
SERVICES = {"logs": (Neighbour("mgmt-1", HOSTS["mgmt-1"]),)}
SECONDS = 30.0
with_rsyslog = pytest.mark.skipif(
    not RSYSLOGD[0] or len(NEEDED) < 2,
    reason="needs rsyslog (apt install rsyslog rsyslog-relp rsyslog-openssl)",
)
MARKS = {"authority": "secret:authority-logs@1", "identity": "secret:logs-srv-1@1"}
KNOWN = {name: SecretName(name, 1, Where("s")) for name in ("authority-logs", "logs-srv-1")}


def commands() -> str:
    """Of docs/hosts.md, under its heading Logs."""
    section = (ROOT / "docs/hosts.md").read_text("utf-8").partition("\n## Logs\n")[2].partition("\n## ")[0]
    return section.partition("```sh\n")[2].partition("```")[0]


def made(folder: Path, *hosts: str, days: int = 397) -> dict[str, str]:
    """name@version -> value, in a store of its own: an authority, and hosts that it knows."""
    folder.mkdir()
    store, text = folder / "store.yaml", commands()
    changes = {"lab.igoudar.example": "small.example", "srv-1 srv-2": " ".join(hosts), "397": str(days)}
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    text = re.sub("STORE=.*", f"STORE={store}", text)
    subprocess.run(["sh", "-euc", text], cwd=folder, check=True, capture_output=True)
    assert {p.name for p in folder.iterdir()} == {"store.yaml", "authority.key", "authority.pem"}
    marks = [f"secret:{name}@1" for name in ("authority-logs", *(f"logs-{host}" for host in hosts))]
    found = secret_values(f"file:{store}", marks, folder, dict.fromkeys(marks, Shape.WHOLE))
    return {mark.removeprefix("secret:"): value for mark, value in found.items()}


def told(host: HostView) -> Declaration:
    settings = ROLE.settings(MARKS, Where("d"), KNOWN)
    return render_declaration(ROLE.declare(settings, host, {}), ROLE, set(MARKS.values()))


@dataclass(frozen=True)
class World:
    """A folder a host, with all that the role writes there; `port` is that of the log server."""

    folder: Path
    port: int
    store: dict[str, str]

    def host(self, name: str, address: str) -> HostView:
        neighbours = tuple(Neighbour(n, a) for n, a in HOSTS.items())
        return view(name, Role.MANAGEMENT, address, neighbours=neighbours, services=SERVICES)

    def write(self, name: str, address: str) -> int:
        """The role's files, paths and port moved here; and a way in for messages: its port."""
        here = self.folder / name
        changes = {
            MARKS["authority"]: self.store["authority-logs@1"],
            MARKS["identity"]: self.store[f"logs-{name}@1"],
            "/etc/igoudar": f"{here}/etc/igoudar",
            "/var/log/igoudar": f"{here}/log",
            'port="2514"': f'port="{self.port}"',
            'resumeInterval="10"': 'resumeInterval="1"',
            'fileGroup="adm" dirGroup="adm"': "",  # whoever runs this may not give files away
        }
        for file in told(self.host(name, address)).files:
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
    return World(tmp_path, free_port(), made(tmp_path / "made", *HOSTS))


@with_rsyslog
def test_what_a_host_says_is_kept_under_its_own_name(world: World) -> None:
    other = made(world.folder / "other", "stranger")
    world.store["logs-stranger@1"] = other["logs-stranger@1"]
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


@with_rsyslog
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


def refused(folder: Path, path: str, text: str) -> str:
    """What the role's own check says of a file that would come there; empty: nothing is wrong."""
    (file,) = (file for file in told(ACCESS).files if file.path == path)
    (folder / "new").write_text(text)
    check = file.validate.replace("{}", str(folder / "new")).replace("/etc/igoudar/logs", str(folder))
    done = subprocess.run(["sh", "-c", check], capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else f"refused: {done.stdout}{done.stderr}"


def test_a_certificate_that_others_would_refuse_does_not_replace_the_old_one(tmp_path: Path) -> None:
    mine, other = made(tmp_path / "mine", "srv-1", "srv-2"), made(tmp_path / "other", "srv-1")
    ca, identity = "/etc/igoudar/logs/ca.pem", "/etc/igoudar/logs/identity.pem"
    (tmp_path / "ca.pem").write_text(mine["authority-logs@1"])
    certificate, _, key = mine["logs-srv-1@1"].partition("-----BEGIN PRIVATE")
    wrong = "no certificate of our authority with the key of it"

    assert refused(tmp_path, ca, mine["authority-logs@1"]) == ""
    assert "refused" in refused(tmp_path, ca, "nothing\n")
    assert refused(tmp_path, identity, mine["logs-srv-1@1"]) == ""
    assert wrong in refused(tmp_path, identity, other["logs-srv-1@1"])
    assert wrong in refused(tmp_path, identity, certificate)
    assert wrong in refused(tmp_path, identity, f"-----BEGIN PRIVATE{key}")
    other_key = mine["logs-srv-2@1"].partition("-----BEGIN PRIVATE")[2]
    assert wrong in refused(tmp_path, identity, f"{certificate}-----BEGIN PRIVATE{other_key}")
    rolled = f"{other['authority-logs@1']}\n{mine['authority-logs@1']}\n"
    (tmp_path / "ca.pem").write_text(rolled)
    assert refused(tmp_path, identity, other["logs-srv-1@1"]) == "", "two, while the authority is rolled"


def test_a_certificate_that_will_soon_end_fails_a_unit(tmp_path: Path) -> None:
    (unit,) = (file.text or "" for file in told(ACCESS).files if file.path.endswith("certificate.service"))
    (line,) = (line for line in unit.splitlines() if line.startswith("ExecStart="))
    words = line.removeprefix("ExecStart=").split()
    failed = list[bool]()
    for days in (32, 29):
        identity = tmp_path / f"{days}.pem"
        identity.write_text(made(tmp_path / f"{days}", "srv-1", days=days)["logs-srv-1@1"])
        command = [str(identity) if word == "/etc/igoudar/logs/identity.pem" else word for word in words]
        failed.append(subprocess.run(command, capture_output=True, check=False).returncode != 0)

    assert failed == [False, True]
