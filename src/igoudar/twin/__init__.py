"""A twin: a whole site of real kernels and daemons on one Linux machine, without root.

Each host is a user-mode Linux; all live in one user, network, mount and PID namespace whose first process is
`supervisor`. Nothing outside of the run folder changes, and the end of that process ends everything.

    spec           what a twin is made of          paths      where it keeps its things
    seed           what a host is told at boot     network    wires and the out-of-band bridge
    kernels        processes                       machine    all of it, as the supervisor sees it
    relay          the way in                      supervisor the first process
    miswire        hands in its cables
    control boot   the outside                     waiting    until hosts let us in
    site packages  from an inventory               mirror     where the image comes from
"""

from __future__ import annotations

import socket
from dataclasses import dataclass
from pathlib import Path

from igoudar.errors import Missing
from igoudar.transport import Result, connect
from igoudar.twin.boot import down, up
from igoudar.twin.control import alive, ask, open_relay
from igoudar.twin.miswire import Mistake, Wiring, mistaken, without
from igoudar.twin.miswire import from_json as wiring_from
from igoudar.twin.paths import Folder, Image, find_image
from igoudar.twin.preconditions import preconditions
from igoudar.twin.spec import TwinHost, TwinPort, TwinSpec, TwinWire, from_json
from igoudar.twin.waiting import Progress, access, wait_for

__all__ = [
    "HostStatus",
    "Image",
    "Mistake",
    "Progress",
    "TwinHost",
    "TwinPort",
    "TwinSpec",
    "TwinWire",
    "Wiring",
    "cut",
    "cuts",
    "down",
    "find_image",
    "is_up",
    "load_spec",
    "mend",
    "mistaken",
    "open_channel",
    "power",
    "preconditions",
    "rewire",
    "run",
    "status",
    "up",
    "wiring",
    "without",
]


@dataclass(frozen=True, slots=True)
class HostStatus:
    """`state` is `on` or `off`; `pid` is that of the kernel inside the twin's PID namespace."""

    name: str
    state: str
    pid: int
    oob: str


def is_up(folder: Path) -> bool:
    return alive(Folder(folder))


def load_spec(folder: Path) -> TwinSpec:
    """What the twin in `folder` is made of. Raises Missing."""
    try:
        return from_json(Folder(folder).spec.read_text("utf-8"))
    except OSError as error:
        raise Missing(f"there is no twin in {folder}") from error


def status(folder: Path) -> list[HostStatus]:
    """Raises Missing where no twin runs."""
    oob = {h.name: h.oob for h in load_spec(folder).hosts}
    answer = ask(Folder(folder), do="status")
    return [HostStatus(h["name"], h["state"], h["pid"], oob.get(h["name"], "")) for h in answer["hosts"]]


def cuts(folder: Path) -> list[str]:
    """Keys of the cables that are cut."""
    return [str(key) for key in ask(Folder(folder), do="status")["cut"]]


def cut(folder: Path, wire: str) -> None:
    """Both ends of a cable fall silent, their links stay up. Raises DeviceFailed for an unknown key."""
    ask(Folder(folder), do="cut", wire=wire)


def mend(folder: Path, wire: str) -> None:
    ask(Folder(folder), do="mend", wire=wire)


def wiring(folder: Path) -> Wiring:
    """What hands did to the cables."""
    return wiring_from(ask(Folder(folder), do="status"))


def rewire(folder: Path, wanted: Wiring) -> None:
    """Bring the cables to `wanted`; hosts notice no more than that somebody else answers."""
    ask(Folder(folder), do="rewire", **wanted.as_json())


def power(folder: Path, host: str, action: str, progress: Progress | None = None) -> None:
    """`off` is a power cut, `on` a boot from the same disk, `cycle` both. Returns when the host is up."""
    paths = Folder(folder)
    if action in ("off", "cycle"):
        ask(paths, do="off", host=host)
    if action in ("on", "cycle"):
        ask(paths, do="on", host=host)
        wait_for(paths, load_spec(folder), (host,), progress or (lambda _: None))


def open_channel(folder: Path, address: str, port: int) -> socket.socket:
    """A byte stream to an out-of-band address of the twin, as `sock=` of an SSH client."""
    return open_relay(Folder(folder), address, port)


def run(folder: Path, host: str, command: str, timeout: float = 60) -> Result:
    """One command on a host, over SSH through the relay."""
    spec = load_spec(folder)
    with connect(access(Folder(folder), spec, spec.host(host))) as session:
        return session.run(command, timeout=timeout)
