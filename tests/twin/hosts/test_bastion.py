"""The hardware path: a switch is reached through the bastion, SSH within SSH, both host keys pinned.

The bastion then narrows what it passes on (role `bastion`), and hands a pool of packages on (`igoudar pool
push`, roles `package_mirror` and `packages`): the same three kernels serve, with apt, dpkg and systemd.
"""

from __future__ import annotations

import io
import tarfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from igoudar import runs as run_ids
from igoudar import twin
from igoudar.errors import DeviceFailed, Where
from igoudar.hostview import HostView, Login, Neighbour
from igoudar.model import Role
from igoudar.pool import folder as pool
from igoudar.pool.apt import Apt, stanza
from igoudar.pool.lock import Lock
from igoudar.pool.push import Pushed, push, snapshot_of
from igoudar.render_roles import render_declaration
from igoudar.role_document import Document, as_document
from igoudar.roles import load_roles
from igoudar.site import Packages
from igoudar.transport import Access, Bastion, connect
from igoudar.twin.paths import Folder
from igoudar.twin.waiting import access
from igoudar.worker.lockout import Window
from igoudar.worker.results import HostResult
from igoudar.worker.site_roles import Told, apply_roles
from tests.pool_world import Keys, deb, made_keys, needs_tools, run, upstream
from tests.roles.views import view
from tests.twin import small

pytestmark = [pytest.mark.image, pytest.mark.timeout(600)]
ROLES = load_roles(small.ROOT / "roles")
SPEC = small.spec("bastion")
MIRROR, HOST = Neighbour("mgmt-1", "192.0.2.2"), Neighbour("sw-1", "192.0.2.11")
OLD, NEW = "20261101T000000Z", "20261120T000000Z"
# In place of nginx, which the image has not: where its text says, what its text says. The text itself is
# judged by a real one in tests/unit/test_pool.py.
STAND_IN = """#!/usr/bin/python3
import functools, http.server, re, sys
words = sys.argv[1:]
text = open(words[words.index("-c") + 1] if "-c" in words else "/etc/nginx/nginx.conf").read()
address, port = re.search(r"listen ([0-9.]+):(\\d+);", text).groups()
root = re.search(r"root (\\S+);", text)[1]
served = functools.partial(http.server.SimpleHTTPRequestHandler, directory=root)
if "-t" not in words:
    http.server.ThreadingHTTPServer((address, int(port)), served).serve_forever()
"""
UNIT = "[Service]\nExecStart=/usr/sbin/nginx\n[Install]\nWantedBy=multi-user.target\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("bastion") / "run"
    small.up(SPEC, path)
    yield path
    twin.down(path, wipe=True)


def reached(folder: Path, name: str) -> Access:
    return access(Folder(folder), SPEC, SPEC.host(name))


def through_bastion(folder: Path, name: str = "sw-1", user: str = "igoudar") -> Access:
    """`sw-1`, which the relay is not asked for: only the bastion is."""
    return replace(reached(folder, name), via=Bastion(replace(reached(folder, "mgmt-1"), user=user)))


def test_a_switch_is_reached_through_the_bastion(folder: Path) -> None:
    with connect(through_bastion(folder)) as session:
        assert session.run("hostname; echo $SSH_CONNECTION").out.decode().split()[:2] == ["sw-1", "192.0.2.2"]
        assert session.run("cat", b"x" * 300_000).out == b"x" * 300_000


def test_another_host_key_behind_the_bastion_is_refused(folder: Path) -> None:
    wrong = reached(folder, "sw-2").host_key
    with pytest.raises(DeviceFailed, match="host key"):
        connect(replace(through_bastion(folder), host_key=wrong))


def document(role: str, host: HostView) -> Document:
    folder = ROLES[role]
    return as_document(render_declaration(folder.declare(folder.settings({}, Where("d")), host, {}), folder))


def applied(folder: Path, host: str, roles: Mapping[str, Document]) -> HostResult:
    told = Told(small.ROOT / "roles", window=Window(run_ids.new_id(), 60, step=60), by="a test")
    hosts = {host: (reached(folder, host), roles)}
    return apply_roles(hosts, told, plan=False, emit=lambda _: None, whole=False)[host]


def test_the_bastion_passes_on_to_the_sites_own_boxes_alone(folder: Path) -> None:
    """Of the site by its view: sw-1, and not sw-2. `karim` passes, and gets no shell."""
    key = reached(folder, "mgmt-1").key_path.with_suffix(".pub").read_text("utf-8").strip()
    people = (Login("karim", (key,), False),)
    host = view("mgmt-1", Role.MANAGEMENT, MIRROR.address, logins=people, neighbours=(MIRROR, HOST))
    roles = {role: document(role, host) for role in ("base", "bastion")}
    result = applied(folder, "mgmt-1", roles)
    assert (result.status, result.message) == ("ok", "")
    assert applied(folder, "mgmt-1", roles).changes == ()

    with connect(through_bastion(folder, user="karim")) as session:
        assert session.run("hostname").out == b"sw-1\n"
    with pytest.raises(DeviceFailed, match="Administratively prohibited"):
        connect(through_bastion(folder, "sw-2", user="karim"))
    with connect(replace(reached(folder, "mgmt-1"), user="karim")) as session:
        assert b"not available" in session.run("id").out


@pytest.fixture(scope="module")
def keys() -> Iterator[Keys]:
    with made_keys() as made:
        yield made


@dataclass(frozen=True)
class Pool:
    """The operator's: `snapshot` of it is of `version`s of the package `greeting`."""

    folder: Path
    key: str
    run: Path

    def locked(self, snapshot: str, version: str) -> Lock:
        """Found, fetched and signed as the commands do."""
        source = self.folder / "sources" / version
        upstream(source, {"greeting": {"Version": version}}, "stranger@example")
        told = stanza(f"copy:{source}", "trixie", "main", self.folder / "stranger.asc")
        apt = Apt(self.folder / f"apt-{version}", told, "amd64", lambda _: None)
        apt.update()
        lock = Lock(Where("lock"), snapshot, "trixie", "amd64", apt.locked({"greeting": version}))
        pool.fetch(lock, [f"copy:{source}"], self.folder / "pool", lambda _: None)
        pool.publish(lock, "small", self.folder / "pool", "pool@example")
        return lock

    def pushed(self, lock: Lock) -> Pushed:
        """What the mirror was sent; sw-1, whose clock may be behind, takes no signature of the future."""
        with connect(reached(self.run, "mgmt-1")) as session:
            sent = push(session, snapshot_of(lock, self.folder / "pool"), lambda _: None)
        small.out(self.run, "sw-1", f"until [ $(date +%s) -gt {int(time.time())} ]; do sleep 0.2; done")
        return sent

    def view(self, name: str, role: Role, address: str, snapshot: str) -> HostView:
        more: dict[str, Any] = {"packages": Packages(key=self.key), "services": {"packages": (MIRROR,)}}
        return view(name, role, address, snapshot=snapshot, **more)

    def host(self, snapshot: str, *packages: str) -> HostResult:
        """sw-1 at the snapshot, with a role that wants these packages."""
        told = document("packages", self.view("sw-1", Role.SERVER, HOST.address, snapshot))
        wants: dict[str, Document] = {"lldpd": {"packages": list(packages)}} if packages else {}
        return applied(self.run, "sw-1", {"packages": told, **wants})

    def version(self) -> str:
        return small.out(self.run, "sw-1", "dpkg-query -W -f '${Version}' greeting; cat /usr/greeting")


def installer(folder: Path, host: str, made: Path) -> None:
    """What the installation of a host knows as a source: a folder of its own with the packages of `made`."""
    (made / "Packages").write_text(run("dpkg-scanpackages", ".", cwd=made))
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as tar:
        tar.add(made, "srv/installer")
    source = "deb [trusted=yes] file:/srv/installer ./"
    with connect(reached(folder, host)) as session:
        command = f"sudo tar -x -C / && echo '{source}' | sudo tee /etc/apt/sources.list.d/installer.list"
        assert session.run(command, data.getvalue()).status == 0


@pytest.fixture(scope="module")
def mirrored(folder: Path, keys: Keys, tmp_path_factory: pytest.TempPathFactory) -> Pool:
    """mgmt-1 serves an empty pool; sw-1 has what its installer knew."""
    made = tmp_path_factory.mktemp("pool")
    (made / "stranger.asc").write_text(keys.stranger)
    found = Pool(made, keys.pool, folder)
    tree = made / "nginx"
    for path, text in (("usr/sbin/nginx", STAND_IN), ("usr/lib/systemd/system/nginx.service", UNIT)):
        (tree / path).parent.mkdir(parents=True)
        (tree / path).write_text(text)
    (tree / "usr/sbin/nginx").chmod(0o755)
    (tree / "DEBIAN").mkdir()
    fields = "Package: nginx\nVersion: 1\nArchitecture: all\nMaintainer: a <a@example>\nDescription: a\n"
    (tree / "DEBIAN/control").write_text(fields)
    (made / "of-mgmt-1").mkdir()
    run("dpkg-deb", "--build", "--root-owner-group", "-Znone", tree, made / "of-mgmt-1/nginx.deb")
    installer(folder, "mgmt-1", made / "of-mgmt-1")
    deb(made / "of-sw-1", "greeting", {"Version": "9.9"})
    installer(folder, "sw-1", made / "of-sw-1")
    twin.run(folder, "sw-1", "sudo apt-get -qq update && sudo apt-get -qq install greeting", timeout=300)
    told = document("package_mirror", found.view("mgmt-1", Role.MANAGEMENT, MIRROR.address, OLD))
    result = applied(folder, "mgmt-1", {"package_mirror": told})
    assert (result.status, result.message) == ("ok", "")
    return found


@needs_tools
def test_a_host_installs_from_the_pool_and_knows_no_other_source(mirrored: Pool) -> None:
    assert mirrored.version() == "9.9greeting"
    old = mirrored.locked(OLD, "1.0")
    assert mirrored.pushed(old).files == 5

    result = mirrored.host(OLD, "greeting")
    assert (result.status, result.message) == ("ok", "")
    assert mirrored.version() == "1.0greeting", "the version of the pool, an older one too"
    policy = small.out(mirrored.run, "sw-1", "apt-cache policy greeting")
    assert f"http://{MIRROR.address}/{OLD} trixie/main" in policy
    assert "/srv/installer" not in policy
    assert mirrored.host(OLD, "greeting").changes == ()
    assert mirrored.pushed(old) == Pushed(0, 0)


@needs_tools
def test_a_package_that_the_pool_lacks_is_refused(mirrored: Pool) -> None:
    result = mirrored.host(OLD, "greeting", "curl-of-somebody")

    assert result.status == "failed"
    assert "Unable to locate package curl-of-somebody" in result.message


@needs_tools
def test_another_snapshot_moves_the_version(mirrored: Pool) -> None:
    new = mirrored.locked(NEW, "2.0")
    before = mirrored.host(NEW)
    assert before.status == "failed", "it is not there yet"
    assert "refused before it replaced the old text" in before.message
    assert f"{NEW} trixie Release' does not have a Release file" in before.message
    assert mirrored.version() == "1.0greeting"

    mirrored.pushed(new)
    result = mirrored.host(NEW)
    assert (result.status, result.message) == ("ok", "")
    assert mirrored.version() == "2.0greeting"
