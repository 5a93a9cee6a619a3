"""A snapshot to its mirrors: what runs there runs here, in a folder, by the same shell and tools."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import subprocess
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from igoudar.errors import DeviceFailed, Missing, Where
from igoudar.inventory import LOCK
from igoudar.pool import push as pushing
from igoudar.pool.lock import Lock, Locked, lock_text
from igoudar.pool.push import Pushed, push, snapshot_of
from igoudar.transport import Access, Result
from igoudar.verify import look
from tests.errors import checkout, edit
from tests.errors import run as commanded
from tests.roles.views import POOL

OLD, NEW = "20261101T000000Z", "20261120T000000Z"
ACCESS = Access("mgmt-1", "192.0.2.2", "igoudar", Path("/none"), "")
INDEX = ("InRelease", "Release", "main/binary-amd64/Packages", "main/binary-amd64/Packages.gz")


def pooled(folder: Path, snapshot: str, packages: Mapping[str, bytes]) -> Lock:
    """A pool as `fetch` leaves it: name of a package -> what is in it."""
    locked = {}
    for name, text in packages.items():
        file = f"pool/main/{name}_1%3a1_all.deb"
        path = folder / snapshot / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text)
        locked[name] = Locked("1:1", len(text), hashlib.sha256(text).hexdigest(), file)
    for name in INDEX:
        path = folder / snapshot / "dists/trixie" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{name} of {snapshot}: {sorted(packages)}\n")
    return Lock(Where("lock"), snapshot, "trixie", "amd64", locked)


@dataclass
class Mirror:
    """A session to it; `left` is after how many commands its way is cut."""

    pool: Path
    left: int = 1000
    access: Access = ACCESS
    sent: list[int] = field(default_factory=list)

    def run(self, command: str, stdin: bytes = b"", timeout: float = 60.0) -> Result:
        assert command.startswith("sudo -n ")
        if self.left == 0:
            raise DeviceFailed(f"{self.access}: lost the connection")
        self.left -= 1
        self.sent.append(len(stdin))
        here = ["sh", "-c", command.removeprefix("sudo -n ").replace(pushing.MIRRORED, str(self.pool))]
        done = subprocess.run(here, input=stdin, capture_output=True, check=False)
        return Result(done.returncode, done.stdout, done.stderr)

    def close(self) -> None:
        pass


def pushed(mirror: Mirror, lock: Lock, folder: Path, said: list[str] | None = None) -> Pushed:
    told = said if said is not None else []
    return push(mirror, snapshot_of(lock, folder), told.append)  # type: ignore[arg-type]


def tree(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.fixture
def mirror(tmp_path: Path) -> Mirror:
    return Mirror(tmp_path / "mirror")


def test_a_mirror_gets_all_and_then_nothing_again(mirror: Mirror, tmp_path: Path) -> None:
    lock = pooled(tmp_path / "pool", NEW, {"tool": b"one", "lib": b"two"})

    assert pushed(mirror, lock, tmp_path / "pool").files == 6
    assert tree(mirror.pool) == tree(tmp_path / "pool"), "and nothing beside it"
    mode = (mirror.pool / NEW / lock.packages["tool"].file).stat().st_mode
    assert mode & 0o777 == 0o644
    assert pushed(mirror, lock, tmp_path / "pool") == Pushed(0, 0)
    assert tree(mirror.pool) == tree(tmp_path / "pool")


def test_a_push_that_broke_off_shows_nothing_and_goes_on(
    mirror: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pushing, "TOGETHER", 1)  # a message a file
    lock = pooled(tmp_path / "pool", NEW, {name: name.encode() * 9 for name in ("a1", "b1", "c1", "d1")})
    mirror.left, said = 4, list[str]()
    with pytest.raises(DeviceFailed, match="lost the connection"):
        pushed(mirror, lock, tmp_path / "pool", said)
    assert said[-1].startswith("3 of 8 files")
    assert not (mirror.pool / NEW).exists()

    mirror.left = 1000
    half = next((mirror.pool / f".{NEW}.part").rglob("*.deb"))
    half.write_bytes(half.read_bytes()[:3])
    assert pushed(mirror, lock, tmp_path / "pool").files == 6, "two of three had arrived whole"
    assert tree(mirror.pool) == tree(tmp_path / "pool")


def test_another_snapshot_takes_what_the_mirror_has(mirror: Mirror, tmp_path: Path) -> None:
    old = pooled(tmp_path / "pool", OLD, {"tool": b"one", "lib": b"two"})
    pushed(mirror, old, tmp_path / "pool")
    new = pooled(tmp_path / "pool", NEW, {"tool": b"one", "lib": b"three"})

    assert pushed(mirror, new, tmp_path / "pool").files == 5, "its index, and the package that changed"
    assert tree(mirror.pool) == tree(tmp_path / "pool"), "the old one stays as it was"
    tool = new.packages["tool"].file
    assert (mirror.pool / OLD / tool).samefile(mirror.pool / NEW / tool)


def test_a_snapshot_that_was_signed_anew_is_replaced(mirror: Mirror, tmp_path: Path) -> None:
    lock = pooled(tmp_path / "pool", NEW, {"tool": b"one"})
    pushed(mirror, lock, tmp_path / "pool")
    (tmp_path / "pool" / NEW / "dists/trixie/InRelease").write_text("by another key\n")

    assert pushed(mirror, lock, tmp_path / "pool").files == 4, "its index"
    assert tree(mirror.pool) == tree(tmp_path / "pool")


def test_what_has_not_the_sum_of_the_lock_is_never_shown(mirror: Mirror, tmp_path: Path) -> None:
    lock = pooled(tmp_path / "pool", NEW, {"tool": b"one"})
    tool = lock.packages["tool"]
    (tmp_path / "pool" / NEW / tool.file).write_bytes(b"oNe")

    with pytest.raises(DeviceFailed, match=rf"another sum than that of the lock: {tool.file}"):
        pushed(mirror, lock, tmp_path / "pool")
    assert not (mirror.pool / NEW).exists()


def test_a_mirror_gets_nothing_that_is_not_of_the_snapshot(
    mirror: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = pooled(tmp_path / "pool", NEW, {"tool": b"one"})
    (tmp_path / "pool" / "key").write_text("of the operator\n")
    asked = Result(0, b"Welcome to mgmt-1\n../key\n", b"")
    monkeypatch.setattr(mirror, "run", lambda command, stdin, seconds: asked)

    with pytest.raises(DeviceFailed, match=r"mgmt-1 .*asks for 'Welcome to mgmt-1', which is not of the"):
        pushed(mirror, lock, tmp_path / "pool")


def test_a_pool_of_links_is_sent_as_files(mirror: Mirror, tmp_path: Path) -> None:
    lock = pooled(tmp_path / "pool", NEW, {"tool": b"same", "lib": b"same"})
    tool, lib = (tmp_path / "pool" / NEW / lock.packages[name].file for name in ("tool", "lib"))
    lib.unlink()
    lib.hardlink_to(tool)
    index = tmp_path / "pool" / NEW / "dists/trixie/Release"
    index.rename(tmp_path / "Release")
    index.symlink_to(tmp_path / "Release")

    assert pushed(mirror, lock, tmp_path / "pool").files == 6
    assert tree(mirror.pool) == tree(tmp_path / "pool")
    assert not [path for path in mirror.pool.rglob("*") if path.is_symlink()]


def test_why_a_mirror_cannot_take_it_is_said(mirror: Mirror, tmp_path: Path) -> None:
    lock = pooled(tmp_path / "pool", NEW, {"tool": b"one"})

    class Full(Mirror):
        def run(self, command: str, stdin: bytes = b"", timeout: float = 60.0) -> Result:
            if len(self.sent) == 1:
                (self.pool / f".{NEW}.part" / lock.packages["tool"].file / "in-its-way").mkdir(parents=True)
            return super().run(command, stdin, timeout)

    with pytest.raises(DeviceFailed, match=r"mgmt-1 .*tool_1%3a1_all\.deb: Cannot open"):
        pushed(Full(mirror.pool), lock, tmp_path / "pool")
    assert not (mirror.pool / NEW).exists()


@pytest.mark.parametrize("commands", [1, 1000])
def test_of_two_that_push_at_once_the_first_is_told(
    mirror: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, commands: int
) -> None:
    """The other begins, or does all, between two messages of this one."""
    monkeypatch.setattr(pushing, "TOGETHER", 1)
    lock = pooled(tmp_path / "pool", NEW, {"tool": b"one", "lib": b"two"})

    def other(said: str) -> None:
        with contextlib.suppress(DeviceFailed):
            pushed(Mirror(mirror.pool, commands), lock, tmp_path / "pool")

    with pytest.raises(DeviceFailed, match=rf"mgmt-1 .*another push of {NEW} has begun since"):
        push(mirror, snapshot_of(lock, tmp_path / "pool"), other)  # type: ignore[arg-type]
    pushed(mirror, lock, tmp_path / "pool")
    assert tree(mirror.pool) == tree(tmp_path / "pool")


def test_a_mirror_does_one_thing_at_a_time(mirror: Mirror, tmp_path: Path) -> None:
    lock = pooled(tmp_path / "pool", NEW, {"tool": b"one"})
    mirror.pool.mkdir()
    held = os.open(mirror.pool, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(pushed, mirror, lock, tmp_path / "pool")
        time.sleep(0.5)
        assert [path.name for path in mirror.pool.iterdir()] == []
        os.close(held)
        assert waiting.result(30).files == 5


def test_a_pool_that_is_not_whole_is_not_sent(tmp_path: Path) -> None:
    lock = pooled(tmp_path / "pool", NEW, {"tool": b"one", "lib": b"two"})
    (tmp_path / "pool" / NEW / lock.packages["lib"].file).unlink()
    (tmp_path / "pool" / NEW / "dists/trixie/InRelease").unlink()

    with pytest.raises(Missing, match=r"lacks pool/main/lib_1%3a1_all\.deb, dists/trixie/InRelease; igoudar"):
        snapshot_of(lock, tmp_path / "pool")


def test_the_command_names_who_has_it_and_who_has_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = checkout(tmp_path / "checkout")
    site = "inventory/lab/site.yaml"
    service = "  services:\n    packages: {members: [mgmt-1, mgmt-2]}\n"
    key = json.dumps({"key": POOL.key})
    edit(root, {"file": site, "replace": ["  services:\n", f"  packages: {key}\n{service}"]})
    lock = pooled(tmp_path / "pool", NEW, {"tool": b"one"})
    (root / "inventory/lab" / LOCK).write_text(lock_text(lock, "lab"))
    mirrors = {name: Mirror(tmp_path / name) for name in ("mgmt-1", "mgmt-2")}
    mirrors["mgmt-2"].left = 0
    monkeypatch.setattr("igoudar.transport.access.require_host_keys", lambda *_: None)
    monkeypatch.setattr(look, "connect", lambda access: replace(mirrors[access.host], access=access))
    said = commanded(f"pool push lab --from {tmp_path}/pool --json", root)
    assert "{" in said, said

    told = json.loads(said[said.index("{") : said.rindex("}") + 1])
    assert told["mirrors"] == {"mgmt-1": {"bytes": told["mirrors"]["mgmt-1"]["bytes"], "files": 5}}
    assert list(told["failed"]) == ["mgmt-2"]
    assert said.endswith("exit 4\n")
    said = commanded(f"pool push lab --from {tmp_path}/pool --limit mgmt-1", root)
    assert f"mgmt-1: nothing to send\nlab: snapshot {NEW} is on 1 mirror of 1\nexit 0\n" in said
    assert [path.name for path in (tmp_path / "mgmt-1").iterdir()] == [NEW]
