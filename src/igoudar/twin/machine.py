"""The twin as its first process sees it: which hosts run, on which wires, and how both are changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from igoudar.twin import kernels, network
from igoudar.twin.kernels import Socket
from igoudar.twin.miswire import Port, Wiring
from igoudar.twin.paths import Folder, Image, is_of_another_box
from igoudar.twin.seed import write_seed
from igoudar.twin.spec import TwinHost, TwinSpec

# What a kernel was booted with: while this stays the same it need not boot again.
Booted = tuple[TwinHost, tuple[Socket, ...]]


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
        self.wiring = Wiring()
        self._booted: dict[str, Booted] = {}
        self._numbers: dict[str, int] = {}

    def adopt(self, spec: TwinSpec) -> None:
        """Bring hosts and wires to the spec; all hosts are on after it.

        A host whose hardware, wires or files change loses power and boots again. May be called again after
        it failed half-way: what is there is asked of the kernel, not remembered.
        """
        kept = {h.name: (h, self._sockets(spec, h)) for h in spec.hosts}
        for name in list(self.running):
            if self._booted[name] != kept.get(name):
                self.power_off(name)
        self.rewire(Wiring())  # a spec says how all is wired
        self.spec = spec
        network.write_filter(self.folder.path / "out.bpf")
        wanted = dict(self._pairs(spec))
        there = network.prepare(spec.gateway)
        network.remove(end for end in there if end.endswith("a") and end not in wanted)
        network.make_pairs((end, f"{end[:-1]}b", mtu) for end, mtu in wanted.items() if end not in there)
        network.plug_oob((self._end(h.name, "a"), not h.management) for h in spec.hosts)
        self.cut_wires &= {w.key for w in spec.wires}
        self._drop_disks(spec)
        for name in spec.names():
            self.power_on(name)

    def power_on(self, name: str) -> None:
        """Nothing where it runs already."""
        host = self._spec.host(name)
        if name in self.running:
            return
        write_seed(self.folder, self._spec, host)
        sockets = self._sockets(self._spec, host)
        words = kernels.command_line(host, self.image, self.folder, sockets)
        number = self._spec.names().index(name)
        self.running[name] = kernels.start(words, self.folder.logs / f"{name}.log", number)
        self._booted[name] = (host, sockets)

    def power_off(self, name: str) -> None:
        if name in self.running:
            kernels.kill(self.running.pop(name))
        else:
            self._spec.host(name)

    def ended(self, pids: Iterable[int]) -> None:
        """Kernels that went by themselves (poweroff inside, or a crash) are off."""
        gone = set(pids)
        self.running = {name: pid for name, pid in self.running.items() if pid not in gone}

    def cut(self, key: str) -> None:
        ports = self._wire_ports(key)
        self.cut_wires.add(key)
        self._settle(ports)

    def mend(self, key: str) -> None:
        ports = self._wire_ports(key)
        self.cut_wires.discard(key)
        self._settle(ports)

    def rewire(self, wiring: Wiring) -> None:
        """Bring all cables to it; what it does not name is as the spec says."""
        before, self.wiring = self.wiring, wiring
        joints = (before.joints, wiring.joints)
        changed = {p for p in (*joints[0], *joints[1]) if joints[0].get(p, p) != joints[1].get(p, p)}
        self._settle(changed | (before.muted ^ wiring.muted))

    def _settle(self, ports: Iterable[Port]) -> None:
        """Bring the wires of these ports to what is known of cuts, joints and dead transmitters."""
        for port in sorted(ports):
            end, far = self._port_end(port), self.wiring.joints.get(port, port)
            if far is None or port in self.wiring.muted or self._is_cut(port):
                network.silence(end)
            elif far != port:
                network.divert(end, self._port_end(far))
            else:
                network.restore(end)

    def states(self) -> list[HostState]:
        names = self.spec.names() if self.spec else ()
        return [HostState(n, "on" if n in self.running else "off", self.running.get(n, 0)) for n in names]

    def stop(self) -> None:
        for name in list(self.running):
            kernels.kill(self.running.pop(name))

    @property
    def _spec(self) -> TwinSpec:
        if self.spec is None:
            raise KeyError("the twin has no hosts yet")
        return self.spec

    def _end(self, stem: str, side: str) -> str:
        """A short interface name that stays with the stem: a cable's key, a host, or `host/port`."""
        return f"w{self._numbers.setdefault(stem, len(self._numbers))}{side}"

    def _wire_ports(self, key: str) -> tuple[Port, Port]:
        for wire in self._spec.wires:
            if wire.key == key:
                return wire.a, wire.b
        raise KeyError(f"there is no cable {key!r}")

    def _is_cut(self, port: Port) -> bool:
        return any(w.key in self.cut_wires and port in (w.a, w.b) for w in self._spec.wires)

    def _port_end(self, port: Port) -> str:
        """The interface that the kernel of a port's host is on."""
        for wire in self._spec.wires:
            if port in (wire.a, wire.b):
                return self._end(wire.key, "a" if port == wire.a else "b")
        return self._end("/".join(port), "b")

    def _pairs(self, spec: TwinSpec) -> Iterator[tuple[str, int]]:
        """End `a` of each pair of interfaces -> MTU; a port without a wire has a pair without a far end."""
        for wire in spec.wires:
            yield self._end(wire.key, "a"), network.WIRE_MTU
        wired = {end for w in spec.wires for end in (w.a, w.b)}
        for host in spec.hosts:
            yield self._end(host.name, "a"), network.OOB_MTU
            for port in host.ports:
                if (host.name, port.name) not in wired:
                    yield self._end(f"{host.name}/{port.name}", "a"), network.WIRE_MTU

    def _sockets(self, spec: TwinSpec, host: TwinHost) -> tuple[Socket, ...]:
        ends = {w.a: self._end(w.key, "a") for w in spec.wires if w.a[0] == host.name}
        ends |= {w.b: self._end(w.key, "b") for w in spec.wires if w.b[0] == host.name}
        sockets = [Socket(self._end(host.name, "b"), host.oob_mac, network.OOB_MTU)]
        for port in host.ports:
            end = ends.get((host.name, port.name)) or self._end(f"{host.name}/{port.name}", "b")
            sockets.append(Socket(end, port.mac, port.mtu))
        return tuple(sockets)

    def _drop_disks(self, spec: TwinSpec) -> None:
        """A disk belongs to a serial number: a host that went, or was replaced, takes its disk along."""
        serials = {h.name: h.serial for h in spec.hosts}
        for disk in self.folder.disks.glob("*.cow"):
            owner = disk.with_suffix(".serial")
            if disk.stem in serials and not is_of_another_box(owner, serials[disk.stem]):
                continue
            disk.unlink()
            owner.unlink(missing_ok=True)
        for name, serial in serials.items():
            (self.folder.disks / f"{name}.serial").write_text(serial, "utf-8")
