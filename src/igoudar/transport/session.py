"""One SSH login: pinned host key, one key file, bounded in time; commands with stdin, several at once.

paramiko leaves TCP_NODELAY off, which costs 44 ms an exec on a short path (Nagle against delayed ACK);
and would take any key exchange: curve25519 is asked for first.
"""

from __future__ import annotations

import base64
import contextlib
import logging
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import paramiko

from igoudar.errors import DeviceFailed
from igoudar.transport.access import Access, Bastion, Relay

CONNECT_SECONDS = 10.0
KEEPALIVE_SECONDS = 5
STEP_SECONDS = 0.5  # how often who waits for a command looks at the other pipes and at its deadline
# How often the thread of a login that hears nothing looks whether to go on. paramiko's own 0.1 s costs a run
# over many hosts more than all its arithmetic.
LISTEN_SECONDS = 1.0
CHUNK = 65536
# A login that ends in the middle is told by an error of ours; paramiko's own trace is nobody's reading.
logging.getLogger("paramiko").addHandler(logging.NullHandler())
logging.getLogger("paramiko").propagate = False


@dataclass(frozen=True, slots=True)
class Result:
    """What a command left behind; `status` is -1 where a signal ended it."""

    status: int
    out: bytes
    err: bytes


class Session:
    """An open login. Safe for several threads: each `run` has a channel of its own."""

    def __init__(self, access: Access, transport: paramiko.Transport) -> None:
        self.access = access
        self.transport = transport

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        _close(self.transport)

    def run(self, command: str, stdin: bytes = b"", timeout: float = 60.0) -> Result:
        """Run a command of the login shell to its end. Raises DeviceFailed after `timeout` s without one."""
        deadline = time.monotonic() + timeout
        with contextlib.closing(self._channel(min(timeout, CONNECT_SECONDS))) as channel:
            try:
                return _converse(channel, command, stdin, deadline)
            except TimeoutError as error:
                raise self.lost(f"did not answer `{_short(command)}` in {timeout:.0f} s") from error
            except (paramiko.SSHException, OSError, EOFError) as error:
                raise self.lost(f"lost the connection during `{_short(command)}` ({_text(error)})") from error

    def begin(self, command: str) -> paramiko.Channel:
        """A command that stays. Raises DeviceFailed where none can be begun."""
        channel = self._channel(CONNECT_SECONDS)
        try:
            channel.exec_command(command)
        except (paramiko.SSHException, OSError, EOFError) as error:
            channel.close()
            raise self.lost(f"does not begin `{_short(command)}` ({_text(error)})") from error
        return channel

    def _channel(self, seconds: float) -> paramiko.Channel:
        try:
            return self.transport.open_session(timeout=seconds)
        except (paramiko.SSHException, OSError, EOFError) as error:
            raise self.lost(f"takes no new command ({_text(error)})") from error

    def lost(self, what: str) -> DeviceFailed:
        return DeviceFailed(f"{self.access}: {what}; look whether it is up and reachable, then run again")


def _converse(channel: paramiko.Channel, command: str, stdin: bytes, deadline: float) -> Result:
    channel.settimeout(_left(deadline))
    channel.exec_command(command)
    out, err = bytearray(), bytearray()
    _send(channel, stdin, (out, err), deadline)
    while True:
        channel.settimeout(min(STEP_SECONDS, _left(deadline)))
        with contextlib.suppress(TimeoutError):
            piece = channel.recv(CHUNK)
            if not piece:
                break
            out += piece
        _drain(channel, out, err)
    channel.settimeout(_left(deadline))
    while piece := channel.recv_stderr(CHUNK):
        err += piece
    if not channel.status_event.wait(_left(deadline)):
        raise TimeoutError
    return Result(channel.recv_exit_status(), bytes(out), bytes(err))


def _send(
    channel: paramiko.Channel, stdin: bytes, outputs: tuple[bytearray, bytearray], deadline: float
) -> None:
    """Write all of stdin while both outputs are read: a command may answer before it listens."""
    rest = memoryview(stdin)
    while rest and not channel.closed and not channel.exit_status_ready():
        _drain(channel, *outputs)
        channel.settimeout(min(STEP_SECONDS, _left(deadline)))
        try:
            rest = rest[channel.send(bytes(rest[:CHUNK])) :]
        except TimeoutError:  # sshd takes nothing before the command runs, or it reads nothing now
            continue
        except OSError:  # it ended without reading all; its answer is still of interest
            break
    with contextlib.suppress(OSError):
        channel.shutdown_write()


def _drain(channel: paramiko.Channel, out: bytearray, err: bytearray) -> None:
    """Take what has arrived."""
    while channel.recv_ready():
        out += channel.recv(CHUNK)
    while channel.recv_stderr_ready():
        err += channel.recv_stderr(CHUNK)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _short(command: str) -> str:
    return command if len(command) <= 60 else f"{command[:57]}..."


def _text(error: BaseException) -> str:
    return str(error) or type(error).__name__


def connect(access: Access, timeout: float = CONNECT_SECONDS) -> Session:
    """Log in. Raises DeviceFailed with the host, what failed and what to do."""
    wanted, key = _host_key(access), _login_key(access)
    transport = paramiko.Transport(open_socket(access, timeout))
    try:
        _prefer(transport, wanted)
        transport.sock.settimeout(LISTEN_SECONDS)
        transport.banner_timeout = transport.handshake_timeout = transport.auth_timeout = timeout
        _exchange_keys(transport, timeout)
        _compare(access, transport.get_remote_server_key(), wanted)
        _authenticate(transport, access.user, key, timeout)
        transport.set_keepalive(KEEPALIVE_SECONDS)
    except paramiko.AuthenticationException as error:
        _close(transport)
        raise DeviceFailed(
            f"{access}: the login with {access.key_path} was refused; put its public key on the host or name "
            "another key in IGOUDAR_SSH_KEY"
        ) from error
    except (paramiko.SSHException, OSError, EOFError) as error:
        _close(transport)
        raise DeviceFailed(f"{access}: no SSH session ({_text(error)}); look at sshd on the host") from error
    except DeviceFailed:
        _close(transport)
        raise
    return Session(access, transport)


def _exchange_keys(transport: paramiko.Transport, timeout: float) -> None:
    """By an event of ours: paramiko, which waits itself where it is given none, looks ten times a second."""
    done = threading.Event()
    transport.start_client(event=done)
    if not done.wait(timeout):
        raise paramiko.SSHException(f"no key exchange in {timeout:.0f} s")
    _require_living(transport)


def _authenticate(transport: paramiko.Transport, user: str, key: paramiko.PKey, timeout: float) -> None:
    """Raises AuthenticationException where the host says no, SSHException where it says nothing."""
    done = threading.Event()
    transport.auth_publickey(user, key, event=done)
    if not done.wait(timeout) or transport.auth_handler is None:
        raise paramiko.SSHException(f"no answer to the login in {timeout:.0f} s")
    _require_living(transport)
    transport.auth_handler.wait_for_response(done)  # it has come: this returns at once, or raises why not


def _require_living(transport: paramiko.Transport) -> None:
    """What ended its thread may be anything that a stranger's bytes lead to."""
    if not transport.is_active():
        error = transport.get_exception()
        raise paramiko.SSHException(_text(error) if error else "the host ended the session") from error


def _close(transport: paramiko.Transport) -> None:
    """Wakes the thread that listens. Of a way through a bastion that is just lost each word may fail."""
    ends: tuple[Callable[[], object], ...] = (
        lambda: transport.sock.shutdown(socket.SHUT_RDWR),
        transport.close,
        transport.sock.close,
    )
    for end in ends:
        with contextlib.suppress(paramiko.SSHException, OSError, EOFError):
            end()


def open_socket(access: Access, timeout: float = CONNECT_SECONDS) -> socket.socket | paramiko.Channel:
    """A byte stream to the host's SSH port: direct, through the relay of a twin, or through the bastion."""
    try:
        match access.via:
            case Relay(folder):
                return _through_relay(access, folder)
            case Bastion(bastion):
                return _through_bastion(access, bastion, timeout)
            case None:
                return _direct(access, timeout)
    except (OSError, paramiko.SSHException) as error:
        raise DeviceFailed(
            f"{access}: unreachable ({_text(error)}); look at its power and its out-of-band port"
        ) from error


def _direct(access: Access, timeout: float) -> socket.socket:
    sock = socket.create_connection((access.address, access.port), timeout)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(1000 * 3 * KEEPALIVE_SECONDS))
    return sock


def _through_relay(access: Access, folder: Path) -> socket.socket:
    from igoudar.twin import open_channel  # noqa: PLC0415 - only where there is one

    return open_channel(folder, access.address, access.port)


_bastions: dict[Access, Session] = {}
_bastions_lock = threading.Lock()


def _through_bastion(access: Access, bastion: Access, timeout: float) -> paramiko.Channel:
    """One login at the bastion serves all hosts behind it in this process."""
    with _bastions_lock:
        session = _bastions.get(bastion)
        if session is None or not session.transport.is_active():
            session = _bastions[bastion] = connect(bastion, timeout)
    target = (access.address, access.port)
    return session.transport.open_channel("direct-tcpip", target, ("127.0.0.1", 0), timeout=timeout)


def _host_key(access: Access) -> paramiko.PKey:
    parts = access.host_key.split()
    if len(parts) < 2:
        raise DeviceFailed(
            f"{access}: no host key is known; write `host_key` into the inventory (the line in its "
            "/etc/ssh/ssh_host_ed25519_key.pub); on a twin they are known once it runs: igoudar twin up SITE"
        )
    try:
        return paramiko.PKey.from_type_string(parts[0], base64.b64decode(parts[1], validate=True))
    except (paramiko.SSHException, ValueError) as error:
        raise DeviceFailed(
            f"{access}: `host_key` of the inventory cannot be read ({_text(error)})"
        ) from error


def _login_key(access: Access) -> paramiko.PKey:
    try:
        return paramiko.PKey.from_path(access.key_path)
    except FileNotFoundError as error:
        raise DeviceFailed(
            f"{access}: the login key {access.key_path} does not exist; name one in IGOUDAR_SSH_KEY"
        ) from error
    except (paramiko.SSHException, OSError, ValueError, TypeError) as error:
        raise DeviceFailed(
            f"{access}: the login key {access.key_path} cannot be used ({_text(error)}); it must be "
            "readable and without a passphrase"
        ) from error


def _prefer(transport: paramiko.Transport, wanted: paramiko.PKey) -> None:
    """Ask for the pinned kind of host key only, and for curve25519 first."""
    options = transport.get_security_options()
    name = wanted.get_name()
    kinds = ("rsa-sha2-512", "rsa-sha2-256") if name == "ssh-rsa" else (name,)
    options.key_types = kinds
    first = [kex for kex in options.kex if kex.startswith("curve25519")]
    options.kex = (*first, *(kex for kex in options.kex if kex not in first))


def _compare(access: Access, shown: paramiko.PKey, wanted: paramiko.PKey) -> None:
    if shown.asbytes() != wanted.asbytes():
        raise DeviceFailed(
            f"{access}: shows the host key {shown.fingerprint}, the inventory says {wanted.fingerprint}; "
            "somebody else answers there, or the host was installed anew and `host_key` must follow"
        )
