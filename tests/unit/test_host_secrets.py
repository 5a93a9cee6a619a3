"""Secrets in files of hosts: by a real worker and the real script on a real sshd, and nowhere else.

`sudo` of the host is a stand-in that moves the state of roles into a folder of the test.
"""

from __future__ import annotations

import asyncio
import getpass
import grp
import json
import os
import shutil
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from igoudar.errors import BadInput
from igoudar.group_inputs import host_documents, server_group_inputs
from igoudar.provider.group_state import live, outputs_after
from igoudar.roles import Declaration, RoleFile
from igoudar.secret_marks import Shape, shapes
from igoudar.secrets import secret_values
from igoudar.twin.paths import RELAY
from igoudar.twin.relay import serve
from igoudar.worker.host_secrets import Values
from igoudar.worker.pool import Pool, Worker, run_roles
from igoudar.worker.report import GroupReport, told_of
from igoudar.worker.results import HostResult
from igoudar.world import SPEC
from tests.unit.test_transport import SSHD, start_sshd

ROOT = Path(__file__).parents[2]
WORD, PHRASE, OLD = "Hunter-2-of-2", "correct horse $battery `staple` 'x' \\n", "Hunter-1-of-2"
BODY = "MC4CAQAwBQYDK2VwBCIEIAbcdefghijkl\nSECONDLINEOFTHEKEY=="
KEY = f"-----BEGIN PRIVATE KEY-----\n{BODY}\n-----END PRIVATE KEY-----"
ALL = (WORD, PHRASE[:20], OLD, *BODY.splitlines())  # as they stand in JSON too
STORE = "file:store.yaml"
SUDO = """#!/bin/sh
while [ $# -gt 0 ]; do case $1 in -*) shift ;; *) break ;; esac; done
sed 's|^STATE=[^ ]*|STATE={state}|' | exec "$@"
"""


def test_what_a_value_may_be_follows_from_the_place_of_its_mark(tmp_path: Path) -> None:
    found = shapes(("secret:a@1\n", "x secret:b@1 secret:c@2\n", "secret:c@2\n"))

    assert found == {"secret:a@1": Shape.WHOLE, "secret:b@1": Shape.LINE, "secret:c@2": Shape.LINE}
    store(tmp_path)
    wanted = {"secret:key@1": Shape.WHOLE, "secret:phrase@1": Shape.LINE}
    assert secret_values(STORE, wanted, tmp_path, wanted) == {"secret:key@1": KEY, "secret:phrase@1": PHRASE}
    with pytest.raises(BadInput, match=r"(?s)key@1 is not one line.*phrase@1 has a blank"):
        secret_values(STORE, ["secret:key@1", "secret:phrase@1"], tmp_path, {"secret:key@1": Shape.LINE})


def test_a_command_prints_a_line_or_a_whole_file(tmp_path: Path) -> None:
    program = tmp_path / "vault"
    program.write_text("#!/bin/sh\necho one\necho two\n")
    program.chmod(0o755)

    for shape, value in ((Shape.LINE, "one"), (Shape.WHOLE, "one\ntwo")):
        found = secret_values(f"exec:{program}", ["secret:a@1"], tmp_path, {"secret:a@1": shape})
        assert found == {"secret:a@1": value}


def test_what_a_host_says_holds_no_value() -> None:
    values = Values({"secret:a@2": WORD, "secret:key@1": KEY}, {"secret:a@1": OLD})
    said = f"bad line 'k {OLD}', wanted {WORD}\n{KEY.splitlines()[2]} is no key\n"

    assert values.hidden(said) == ("bad line 'k secret:a@1', wanted secret:a@2\nsecret:key@1 is no key\n")
    assert values.live(f"k {WORD}\nj x\n", "k secret:a@2\n", ()) == "k secret:a@2\nj x\n"
    assert values.live("k other\n", "k secret:a@2\n", ()) == "k secret:?changed\n"
    assert values.live(f"moved: {WORD}\n", "k secret:a@2\n", ()) == "moved: secret:a@2\n"
    assert values.live(f"{KEY}\n", "secret:key@1\n", ()) == "secret:key@1\n"
    assert values.live(f"# {KEY}\n", "secret:key@1\n", ()) == "secret:?changed\n"
    other = KEY.replace("MC4", "MC5")
    assert values.live(f"# was mine\n{other}\n", "# public\n", ()) == "# was mine\nsecret:?\n"
    assert WORD not in repr(values)


def store(folder: Path, *without: str) -> None:
    lines = {"word@1": OLD, "word@2": WORD, "phrase@1": PHRASE, "key@1": KEY}
    path = folder / "store.yaml"
    path.write_text(json.dumps({name: v for name, v in lines.items() if name not in without}), "utf-8")
    path.chmod(0o600)


ROLE = """
from pyinfra.api.deploy import deploy
from igoudar.worker.calls import activate, configure
@deploy("Thing")
def thing(told):
    configure(told)
    activate(told)
"""


@dataclass
class World:
    """A checkout, its one host that answers, and all that runs leave or show: `heard`."""

    root: Path
    pool: Pool
    heard: list[bytes] = field(default_factory=list)

    def inputs(self, *files: RoleFile) -> dict[str, Any]:
        told = {"mgmt-1": {"thing": Declaration(files=files)}}
        return server_group_inputs("inventory/lab", "row", told, {"mgmt-1": ""}, STORE)

    def run(self, *files: RoleFile, plan: bool = False) -> tuple[HostResult, str]:
        """What came of it, and what people are shown; as the provider does it."""
        recorded = self.inputs(*files)
        documents = host_documents(recorded)
        report = GroupReport(self.root, "lab", "row", ["mgmt-1"])
        results = run_roles(
            self.root / "inventory" / "lab",
            self.root,
            documents,
            serials={},
            stores={"mgmt-1": STORE},
            plan=plan,
            progress=report.heard,
            pool=self.pool,
        )
        report.ended()
        told = "".join(told_of(results["mgmt-1"], documents["mgmt-1"]))
        state = [recorded, *live(recorded, {}, results), outputs_after(recorded, results, {})]
        self.heard += [told.encode(), json.dumps(state).encode()]
        self.heard += [path.read_bytes() for path in self.root.glob(".igoudar/runs/*/*")]
        return results["mgmt-1"], told

    def file(self, name: str, text: str, **more: str) -> RoleFile:
        group = grp.getgrgid(os.getgid()).gr_name
        path = f"{self.root}/etc/{name}"
        return RoleFile(path, text=text, owner=getpass.getuser(), group=group, mode="0600", **more)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """The host is reached as one of a twin, through a relay that knows where the daemon listens."""
    root = tmp_path / "checkout"
    for name in ("lab", "types", "data"):
        shutil.copytree(ROOT / "inventory" / name, root / "inventory" / name)
    site = root / "inventory" / "lab" / "site.yaml"
    site.write_text(site.read_text().replace("login: igoudar", f"login: {getpass.getuser()}"))
    (root / "templates").symlink_to(ROOT / "templates")
    (root / "roles" / "thing").mkdir(parents=True)
    (root / "roles" / "thing" / "__init__.py").write_text(ROLE)
    (root / "bin").mkdir()
    sudo = root / "bin" / "sudo"
    sudo.write_text(SUDO.format(state=root / "state"))
    sudo.chmod(0o755)
    store(root)
    daemon, told = start_sshd(tmp_path / "sshd", "mgmt-1", {"SetEnv": f"PATH={root}/bin:/usr/bin:/bin"})
    twin = root / ".igoudar" / "twin" / "lab"
    twin.mkdir(parents=True)
    (twin / SPEC).write_text("{}")
    (twin / "known_hosts").write_text(f"mgmt-1 {told.access.host_key}\n")
    shutil.copy(tmp_path / "sshd" / "login", twin / "id_ed25519")
    found = World(root, Pool())
    _overhear(found, monkeypatch)
    with relay(twin / RELAY, told.access.port):
        yield found
    found.pool.close()
    daemon.terminate()
    daemon.wait()


def _overhear(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What goes to a worker and what comes from it."""
    run, lines = Worker.run, Worker._lines

    def asked(self: Worker, name: str, arguments: Any, cancelled: Any) -> Iterator[dict[str, Any]]:
        world.heard.append(json.dumps(arguments).encode())
        return run(self, name, arguments, cancelled)

    def answered(self: Worker, cancelled: Any) -> list[bytes]:
        found = lines(self, cancelled)
        world.heard.extend(found)
        return found

    monkeypatch.setattr(Worker, "run", asked)
    monkeypatch.setattr(Worker, "_lines", answered)


@contextmanager
def relay(path: Path, port: int) -> Iterator[None]:
    """Whoever comes is led to the daemon, whatever the address."""

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner = asyncio.StreamReader()
        await reader.readline()
        inner.feed_data(f"CONNECT 127.0.0.1 {port}\n".encode())
        pump = asyncio.create_task(_feed(reader, inner))
        await serve(inner, writer)
        pump.cancel()

    loop = asyncio.new_event_loop()
    here = os.open(path.parent, os.O_PATH)
    loop.run_until_complete(asyncio.start_unix_server(one, f"/proc/self/fd/{here}/{path.name}"))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        os.close(here)


async def _feed(reader: asyncio.StreamReader, inner: asyncio.StreamReader) -> None:
    while data := await reader.read(1 << 16):
        inner.feed_data(data)
    inner.feed_eof()


@contextmanager
def watched(heard: list[bytes]) -> Iterator[None]:
    """Arguments and environment of every process that is started meanwhile."""
    stop, before = threading.Event(), {entry.name for entry in os.scandir("/proc")}

    def look() -> None:
        while not stop.is_set():
            for process in {entry.name for entry in os.scandir("/proc")} - before:
                for what in ("cmdline", "environ"):
                    with suppress(OSError):
                        heard.append(Path(f"/proc/{process}/{what}").read_bytes())
            stop.wait(0.03)  # shorter than any check that sees a secret takes

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@pytest.mark.skipif(SSHD is None, reason="needs sshd (apt install openssh-server)")
def test_secrets_reach_the_host_only(world: World, capfd: pytest.CaptureFixture[str]) -> None:
    # validators see the candidate, and may say its worst line
    check = "cat {} >/dev/null; sleep 0.1"
    config = world.file("config", "name x\npassword secret:word@1\nphrase secret:phrase@1\n", validate=check)
    key = world.file("key.pem", "secret:key@1\n", validate=check)
    with watched(world.heard):
        planned, shown = world.run(config, key, plan=True)
        assert (planned.status, planned.message) == ("ok", "")
        assert "+password secret:word@1\n+phrase secret:phrase@1\n" in shown
        assert not (world.root / "etc").exists()
        done, _ = world.run(config, key)
        assert (done.status, done.message) == ("ok", "")
        again, _ = world.run(config, key)
        assert (again.status, again.changes) == ("ok", ())
    written = (world.root / "etc" / "config").read_text(), (world.root / "etc" / "key.pem").read_text()
    assert written == (f"name x\npassword {OLD}\nphrase {PHRASE}\n", f"{KEY}\n")
    assert stat.S_IMODE((world.root / "etc" / "key.pem").stat().st_mode) == 0o600

    newer = replace(config, text=(config.text or "").replace("word@1", "word@2"))
    _drift(world.root / "etc")
    with watched(world.heard):
        planned, shown = world.run(newer, key, plan=True)
        lines = (
            "-name y\n-password secret:?changed\n+name x\n+password secret:word@2\n phrase secret:phrase@1\n"
        )
        assert lines in shown
        assert "-secret:?changed\n+secret:key@1\n" in shown
        refused = replace(newer, validate="cat {}; false")
        failed, _ = world.run(refused, key)
        assert failed.status == "failed"
        assert "password secret:word@2\nphrase secret:phrase@1" in failed.message
    said = "".join(capfd.readouterr())
    leaked = [(s, h[:200]) for s in (*ALL, DRIFT) for h in (*world.heard, said.encode()) if s.encode() in h]
    assert leaked == []
    here = {world.root / "store.yaml", world.root / "etc" / "config", world.root / "etc" / "key.pem"}
    left = [p for p in world.root.rglob("*") if p.is_file() and p not in here]
    assert [p for p in left for s in ALL if s.encode() in p.read_bytes()] == []
    assert any(b"secret:word@2" in told for told in world.heard), "something was heard at all"
    assert any(b"igoudar.worker" in told for told in world.heard), "processes were seen"


DRIFT = "DRIFTEDVALUE"


def _drift(folder: Path) -> None:
    """Somebody writes another key into the file, and another word into the key's."""
    config, key = folder / "config", folder / "key.pem"
    config.write_text(config.read_text().replace("name x", "name y"))
    key.write_text(key.read_text().replace("MC4CAQAw", DRIFT))


@pytest.mark.skipif(SSHD is None, reason="needs sshd (apt install openssh-server)")
def test_a_host_that_lacks_a_value_is_not_touched(world: World) -> None:
    store(world.root, "word@2")
    result, _ = world.run(world.file("other", "x\n"), world.file("config", "password secret:word@2\n"))

    assert result.status == "failed"
    assert "there is no value for the secret word@2" in result.message
    assert not (world.root / "etc").exists()


def test_a_changed_version_is_a_changed_line_of_the_preview(tmp_path: Path) -> None:
    def recorded(version: int) -> dict[str, Any]:
        file = RoleFile("/etc/thing", text=f"a\npassword secret:word@{version}\n", mode="0600")
        told = {"srv-1": {"thing": Declaration(files=(file,))}}
        return server_group_inputs("inventory/lab", "row", told, {"srv-1": "S"}, STORE)

    before, after = recorded(1), recorded(2)
    assert before["texts"]["/etc/thing"]["srv-1"].replace("@1", "@2") == after["texts"]["/etc/thing"]["srv-1"]
    assert before["hosts"] != after["hosts"]
    assert before["_group"]["secrets"] == STORE
