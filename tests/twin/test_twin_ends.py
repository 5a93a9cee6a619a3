"""Twins beside each other, killed, as an ordinary user, and gone without a trace."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from igoudar import twin
from igoudar.errors import Missing
from igoudar.twin import Image
from tests.twin.small import ROOT, address, out, processes, received, spec, up

pytestmark = [pytest.mark.image, pytest.mark.timeout(300)]
NOBODY = 65534


# Whole trees, name by name with size and time; and folders where others may work too: the names in them.
TREES = ("/etc", "/usr/local", "/opt", "/var/spool/cron")
FOLDERS = (
    "/",
    "/dev",
    "/dev/shm",
    "/run",
    "/run/netns",
    "/run/systemd/system",
    "/var",
    "/var/lib",
    "/var/tmp",
)
# Made by the system itself, or by tests beside this one, at any time.
PASSING = re.compile(
    r"/(dev/(pts|shm/(sem\.|tmp)|loop)|run/(user|lock|systemd/transient))|^/etc/mtab|~$|\.lock$"
)


def machine() -> dict[str, list[str]]:
    """What a twin could leave behind or change: network, mounts, kernel settings and files."""
    ip = {
        what: json.loads(subprocess.check_output(["ip", "-json", *what.split()]))
        for what in ("-4 addr", "-4 rule", "-4 route show table all", "link")
    }
    mounts = [
        line for line in Path("/proc/self/mounts").read_text("utf-8").splitlines() if "/twin/" not in line
    ]
    return {
        "links": sorted(f"{link['ifname']} {link['mtu']} {link.get('address')}" for link in ip["link"]),
        "addresses": sorted(f"{a['ifname']} {i['local']}" for a in ip["-4 addr"] for i in a["addr_info"]),
        "routes": sorted(json.dumps(r) for r in (*ip["-4 rule"], *ip["-4 route show table all"])),
        "mounts": sorted(mounts),
        "settings": list(settings()),
        "files": sorted(files()),
    }


def but_files(told: dict[str, list[str]]) -> dict[str, list[str]]:
    return {key: value for key, value in told.items() if key != "files"}


def left_behind(before: dict[str, list[str]]) -> set[str]:
    """New or changed files that stay; those of tests beside this one come and go."""
    found = {*files()} - {*before["files"]}
    deadline = time.monotonic() + 60
    while found and time.monotonic() < deadline:
        time.sleep(0.5)
        found &= {*files()}
    return found


def settings() -> Iterator[str]:
    """Forwarding, filters and limits: whatever of the kernel's network may be set."""
    for family in ("ipv4", "ipv6", "bridge"):
        for path in sorted(Path("/proc/sys/net", family).rglob("*")):
            if path.is_file() and os.access(path, os.R_OK):
                with contextlib.suppress(OSError):
                    yield f"{path} {path.read_text('utf-8')}"


def files() -> Iterator[str]:
    """All but folders of tests and of tools; of the home the names, and what our programs might keep."""
    home = Path.home()
    for top in (*TREES, home / ".uml", home / ".pulumi", home / ".ssh"):
        for path in (p for p in Path(top).rglob("*") if not PASSING.search(str(p))):
            with contextlib.suppress(OSError):
                told = path.lstat()
                yield f"{path} {told.st_size} {told.st_mtime_ns}"
    for folder in (*FOLDERS, home):
        yield from (str(p) for p in Path(folder).glob("*") if not PASSING.search(str(p)))
    for pattern in ("vm_file*", "*uml*", "*.cow", "igoudar-*"):
        yield from (str(p) for p in Path("/tmp").glob(pattern))


def start(folder: Path) -> subprocess.Popen[str]:
    """`up` as a process of its own."""
    image = twin.find_image(ROOT)
    words = [sys.executable, "-m", "tests.twin.small", "up", str(folder), str(image.path)]
    return subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def until(path: Path) -> None:
    deadline = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} does not appear"
        time.sleep(0.02)


def test_two_twins_do_not_meet_and_nothing_is_left(tmp_path: Path) -> None:
    before = machine()
    one = tmp_path / "one"
    two = tmp_path / "a-path-that-is-much-longer-than-a-unix-socket-may-be" / ("x" * 70) / "run"
    up(spec("same"), one)
    up(spec("same"), two)
    address(one)
    out(two, "sw-1", "sudo ip link set swp1 up; sudo ip address replace 10.0.0.1/24 dev swp1")
    out(one, "sw-2", "echo one > which; sync")
    assert out(two, "sw-2", "ls") == ""
    assert received(one, "sw-1", "10.0.0.2") == 3
    assert received(two, "sw-1", "10.0.0.2") == 0  # the other end has that address in the other twin only
    assert but_files(machine()) == but_files(before)
    twin.down(two, wipe=True)
    assert not two.exists()
    assert received(one, "sw-1", "10.0.0.2") == 3
    # its first process is killed: all of it ends, and `up` starts it again on the same disks
    os.kill(int((one / "pid").read_text("utf-8")), signal.SIGKILL)
    deadline = time.monotonic() + 10
    while processes(one) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert processes(one) == []
    assert not twin.is_up(one)
    up(spec("same"), one)
    assert out(one, "sw-2", "cat which") == "one"
    keys = (one / "known_hosts").read_text("utf-8")
    twin.down(one)
    assert processes(one) == []
    assert sorted(p.name for p in one.iterdir()) == [
        *("hostkeys", "id_ed25519", "id_ed25519.pub", "known_hosts", "lock")
    ]
    assert (one / "known_hosts").read_text("utf-8") == keys
    with pytest.raises(Missing):
        twin.status(one)
    assert but_files(machine()) == but_files(before)
    assert left_behind(before) == set()


def test_a_killed_up_is_completed_by_two_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    early = start(folder)
    until(folder / "pid")
    early.kill()
    early.wait()
    late = start(folder)
    until(folder / "disks" / "sw-1.cow")
    late.kill()
    late.wait()
    try:
        both = [start(folder), start(folder)]
        said = [process.communicate(timeout=200)[0] for process in both]
        assert [process.returncode for process in both] == [0, 0], said
        assert [s.state for s in twin.status(folder)] == ["on", "on", "on"]
        first = subprocess.check_output(["pgrep", "-f", f"igoudar.twin.supervisor {folder} "], text=True)
        assert len(first.split()) == 2  # `unshare` and the first process
    finally:
        twin.down(folder, wipe=True)
    assert processes(folder) == []


@pytest.fixture
def public() -> Iterator[Path]:
    """A folder that everybody can read and write."""
    path = Path(tempfile.mkdtemp(prefix="igoudar-"))
    path.chmod(0o777)
    yield path
    shutil.rmtree(path)


def image_for_all(folder: Path) -> Image:
    """The image where an ordinary user can read it; a program's interpreter is an absolute path."""
    made, copy = twin.find_image(ROOT), Image(folder / "image")
    shutil.copytree(made.path / "lib", copy.path / "lib")
    shutil.copy(made.kernel, copy.kernel)
    try:
        os.link(made.disk, copy.disk)  # hosts only read it
    except OSError:
        subprocess.run(["cp", "--sparse=always", made.disk, copy.disk], check=True)
    lib = copy.path / "lib"
    words = ["--set-interpreter", str(lib / "ld-linux-x86-64.so.2"), "--set-rpath", str(lib)]
    subprocess.run(["patchelf", *words, str(copy.kernel)], check=True)
    return copy


def test_an_ordinary_user_can_do_it_all(public: Path) -> None:
    image, words, environment = twin.find_image(ROOT), list[str](), dict(os.environ)
    python = sys.executable
    if os.geteuid() == 0:
        words = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
        image = image_for_all(public)
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(public),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONPATH": f"{ROOT / 'src'}:{sysconfig.get_path('purelib')}",
        }
        python = f"/usr/bin/python3.{sys.version_info.minor}"  # ours may lie in root's home
        can = subprocess.run([*words, python, "-c", "import igoudar.twin"], env=environment, check=False)
        if can.returncode != 0:
            pytest.skip("no Python of this version that an ordinary user can run")
    folder = public / "run"
    done = subprocess.run(
        [*words, python, "-m", "tests.twin.small", "life", str(folder), str(image.path)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "states": ["on", "on", "on"],
        "jumbo": 3,
        "isolated": 0,
        "managed": 3,
        "cut": 0,
        "mended": 3,
        "kernel": "all",
        "kept": ["hostkeys", "id_ed25519", "id_ed25519.pub", "known_hosts", "lock"],
        "processes": [],
    }
    assert {p.stat().st_uid for p in folder.rglob("*")} == {NOBODY if words else os.getuid()}
