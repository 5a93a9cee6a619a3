"""The way in, judged by OpenSSH itself: a real sshd with what the roles write, and real logins through it."""

from __future__ import annotations

import getpass
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from igoudar.errors import BadInput, DeviceFailed, Where
from igoudar.hostview import HostView, Login, Neighbour
from igoudar.model import Role
from igoudar.render_roles import render_declaration
from igoudar.roles import Declaration, load_roles
from igoudar.site import SshCa
from igoudar.transport import Access, Bastion, connect
from tests.roles.views import MANAGEMENT, SSH_CA, view
from tests.unit.test_ssh_ca import sign
from tests.unit.test_transport import SSHD, Daemon, keygen, start_sshd

ROLES = load_roles(Path(__file__).parents[2] / "roles")
ME = getpass.getuser()
BIN = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
needs_sshd = pytest.mark.skipif(SSHD is None, reason="needs sshd (apt install openssh-server)")


def told(role: str, host: HostView, **settings: object) -> Declaration:
    folder = ROLES[role]
    return render_declaration(folder.declare(folder.settings(settings, Where("d.yaml")), host), folder)


def written(folder: Path, *roles: Declaration) -> Path:
    """What the roles write under /etc/ssh, moved into `folder`, as Debian's sshd_config includes it."""
    for file in (file for role in roles for file in role.files if file.path.startswith("/etc/ssh/")):
        path = folder / file.path.removeprefix("/etc/ssh/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text((file.text or "").replace("/etc/ssh", str(folder)))
    config = folder / "sshd_config"
    debian = ("X11Forwarding yes", "AllowTcpForwarding yes", "Subsystem sftp internal-sftp")
    config.write_text("\n".join((f"Include {folder}/sshd_config.d/*.conf", *debian, "")))
    return config


@dataclass(frozen=True)
class World:
    """A box behind a bastion. `places` of the bastion: the box's address, with its port, and no other."""

    folder: Path
    box: Daemon
    bastion: Daemon

    def through(self, target: Access) -> Access:
        return replace(target, via=Bastion(self.bastion.access))

    def ssh(self, *words: str, key: str = "sshd/login") -> subprocess.CompletedProcess[str]:
        """The people's own client, to the bastion."""
        options = {
            "BatchMode": "yes",
            "IdentitiesOnly": "yes",
            "IdentityFile": self.folder / key,
            "KexAlgorithms": "curve25519-sha256",
            "StrictHostKeyChecking": "no",
            "UserKnownHostsFile": "/dev/null",
            "LogLevel": "ERROR",
            "Port": self.bastion.access.port,
        }
        said = [f"-o{name}={value}" for name, value in options.items()]
        command = ["ssh", "-F", "none", *said, *words[:-1], f"{ME}@127.0.0.1", *words[-1:]]
        return subprocess.run(
            [word for word in command if word],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The tester is somebody without sudo, and comes by a key or by a certificate of `people`."""
    folder = tmp_path_factory.mktemp("bastion")
    behind, box = start_sshd(folder / "box", "leaf-1")
    host = view(
        "mgmt-1",
        Role.MANAGEMENT,
        "192.0.2.2",
        logins=(Login(ME, (), False),),
        neighbours=(Neighbour("leaf-1", "127.0.0.1"),),
        ssh_ca=SshCa(users=(keygen(folder / "people"),)),
    )
    roles = told("bastion", host, ports=[box.access.port]), told("ssh_ca", host)
    daemon, bastion = start_sshd(folder / "sshd", "mgmt-1", config=written(folder / "etc", *roles))
    yield World(folder, box, bastion)
    for process in (daemon, behind):
        process.terminate()
        process.wait()


@needs_sshd
def test_a_jump_to_a_box_of_the_site_and_the_log_that_says_where_to(world: World) -> None:
    with connect(world.through(world.box.access)) as session:
        assert session.run("echo in").out == b"in\n"

    log = world.bastion.log.read_text()
    assert f"target 127.0.0.1 port {world.box.access.port}" in log
    assert f"Accepted publickey for {ME} from 127.0.0.1" in log


@needs_sshd
@pytest.mark.parametrize("place", ["another port", "another spelling"])
def test_a_jump_to_anywhere_else_is_refused(world: World, place: str) -> None:
    elsewhere = {
        "another port": replace(world.box.access, port=world.bastion.access.port),
        "another spelling": replace(world.box.access, address="localhost"),
    }[place]
    with pytest.raises(DeviceFailed, match="Administratively prohibited"):
        connect(world.through(elsewhere))


@needs_sshd
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("echo in",), "not available"),  # the words of nologin
        (("-T", ""), "not available"),
        (("-s", "sftp"), "not available"),
        (("-tt", ""), "PTY allocation request failed"),
    ],
)
def test_who_only_passes_gets_no_shell(world: World, words: tuple[str, ...], said: str) -> None:
    done = world.ssh(*words)

    assert done.returncode != 0
    assert said in done.stdout + done.stderr
    assert "in\n" not in done.stdout


@needs_sshd
def test_nothing_comes_back_through_it(world: World) -> None:
    done = world.ssh("-N", "-oExitOnForwardFailure=yes", "-R127.0.0.1:0:127.0.0.1:22", "")

    assert done.returncode == 255
    assert "remote port forwarding failed" in done.stderr


@needs_sshd
@pytest.mark.parametrize(("name", "passes"), [(ME, True), ("guests", False)])
def test_a_certificate_passes_as_a_key_does(world: World, name: str, passes: bool) -> None:
    keygen(world.folder / f"of-{name}")
    sign(world.folder / "people", world.folder / f"of-{name}", name)
    done = world.ssh(f"-W127.0.0.1:{world.box.access.port}", "", key=f"of-{name}")

    assert done.stdout.startswith("SSH-2.0-OpenSSH") is passes
    assert passes or "Permission denied (publickey" in done.stderr


@needs_sshd
def test_beside_base_it_counts_and_each_login_gets_its_own(tmp_path: Path) -> None:
    """Of all files together, by sshd's own words: base's stand after it, and say something else."""
    keygen(tmp_path / "host")
    host = replace(MANAGEMENT, ssh_ca=SSH_CA)
    config = written(tmp_path / "etc", *(told(role, host) for role in ("base", "ssh_ca", "bastion")))
    found = {}
    for login in ("igoudar", "amina", "karim"):
        asked = ["-T", "-f", config, "-h", tmp_path / "host", "-C", f"user={login},host=h,addr=192.0.2.9"]
        done = subprocess.run([str(SSHD), *asked], env=BIN, capture_output=True, text=True, check=True)
        found[login] = dict(line.partition(" ")[::2] for line in done.stdout.splitlines())

    for login, said in found.items():
        assert said["allowtcpforwarding"] == "local"
        assert said["permitopen"].split() == [
            f"{word}:22"
            for name, address in (("mgmt-2", "192.0.2.3"), ("leaf-1", "192.0.2.21"), ("srv-1", "192.0.2.101"))
            for word in (address, name, f"{name}.small.example")
        ]
        assert said["permitlisten"] == "none"
        assert (said["allowagentforwarding"], said["x11forwarding"], said["permittunnel"]) == ("no",) * 3
        assert (said["maxstartups"], said["maxauthtries"], said["logingracetime"]) == (
            "200:30:400",
            "3",
            "20",
        )
        assert said["forcecommand"] == ("/usr/sbin/nologin" if login == "karim" else "none")
        assert said["permittty"] == ("no" if login == "karim" else "yes")
        assert (said["permitrootlogin"], said["passwordauthentication"]) == ("no", "no")  # base's
        assert said["trustedusercakeys"].endswith("/igoudar/user-ca.pub")


@needs_sshd
@pytest.mark.skipif(os.geteuid() != 0, reason="sshd -t reads the host's own keys")
def test_its_own_check_judges_the_text(tmp_path: Path) -> None:
    (file,) = told("bastion", MANAGEMENT).files
    good, bad = tmp_path / "good", tmp_path / "bad"
    good.write_text(file.text or "")
    bad.write_text((file.text or "").replace("PermitOpen 192.0.2.3:22", "PermitOpen 192.0.2.3:ssh:22"))
    checks = [["sh", "-c", file.validate.replace("{}", str(path))] for path in (good, bad)]

    assert [subprocess.run(c, env=BIN, capture_output=True, check=False).returncode == 0 for c in checks] == [
        True,
        False,
    ]


def test_more_places_than_sshd_takes_are_refused() -> None:
    many = replace(
        MANAGEMENT, neighbours=tuple(Neighbour(f"srv-{n}", f"10.0.{n // 250}.{n % 250}") for n in range(2001))
    )
    with pytest.raises(BadInput, match="6003 places behind the bastion, and sshd takes 6000"):
        told("bastion", many)

    assert told("bastion", many, names=False).files
