"""The twin without kernels: its spec, seed disk, command line, relay, control, mirror and machine."""

from __future__ import annotations

import asyncio
import io
import json
import tarfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from igoudar.errors import DeviceFailed, Missing
from igoudar.twin import Image, TwinHost, TwinPort, TwinSpec, TwinWire, boot, control, kernels, machine, relay
from igoudar.twin.kernels import Socket
from igoudar.twin.machine import Machine
from igoudar.twin.mirror import mirror
from igoudar.twin.paths import CONTROL, RELAY, Folder
from igoudar.twin.preconditions import kernel_trial, preconditions
from igoudar.twin.seed import make_keys, write_seed
from igoudar.twin.spec import from_json, problems
from igoudar.twin.supervisor import Supervisor, _serve


def host(name: str, number: int, *ports: str) -> TwinHost:
    return TwinHost(
        name=name,
        memory_mb=128,
        oob=f"192.0.2.{number}/24",
        oob_mac=f"02:00:00:00:00:{number:02x}",
        serial=f"S{number}",
        ports=tuple(TwinPort(p, f"02:00:00:00:{at:02x}:{number:02x}", 9216) for at, p in enumerate(ports, 1)),
        files=(("/etc/frr/frr.conf", "hostname x\n"),),
        enable=("frr.service",),
    )


SPEC = TwinSpec(
    "t",
    "igoudar",
    "192.0.2.254/24",
    (host("a", 1, "swp1", "swp2"), host("b", 2, "swp1"), replace(host("m", 3), management=True)),
    (TwinWire("w", ("a", "swp1"), ("b", "swp1")),),
)


def test_a_spec_travels_as_json() -> None:
    assert from_json(SPEC.to_json()) == SPEC


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"hosts": (*SPEC.hosts, host("a", 9))}, "the same name"),
        ({"hosts": (*SPEC.hosts, host("c", 1))}, "the same out-of-band address"),
        ({"gateway": "192.0.2.1/24"}, "the same out-of-band address"),
        ({"hosts": (*SPEC.hosts, host("c", 9, "eth0"))}, "'eth0' cannot be the name"),
        ({"hosts": (*SPEC.hosts, host("c", 9, "a-port-of-16-byte"))}, "cannot be the name"),
        ({"wires": (*SPEC.wires, TwinWire("x", ("a", "swp1"), ("a", "swp2")))}, "end at the same port"),
        ({"wires": (TwinWire("x", ("a", "swp9"), ("b", "swp1")),)}, "a/swp9, which no host has"),
    ],
)
def test_what_cannot_be_built_is_said(changed: dict[str, object], said: str) -> None:
    found = list(problems(replace(SPEC, **changed)))  # type: ignore[arg-type]
    assert any(said in sentence for sentence in found), found
    assert list(problems(SPEC)) == []


def test_preconditions_count_only_what_is_to_start(tmp_path: Path) -> None:
    huge = replace(SPEC, hosts=tuple(replace(h, memory_mb=10**9) for h in SPEC.hosts))
    assert any("of memory" in s for s in preconditions(huge, tmp_path))
    assert not any("of memory" in s for s in preconditions(huge, tmp_path, frozenset(SPEC.names())))
    assert any("blank or a comma" in s for s in preconditions(SPEC, tmp_path / "a b"))


def test_the_trial_of_a_kernel_leaves_nothing_in_the_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kernel keeps a folder in `uml_dir`, which is ~/.uml unless it is told."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    image = Image(tmp_path)
    image.kernel.write_text(
        "#!/bin/sh\nfor word; do case $word in uml_dir=*) folder=${word#uml_dir=};; esac; done\n"
        'mkdir -p "${folder:-$HOME/.uml}/one"\n'
        "echo 'Run /usr/bin/true as init process ... exitcode=0x00000000'\n",
        "utf-8",
    )
    image.kernel.chmod(0o755)
    assert kernel_trial(image) == ""
    assert not (tmp_path / "home").exists()


def test_the_seed_holds_identity_and_keys(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    make_keys(folder, SPEC)
    known = folder.known_hosts.read_text("utf-8")
    make_keys(folder, SPEC)
    assert folder.known_hosts.read_text("utf-8") == known
    make_keys(folder, replace(SPEC, hosts=(replace(SPEC.hosts[0], serial="new"), *SPEC.hosts[1:])))
    (folder.host_keys / "b.serial").unlink()  # a twin of before serials counted
    make_keys(folder, replace(SPEC, hosts=(replace(SPEC.hosts[0], serial="new"), *SPEC.hosts[1:])))
    told = list(zip(known.splitlines(), folder.known_hosts.read_text("utf-8").splitlines(), strict=True))
    assert [n for n, (was, now) in enumerate(told) if was != now] == [0], "another box has another key"
    path = write_seed(folder, SPEC, SPEC.hosts[0])
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.stat().st_size % 512 == 0
    with tarfile.open(fileobj=io.BytesIO(path.read_bytes())) as archive:
        found = {m.name: m for m in archive.getmembers()}
        ports = archive.extractfile("etc/igoudar/ports")
        assert ports is not None
        assert ports.read().decode() == "0 eth0 192.0.2.1/24\n1 swp1 -\n2 swp2 -\n"
    assert found["etc/ssh/ssh_host_ed25519_key"].mode == 0o600
    assert found["home/igoudar/.ssh"].mode == 0o700
    link = "etc/systemd/system/multi-user.target.wants/frr.service"
    assert found[link].linkname == "/usr/lib/systemd/system/frr.service"
    for secret in (folder.login_key, folder.host_keys / "a"):
        assert secret.stat().st_mode & 0o777 == 0o600


def test_a_replaced_machine_has_another_id(tmp_path: Path) -> None:
    def line(which: TwinHost) -> list[str]:
        return kernels.command_line(which, Image(tmp_path), Folder(tmp_path), [Socket("w0b", "02::1", 1500)])

    words = line(SPEC.hosts[0])
    assert any(w.startswith("vec0:transport=raw,ifname=w0b,") and "mac=02::1" in w for w in words)
    ids = {
        w for h in (SPEC.hosts[0], replace(SPEC.hosts[0], serial="new")) for w in line(h) if "machine_id" in w
    }
    assert len(ids) == 2
    assert words == line(SPEC.hosts[0])


APT = {
    "deb822": (
        "debian.sources",
        "# a comment\nTypes: deb deb-src\n# URIs: http://old.invalid\nURIs: http://m.invalid/debian/\n"
        "Suites: trixie trixie-updates\nComponents: main contrib\n",
    ),
    "one line": ("x.list", "deb [arch=amd64 signed-by=/k] http://m.invalid/debian trixie main # comment\n"),
}


@pytest.mark.parametrize("form", APT)
def test_the_mirror_of_this_machine_and_no_other_vendors(tmp_path: Path, form: str) -> None:
    folder = tmp_path / "sources.list.d"
    folder.mkdir()
    (folder / "aaa.list").write_text("deb https://vendor.invalid/apt stable main\n", "utf-8")
    (folder / "aab.sources").write_text(
        "Types: deb\nURIs: https://other.invalid/\nSuites: nodistro\nComponents: main\n\n"
        "Types: deb\nEnabled: no\nURIs: https://off.invalid/\nSuites: trixie\nComponents: main\n",
        "utf-8",
    )
    (tmp_path / "sources.list").write_text("#deb http://off.invalid trixie main\n", "utf-8")
    assert mirror(tmp_path, "trixie") == ""
    (folder / APT[form][0]).write_text(APT[form][1], "utf-8")
    assert mirror(tmp_path, "trixie") == "http://m.invalid/debian"
    assert mirror(tmp_path, "bookworm") == "http://m.invalid/debian"


class Wires:
    """Stands for `network`: which interfaces are there; fails when told to."""

    WIRE_MTU, OOB_MTU = 9216, 1500

    def __init__(self) -> None:
        self.there: set[str] = set()
        self.isolated: dict[str, bool] = {}
        self.goes: dict[str, str] = {}  # where what is sent at an end arrives, if not at the other end
        self.fail = False

    def write_filter(self, path: Path) -> None:
        pass

    def prepare(self, gateway: str) -> set[str]:
        return set(self.there)

    def make_pairs(self, pairs: Iterable[tuple[str, str, int]]) -> None:
        for number, (a, b, _) in enumerate(pairs):
            if self.fail and number == 1:
                raise OSError("ip: no")
            assert not {a, b} & self.there
            self.there |= {a, b}

    def plug_oob(self, ends: Iterable[tuple[str, bool]]) -> None:
        self.isolated = dict(ends)

    def silence(self, end: str) -> None:
        assert end in self.there
        self.goes[end] = ""

    def divert(self, end: str, to: str) -> None:
        assert {end, to} <= self.there
        self.goes[end] = to

    def restore(self, end: str) -> None:
        self.goes.pop(end, None)

    def remove(self, ends: Iterable[str]) -> None:
        self.there -= {x for end in ends for x in (end, end[:-1] + "b")}


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Machine, Wires, list[str]]:
    folder, wires, log = Folder(tmp_path), Wires(), list[str]()
    for part in (folder.disks, folder.logs):
        part.mkdir()

    def start(words: list[str], console: Path, number: int) -> int:
        log.append(f"on {console.stem}")
        (folder.disks / f"{console.stem}.cow").touch()
        return 1000 + len(log)

    monkeypatch.setattr(machine, "network", wires)
    monkeypatch.setattr(kernels, "start", start)
    monkeypatch.setattr(kernels, "kill", lambda pid: log.append(f"off {pid}"))
    make_keys(folder, SPEC)
    return Machine(folder, Image(tmp_path)), wires, log


def test_a_machine_adopts_what_changed_only(made: tuple[Machine, Wires, list[str]]) -> None:
    it, wires, log = made
    it.adopt(SPEC)
    assert log == ["on a", "on b", "on m"]
    assert len(wires.there) == 2 * (1 + 3 + 1)  # a wire, three out-of-band pairs, a port without a wire
    assert sorted(wires.isolated.values()) == [False, True, True]
    it.adopt(SPEC)
    assert len(log) == 3
    it.adopt(replace(SPEC, wires=()))
    assert log[3:] == ["off 1001", "off 1002", "on a", "on b"]
    assert len(wires.there) == 2 * (3 + 3)
    it.adopt(replace(SPEC, wires=(), hosts=SPEC.hosts[:2]))
    assert [s.name for s in it.states()] == ["a", "b"]
    assert sorted(p.name for p in it.folder.disks.glob("*.cow")) == ["a.cow", "b.cow"]


def test_a_machine_completes_what_failed_half_way(made: tuple[Machine, Wires, list[str]]) -> None:
    it, wires, log = made
    wires.fail = True
    with pytest.raises(OSError, match="ip: no"):
        it.adopt(SPEC)
    wires.fail = False
    it.adopt(SPEC)
    assert log == ["on a", "on b", "on m"]


def test_a_disk_belongs_to_a_serial_number(made: tuple[Machine, Wires, list[str]]) -> None:
    it, _, log = made
    it.adopt(SPEC)
    (it.folder.disks / "a.cow").write_text("old", "utf-8")
    it.adopt(replace(SPEC, hosts=(replace(SPEC.hosts[0], serial="new"), *SPEC.hosts[1:])))
    assert log[3:] == ["off 1001", "on a"]
    assert (it.folder.disks / "a.cow").read_text("utf-8") == ""


def test_control_answers_everything(made: tuple[Machine, Wires, list[str]]) -> None:
    supervisor = Supervisor(made[0])
    ask = lambda **q: supervisor.answer(json.dumps(q).encode())  # noqa: E731
    assert ask(do="status") == {"ok": True, "hosts": [], "cut": [], "joints": [], "muted": []}
    assert ask(do="on", host="a") == {"ok": False, "error": "the twin has no hosts yet"}
    made[0].folder.spec.write_text(SPEC.to_json(), "utf-8")
    assert ask(do="adopt") == {"ok": True}
    assert ask(do="cut", wire="w") == {"ok": True}
    assert ask(do="status")["cut"] == ["w"]
    assert ask(do="cut", wire="x") == {"ok": False, "error": "there is no cable 'x'"}
    assert ask(do="off", host="zz") == {"ok": False, "error": "there is no host 'zz'"}
    assert ask(do="dance")["error"] == "'dance' is not understood"
    assert not supervisor.answer(b"[1]\n")["ok"]
    assert not supervisor.answer(b"\xff{\n")["ok"]
    assert ask(do="stop") == {"ok": True}
    assert supervisor.stopping.is_set()


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write((await reader.read()).upper())
    writer.close()


def test_the_relay_carries_bytes_and_says_why_not(tmp_path: Path) -> None:
    folder = Folder(tmp_path / ("long" * 40))
    folder.path.mkdir()

    def client(port: int) -> bytes:
        with control.open_relay(folder, "127.0.0.1", port) as sock:
            sock.sendall(b"hello " * 100_000)
            sock.shutdown(1)
            return b"".join(iter(lambda: sock.recv(65536), b""))

    async def main() -> None:
        far = await asyncio.start_server(_echo, "127.0.0.1", 0)
        port = far.sockets[0].getsockname()[1]
        server = await _serve(folder, RELAY, relay.serve)
        assert (folder.path / RELAY).stat().st_mode & 0o777 == 0o600
        told = await asyncio.gather(*(asyncio.to_thread(client, port) for _ in range(5)))
        assert told == [b"HELLO " * 100_000] * 5
        far.close()
        await far.wait_closed()
        with pytest.raises(DeviceFailed, match=f"127.0.0.1 port {port} in the twin: "):
            await asyncio.to_thread(client, port)
        server.close()

    asyncio.run(main())
    with pytest.raises(Missing, match="no twin runs"):
        control.open_relay(folder, "127.0.0.1", 1)


def test_down_without_a_twin_leaves_keys_and_wipe_leaves_nothing(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "run")
    boot.down(folder.path)
    assert not folder.path.exists()
    for part in (folder.path, folder.disks):
        part.mkdir()
    make_keys(folder, SPEC)
    (folder.path / CONTROL).touch()
    folder.pid.write_text("1\n", "utf-8")  # not ours: left alone
    boot.down(folder.path)
    assert sorted(p.name for p in folder.path.iterdir()) == [
        *("hostkeys", "id_ed25519", "id_ed25519.pub", "known_hosts", "lock")
    ]
    boot.down(folder.path, wipe=True)
    assert not folder.path.exists()


def test_disks_stay_with_the_image_they_were_made_of(tmp_path: Path) -> None:
    folder, said = Folder(tmp_path / "run"), list[str]()
    folder.disks.mkdir(parents=True)
    old, new = Image(tmp_path / "old"), Image(tmp_path / "new")
    for image in (old, new):
        image.path.mkdir()
        image.disk.touch()
        image.kernel.touch()
    assert boot._image_of(folder, old, said.append) == old
    (folder.disks / "a.cow").touch()
    assert boot._image_of(folder, new, said.append) == old
    assert said == [boot.KEEPS]
    old.disk.unlink()
    assert boot._image_of(folder, new, said.append) == new
    assert list(folder.disks.iterdir()) == []
