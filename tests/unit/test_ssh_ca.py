"""Certificates of SSH, judged by OpenSSH itself: a real sshd with what the role writes, and a real ssh."""

from __future__ import annotations

import getpass
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pytest

from igoudar.errors import Where
from igoudar.hostview import HostView, Login
from igoudar.model import Role
from igoudar.render_roles import render_declaration
from igoudar.roles import RoleFile, load_roles
from igoudar.site import SshCa
from igoudar.ssh_certificates import parsed
from tests.roles.views import view
from tests.unit.test_transport import SSHD, keygen, start_sshd

ROLE = load_roles(Path(__file__).parents[2] / "roles")["ssh_ca"]
ME = getpass.getuser()
pytestmark = pytest.mark.skipif(SSHD is None, reason="needs sshd (apt install openssh-server)")


def sign(authority: Path, key: Path, *names: str, host: bool = False) -> str:
    """The certificate of `key`, beside it."""
    words = ["-h"] if host else []
    words += ["-I", key.name, "-n", ",".join(names), "-V", "-1d:20361231"]
    subprocess.run(["ssh-keygen", "-q", "-s", authority, *words, key.with_suffix(".pub")], check=True)
    return key.with_name(f"{key.name}-cert.pub").read_text().strip()


def written(host: HostView, folder: Path) -> dict[str, RoleFile]:
    """What the role writes, by name, moved into `folder`."""
    told = render_declaration(ROLE.declare(ROLE.settings({}, Where("d.yaml")), host, {}), ROLE)
    files = {}
    for file in told.files:
        path = folder / file.path.removeprefix("/etc/ssh/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text((file.text or "").replace("/etc/ssh", str(folder)))
        files[path.name] = file
    return files


def accepted(file: RoleFile, path: Path) -> bool:
    """Whether the candidate passes the role's own check of it."""
    check = file.validate.replace("{}", str(path))
    path_of_root = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
    return subprocess.run(["sh", "-c", check], env=path_of_root, check=False).returncode == 0


@dataclass(frozen=True)
class World:
    """Keys and a daemon that has the role's files; `port` is its own."""

    folder: Path
    port: int
    known_hosts: Path

    def login(self, key: str, known_hosts: Path | None = None) -> subprocess.CompletedProcess[str]:
        options = {
            "BatchMode": "yes",
            "IdentitiesOnly": "yes",
            "IdentityFile": self.folder / key,
            "KexAlgorithms": "curve25519-sha256",
            "StrictHostKeyChecking": "yes",
            "GlobalKnownHostsFile": "none",
            "UserKnownHostsFile": known_hosts or self.known_hosts,
            "HostKeyAlias": "srv-1.small.example",
            "Port": self.port,
        }
        words = [f"-o{name}={value}" for name, value in options.items()]
        command = ["ssh", "-F", "none", *words, f"{ME}@127.0.0.1", "echo in"]
        return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A host with a certificate, two authorities of people, and a group that may log in."""
    folder = tmp_path_factory.mktemp("ssh-ca")
    keys = {name: keygen(folder / name) for name in ("people", "next", "hosts", "strangers", "lost")}
    keygen(folder / "srv-1")
    certificate = sign(folder / "hosts", folder / "srv-1", "srv-1", "srv-1.small.example", host=True)
    ca = SshCa(
        users=(keys["people"], keys["next"]),
        hosts=(keys["hosts"],),
        principals={ME: ("operators",)},
        revoked=(keys["lost"],),
    )
    host = view("srv-1", Role.MANAGEMENT, "192.0.2.101", logins=(Login(ME, (), True),), ssh_ca=ca)
    files = written(replace(host, certificate=parsed(certificate, "c")), folder / "etc")
    config = folder / "etc" / "sshd_config.d" / files["30-igoudar-ca.conf"].path.rpartition("/")[2]
    if os.geteuid() == 0:  # others cannot read the host's own keys
        assert accepted(files["30-igoudar-ca.conf"], config)
    lines = (line.split(" ", 1) for line in config.read_text().splitlines() if line[0] != "#")
    own: dict[str, object] = {**dict(lines), "AuthorizedKeysFile": "none", "HostKey": folder / "srv-1"}
    daemon, told = start_sshd(folder / "sshd", "srv-1", own)
    yield World(folder, told.access.port, folder / "etc" / "ssh_known_hosts")
    daemon.terminate()
    daemon.wait()


@pytest.mark.parametrize(
    ("authority", "name", "lets_in"),
    [
        ("people", ME, True),
        ("next", "operators", True),  # the authority that is rolled in, and a group
        ("strangers", ME, False),
        ("people", "guests", False),
    ],
)
def test_a_certificate_lets_in_by_its_authority_and_its_names(
    world: World, authority: str, name: str, lets_in: bool
) -> None:
    key = world.folder / f"by-{authority}-{name}"
    keygen(key)
    sign(world.folder / authority, key, name)
    done = world.login(key.name)

    assert (done.returncode == 0, done.stdout) == ((True, "in\n") if lets_in else (False, ""))
    assert lets_in or "Permission denied (publickey" in done.stderr


def test_a_revoked_key_is_refused_whoever_signed_it(world: World) -> None:
    sign(world.folder / "people", world.folder / "lost", ME)

    assert "Permission denied (publickey" in world.login("lost").stderr


def test_a_host_is_known_by_its_certificate_alone(world: World, tmp_path: Path) -> None:
    known = world.known_hosts.read_text()
    assert known.startswith("@cert-authority *.small.example,mgmt-1,mgmt-2,leaf-1,srv-1 ssh-ed25519 ")
    other = tmp_path / "known_hosts"
    hosts, strangers = ((world.folder / f"{n}.pub").read_text().split()[1] for n in ("hosts", "strangers"))
    other.write_text(known.replace(hosts, strangers))

    done = world.login("people", other)
    assert done.returncode != 0
    assert "Host key verification failed" in done.stderr


def test_a_line_that_is_no_key_is_refused_before_sshd_has_it(world: World, tmp_path: Path) -> None:
    good = (world.folder / "people.pub").read_text().strip()
    host = view("srv-1", Role.SERVER, "192.0.2.101", ssh_ca=SshCa(users=(good, "ssh-ed25519 AAAA broken")))

    file = written(host, tmp_path)["user-ca.pub"]
    assert not accepted(file, tmp_path / "igoudar" / "user-ca.pub")
    one = written(replace(host, ssh_ca=SshCa(users=(good,))), tmp_path)["user-ca.pub"]
    assert accepted(one, tmp_path / "igoudar" / "user-ca.pub")


def test_a_certificate_is_for_the_key_that_was_signed(world: World, tmp_path: Path) -> None:
    """The host with another key leaves it alone; the fingerprint is that of ssh-keygen."""
    certificate = parsed((world.folder / "srv-1-cert.pub").read_text().strip(), "c")
    host = view("srv-1", Role.SERVER, "192.0.2.101", ssh_ca=SshCa(hosts=("x",)), certificate=certificate)
    unless = written(host, tmp_path)["host-cert.pub"].unless
    assert certificate.key == " ".join((world.folder / "srv-1.pub").read_text().split()[:2])
    assert certificate.principals == ("srv-1", "srv-1.small.example")
    assert certificate.until in (date(2036, 12, 30), date(2036, 12, 31))
    for key, left_alone in (("srv-1", False), ("people", True)):
        test = unless.replace("/etc/ssh/ssh_host_ed25519_key.pub", str(world.folder / f"{key}.pub"))
        assert (subprocess.run(["sh", "-c", test], check=False).returncode == 0) is left_alone
