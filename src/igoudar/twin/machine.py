"""The twin as its first process sees it: which hosts run, on which wires, and how both are changed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from igoudar.twin import kernels, network
from igoudar.twin.kernels import Socket
from igoudar.twin.paths import Folder, Image
from igoudar.twin.seed import write_seed
from igoudar.twin.spec import TwinHost, TwinSpec


@dataclass(frozen=True, slots=True)
class HostState:
    """`state` is `on` or `off`."""

    name: str
    state: str
    pid: int


class Machine:
    """Owns the namespace. Not safe for threads: the supervisor calls it from one loop."""

    def __init__(self, folder: Folder, image: Image) -> None:
        self.folder = folder
        self.image = image
        self.spec: TwinSpec | None = None
        self.running: dict[str, int] = {}
        self.cut_wires: set[str] = set()
        self._numbers: dict[str, int] = {}

    def adopt(self, spec: TwinSpec) -> None:
        """Bring hosts and wires to the spec. A host whose hardware changes loses power and boots again."""
        old = self.spec
        before = {h.name: h for h in old.hosts} if old else {}
        changed = [
            n for n, h in before.items() if n not in spec.names() or _hardware(h) != _hardware(spec.host(n))
        ]
        moved = _moved_wires(old, spec)
        changed += [
            n for n in before if n not in changed and any(n in (k[0] for k in ends) for ends in moved)
        ]
        for name in changed:
            self.power_off(name)
            network.remove(self._own_ends(before[name]))
        if old is None:
            network.write_filter(self.folder.path / "out.bpf")
            network.make_bridge(spec.gateway)
        network.remove(f"{self._wire(w.key)}a" for w in old.wires if w not in spec.wires) if old else None
        self.spec = spec
        known = old.wires if old else ()
        network.make_pairs(
            (f"{self._wire(w.key)}a", f"{self._wire(w.key)}b", network.WIRE_MTU)
            for w in spec.wires
            if w not in known
        )
        self.cut_wires &= {w.key for w in spec.wires}
        for host in spec.hosts:
            if host.name not in before or host.name in changed:
                self._plug(host)
            write_seed(self.folder, spec, host)
            self.power_on(host.name)

    def power_on(self, name: str) -> None:
        """Nothing where it runs already."""
        if name in self.running:
            return
        host = self._spec.host(name)
        words = kernels.command_line(host, self.image, self.folder, self._sockets(host))
        self.running[name] = kernels.start(words, self.folder.logs / f"{name}.log")

    def power_off(self, name: str) -> None:
        self._spec.host(name)
        if name in self.running:
            kernels.kill(self.running.pop(name))

    def ended(self, pids: Iterable[int]) -> None:
        """Kernels that went by themselves (poweroff inside, or a crash) are off."""
        gone = set(pids)
        self.running = {name: pid for name, pid in self.running.items() if pid not in gone}

    def cut(self, key: str) -> None:
        network.cut(self._wire_ends(key))
        self.cut_wires.add(key)

    def mend(self, key: str) -> None:
        network.mend(self._wire_ends(key))
        self.cut_wires.discard(key)

    def states(self) -> list[HostState]:
        return [
            HostState(n, "on" if n in self.running else "off", self.running.get(n, 0))
            for n in self._spec.names()
        ]

    def stop(self) -> None:
        for name in list(self.running):
            kernels.kill(self.running.pop(name))

    @property
    def _spec(self) -> TwinSpec:
        if self.spec is None:
            raise KeyError("the twin has no hosts yet")
        return self.spec

    def _wire(self, key: str) -> str:
        """A short interface name that stays with the key."""
        return f"w{self._numbers.setdefault(key, len(self._numbers))}"

    def _wire_ends(self, key: str) -> tuple[str, str]:
        if key not in {w.key for w in self._spec.wires}:
            raise KeyError(f"there is no cable {key!r}")
        return f"{self._wire(key)}a", f"{self._wire(key)}b"

    def _plug(self, host: TwinHost) -> None:
        """The out-of-band pair, and a pair without a far end for each port that has no wire."""
        oob = self._wire(host.name)
        network.make_pairs([(f"{oob}a", f"{oob}b", network.OOB_MTU)])
        network.plug_oob([(f"{oob}a", not host.management)])
        network.make_pairs((f"{end}a", f"{end}b", network.WIRE_MTU) for end in self._loose(host))

    def _own_ends(self, host: TwinHost) -> list[str]:
        return [f"{end}a" for end in (self._wire(host.name), *self._loose(host))]

    def _loose(self, host: TwinHost) -> list[str]:
        wired = {end for w in self._spec.wires for end in (w.a, w.b)}
        return [self._wire(f"{host.name}/{p.name}") for p in host.ports if (host.name, p.name) not in wired]

    def _sockets(self, host: TwinHost) -> list[Socket]:
        ends = {w.a: f"{self._wire(w.key)}a" for w in self._spec.wires}
        ends |= {w.b: f"{self._wire(w.key)}b" for w in self._spec.wires}
        sockets = [Socket(f"{self._wire(host.name)}b", host.oob_mac, network.OOB_MTU)]
        for port in host.ports:
            end = ends.get((host.name, port.name)) or f"{self._wire(f'{host.name}/{port.name}')}b"
            sockets.append(Socket(end, port.mac, port.mtu))
        return sockets


def _hardware(host: TwinHost) -> tuple[object, ...]:
    return host.memory_mb, host.oob, host.oob_mac, host.ports, host.management


def _moved_wires(old: TwinSpec | None, new: TwinSpec) -> list[tuple[tuple[str, str], tuple[str, str]]]:
    """Ends of wires that came or went: a kernel takes its wires at boot, so their hosts boot again."""
    if old is None:
        return []
    return [(w.a, w.b) for w in {*old.wires} ^ {*new.wires}]
