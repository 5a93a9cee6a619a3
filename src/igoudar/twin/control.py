"""The outside of a twin's two sockets."""

from __future__ import annotations

import json
import os
import socket
from typing import Any

from igoudar.errors import DeviceFailed, Missing
from igoudar.twin.paths import CONTROL, RELAY, Folder

ANSWER_SECONDS = 120  # adopting a large spec makes thousands of interfaces
DIAL_SECONDS = 10


def ask(folder: Folder, **question: Any) -> dict[str, Any]:
    """The supervisor's answer. Raises Missing where no twin runs, DeviceFailed where it refuses."""
    with _connect(folder, CONTROL, ANSWER_SECONDS) as sock, sock.makefile("rwb") as stream:
        stream.write(json.dumps(question).encode() + b"\n")
        stream.flush()
        line = stream.readline()
    if not line:
        raise Missing(f"the twin in {folder.path} ended while it was asked")
    answer: dict[str, Any] = json.loads(line)
    if not answer.pop("ok"):
        raise DeviceFailed(str(answer["error"]))
    return answer


def alive(folder: Folder) -> bool:
    try:
        _connect(folder, CONTROL, DIAL_SECONDS).close()
    except Missing:
        return False
    return True


def open_relay(folder: Folder, address: str, port: int) -> socket.socket:
    """A byte stream to a host's port on the out-of-band network. Raises Missing or DeviceFailed."""
    sock = _connect(folder, RELAY, DIAL_SECONDS)
    sock.sendall(f"CONNECT {address} {port}\n".encode())
    said = bytearray()
    while not said.endswith(b"\n"):  # byte by byte: what follows belongs to the caller
        byte = sock.recv(1)
        if not byte:
            break
        said += byte
    if bytes(said) != b"OK\n":
        sock.close()
        reason = said.decode("utf-8", "replace").removeprefix("NO ").strip() or "the twin ended"
        raise DeviceFailed(f"{address} port {port} in the twin: {reason}")
    sock.settimeout(None)
    return sock


def _connect(folder: Folder, name: str, seconds: float) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.settimeout(seconds)
    try:
        address, descriptor = folder.socket_address(name)
        try:
            sock.connect(address)
        finally:
            os.close(descriptor)
    except OSError as error:
        sock.close()
        raise Missing(f"no twin runs in {folder.path} ({error.strerror})") from error
    return sock
