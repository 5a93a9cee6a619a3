"""Logins against a real sshd on 127.0.0.1 with keys of its own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

import paramiko
import pytest
from paramiko.common import AUTH_FAILED
from paramiko.packet import Packetizer

from igoudar.errors import DeviceFailed
from igoudar.transport import Access, Bastion, connect
from igoudar.transport import session as session_

SSHD = shutil.which("sshd", path="/usr/sbin:/usr/bin")
pytestmark = pytest.mark.skipif(SSHD is None, reason="needs sshd (apt install openssh-server)")


@dataclass(frozen=True)
class Daemon:
    access: Access
    log: Path


def keygen(path: Path) -> str:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", path], check=True)
    return path.with_suffix(".pub").read_text().strip()


def start_sshd(
    folder: Path, host: str, more: Mapping[str, object] = MappingProxyType({}), config: object = "/dev/null"
) -> tuple[subprocess.Popen[bytes], Daemon]:
    """`more`: further settings of the daemon, which win over those of the file `config`."""
    folder.mkdir()
    host_key, _ = keygen(folder / "host"), keygen(folder / "login")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    shutil.copy(folder / "login.pub", folder / "authorized")
    options = {
        "ListenAddress": f"127.0.0.1:{port}",
        "HostKey": folder / "host",
        "AuthorizedKeysFile": folder / "authorized",
        "PasswordAuthentication": "no",
        "StrictModes": "no",
        "UsePAM": "no",
        "PidFile": "none",
        **more,
    }
    Path("/run/sshd").mkdir(exist_ok=True) if os.geteuid() == 0 else None
    arguments = [f"-o{key}={value}" for key, value in options.items()]
    log = (folder / "log").open("wb")
    process = subprocess.Popen([str(SSHD), "-D", "-e", "-f", str(config), *arguments], stderr=log)
    for _ in range(1000):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.05)
    user = subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()
    access = Access(host, "127.0.0.1", user, folder / "login", host_key, port)
    return process, Daemon(access, folder / "log")


@pytest.fixture(scope="module")
def daemons(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Daemon, Daemon]]:
    """A host, and another that serves as its bastion."""
    started = [start_sshd(tmp_path_factory.mktemp("sshd") / name, name) for name in ("leaf-1", "mgmt-1")]
    yield started[0][1], started[1][1]
    for process, _ in started:
        process.terminate()
        process.wait()


def test_a_command_with_stdin_and_both_outputs(daemons: tuple[Daemon, Daemon]) -> None:
    with connect(daemons[0].access) as session:
        result = session.run("cat; echo bad >&2; exit 3", b"hello\n")
    assert (result.status, result.out, result.err) == (3, b"hello\n", b"bad\n")


def test_large_texts_pass_both_ways(daemons: tuple[Daemon, Daemon]) -> None:
    text = os.urandom(3_000_000)
    with connect(daemons[0].access) as session:
        result = session.run("head -c 4000000 /dev/zero >&2; cat", text, timeout=60)
    assert result.out == text
    assert len(result.err) == 4_000_000


def test_an_exec_does_not_wait_for_nagle(daemons: tuple[Daemon, Daemon]) -> None:
    with connect(daemons[0].access) as session:
        assert session.transport.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_who_waits_for_a_command_does_not_look_ten_times_a_second(
    daemons: tuple[Daemon, Daemon], monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = list[Packetizer]()

    def look(own: Packetizer) -> None:
        looks.append(own)

    monkeypatch.setattr(Packetizer, "_check_keepalive", look)
    with connect(daemons[0].access) as session:
        looks.clear()
        begun = time.monotonic()
        assert session.run("sleep 2; cat", b"in").out == b"in"
        seconds = time.monotonic() - begun

    assert len(looks) <= seconds / session_.LISTEN_SECONDS


def test_a_login_that_is_closed_leaves_no_thread(
    daemons: tuple[Daemon, Daemon], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_, "LISTEN_SECONDS", 120.0)
    session = connect(daemons[0].access)
    session.close()
    session.transport.join(60)

    assert not session.transport.is_alive()


def test_the_key_exchange_is_curve25519(daemons: tuple[Daemon, Daemon]) -> None:
    with connect(daemons[0].access) as session:
        first = session.transport.get_security_options().kex[0]
    assert first.startswith("curve25519")


def test_several_commands_at_once_on_one_login(daemons: tuple[Daemon, Daemon]) -> None:
    with connect(daemons[0].access) as session, ThreadPoolExecutor(5) as pool:
        answers = list(
            pool.map(lambda n: session.run(f"sleep 0.5; echo line; echo {n}", timeout=60), range(5))
        )
    assert [a.out.split()[1] for a in answers] == [b"0", b"1", b"2", b"3", b"4"]


def test_a_hanging_command_is_given_up(daemons: tuple[Daemon, Daemon]) -> None:
    with connect(daemons[0].access) as session:
        with pytest.raises(DeviceFailed, match=r"leaf-1 .* did not answer `sleep 60` in 1 s"):
            session.run("sleep 60", timeout=1)
        assert session.run("echo still here").out == b"still here\n"


def test_another_host_key_is_refused(daemons: tuple[Daemon, Daemon], tmp_path: Path) -> None:
    access = replace(daemons[0].access, host_key=keygen(tmp_path / "other"))
    before = daemons[0].log.read_text().count("Accepted publickey")
    with pytest.raises(DeviceFailed, match=r"leaf-1 .* shows the host key .*somebody else answers there"):
        connect(access)
    assert daemons[0].log.read_text().count("Accepted publickey") == before


def test_no_host_key_is_refused(daemons: tuple[Daemon, Daemon]) -> None:
    with pytest.raises(DeviceFailed, match=r"leaf-1 .*: no host key is known; write `host_key`"):
        connect(replace(daemons[0].access, host_key=""))


def test_another_login_key_is_refused(daemons: tuple[Daemon, Daemon], tmp_path: Path) -> None:
    keygen(tmp_path / "other")
    with pytest.raises(DeviceFailed, match=r"the login with .*other was refused; put its public key"):
        connect(replace(daemons[0].access, key_path=tmp_path / "other"))


def test_a_missing_or_broken_login_key(daemons: tuple[Daemon, Daemon], tmp_path: Path) -> None:
    with pytest.raises(DeviceFailed, match=r"the login key .*absent does not exist"):
        connect(replace(daemons[0].access, key_path=tmp_path / "absent"))
    (tmp_path / "broken").write_text("no key\n")
    with pytest.raises(DeviceFailed, match=r"the login key .*broken cannot be used"):
        connect(replace(daemons[0].access, key_path=tmp_path / "broken"))


def test_nobody_listens(daemons: tuple[Daemon, Daemon]) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(DeviceFailed, match=r"leaf-1 .*unreachable \(.*refused"):
        connect(replace(daemons[0].access, port=port))


def test_something_else_than_ssh_listens(daemons: tuple[Daemon, Daemon]) -> None:
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        access = replace(daemons[0].access, port=mute.getsockname()[1])
        begun = time.monotonic()
        with pytest.raises(DeviceFailed, match=r"leaf-1 .*no SSH session"):
            connect(access, timeout=1)
    assert time.monotonic() - begun < 60


def test_a_login_that_fails_leaves_no_thread_and_no_file(
    daemons: tuple[Daemon, Daemon], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_, "LISTEN_SECONDS", 120.0)
    wrong = replace(daemons[0].access, host_key=daemons[1].access.host_key)
    before = {*threading.enumerate()}
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        for access in (wrong, replace(wrong, port=mute.getsockname()[1])):
            files = len([*Path("/proc/self/fd").iterdir()])
            with pytest.raises(DeviceFailed):
                connect(access, timeout=1)
            for thread in {*threading.enumerate()} - before:
                thread.join(10)
            assert {*threading.enumerate()} <= before
            assert len([*Path("/proc/self/fd").iterdir()]) <= files


class Odd(paramiko.ServerInterface):
    """A host that takes the key exchange, and is at a loss for an answer to the login."""

    def __init__(self, answers: Callable[[], object]) -> None:
        self.answers = answers

    def get_allowed_auths(self, username: str) -> str:
        return "publickey"

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        self.answers()
        return AUTH_FAILED


@pytest.mark.parametrize("ends", [True, False])
def test_no_answer_to_a_login_is_no_refusal(
    daemons: tuple[Daemon, Daemon], tmp_path: Path, ends: bool
) -> None:
    host_key = keygen(tmp_path / "host")
    over = threading.Event()
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()

        def serve() -> None:
            transport = paramiko.Transport(listening.accept()[0])
            transport.add_server_key(paramiko.Ed25519Key(filename=str(tmp_path / "host")))
            answers = transport.sock.close if ends else over.wait
            transport.start_server(event=threading.Event(), server=Odd(answers))

        server = threading.Thread(target=serve, daemon=True)
        server.start()
        access = replace(daemons[0].access, port=listening.getsockname()[1], host_key=host_key)
        said = r"EOF|ended" if ends else r"no answer to the login in 2 s"
        with pytest.raises(DeviceFailed, match=rf"leaf-1 .*no SSH session \(.*({said}).*look at sshd"):
            connect(access, timeout=2)
        over.set()
        server.join(10)


def test_what_ended_a_login_is_told_whatever_it_was(
    daemons: tuple[Daemon, Daemon], monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(self: paramiko.Transport, message: object) -> None:
        raise ValueError("of a point that is on no curve")

    monkeypatch.setattr(paramiko.Transport, "_parse_kex_init", breaks)
    with pytest.raises(DeviceFailed, match=r"leaf-1 .*no SSH session \(of a point that is on no curve\)"):
        connect(daemons[0].access)


def test_closing_a_way_that_is_lost_says_nothing(
    daemons: tuple[Daemon, Daemon], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a channel through a bastion raises whose own connection breaks just now."""

    def lost(*_: object) -> None:
        raise EOFError

    session = connect(replace(daemons[0].access, via=Bastion(daemons[1].access)))
    monkeypatch.setattr(session.transport.sock, "shutdown", lost)
    session.close()
    session.transport.join(10)
    assert not session.transport.is_alive()


def test_through_a_bastion_with_one_login_there(daemons: tuple[Daemon, Daemon]) -> None:
    host, bastion = daemons
    access = replace(host.access, via=Bastion(bastion.access))
    for _ in range(3):
        with connect(access) as session:
            assert session.run("echo through").out == b"through\n"
    assert bastion.log.read_text().count("Accepted publickey") == 1


def test_a_bastion_that_cannot_reach_the_host(daemons: tuple[Daemon, Daemon]) -> None:
    host, bastion = daemons
    with pytest.raises(DeviceFailed, match=r"leaf-1 .*unreachable \("):
        connect(replace(host.access, port=1, via=Bastion(bastion.access)))
