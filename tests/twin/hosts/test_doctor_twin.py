"""Mistakes of hands in a small twin, and the doctor names each: kernels, LLDP daemons and frames are real."""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from igoudar import twin
from igoudar.doctor import Diagnosis, End, Kind, Medium, Plan, PlannedCable, Trunk, diagnose
from igoudar.doctor.told import Told, commands_for, told
from igoudar.twin import Mistake, TwinHost, TwinPort, TwinSpec, TwinWire, Wiring, mistaken, without
from igoudar.verify.cables import gathered
from tests.twin.small import up

pytestmark = [pytest.mark.image, pytest.mark.timeout(600)]
CABLES = [
    *(((f"box-{n}", f"eth{k}"), (f"sw-{k}", f"swp{n}")) for n in (1, 2) for k in (1, 2)),
    *((("sw-1", f"swp8s{n}"), ("sw-2", f"swp{n + 4}")) for n in range(3)),
]
FREE = ("sw-1", "swp9")
RACKS = {"box-1": "r1", "box-2": "r2", "sw-1": "net", "sw-2": "net"}
END = "==end=="
SECONDS = 90.0  # until the daemons have forgotten who was there before


def ports_of(name: str) -> list[str]:
    return sorted(port for host, port in (*(e for c in CABLES for e in c), FREE) if host == name)


def host(name: str, number: int) -> TwinHost:
    made = tuple(
        TwinPort(port, f"02:00:00:00:{at:02x}:{number:02x}", 9216)
        for at, port in enumerate(ports_of(name), 1)
    )
    oob_mac = f"02:00:00:00:00:{number:02x}"
    return TwinHost(name, 128, f"192.0.2.{number}/24", oob_mac, f"S{number}", made)


def spec() -> TwinSpec:
    hosts = tuple(host(name, 11 + n) for n, name in enumerate(sorted(RACKS)))
    wires = tuple(TwinWire(f"cable {n}", a, b) for n, (a, b) in enumerate(CABLES))
    return TwinSpec("hands", "igoudar", "192.0.2.254/24", hosts, wires)


def plan() -> Plan:
    cables = tuple(PlannedCable(End(*a), End(*b), Medium.COPPER) for a, b in CABLES)
    trunk = Trunk("sw-1/swp8", tuple((c.a, c.b) for c in cables[4:]))
    ports = {name: frozenset(ports_of(name)) for name in RACKS}
    return Plan(cables, RACKS, (trunk,), ports=ports)


def speak(folder: Path, name: str) -> None:
    """LLDP every second, remembered for two."""
    lines = (
        f"configure system interface pattern eth0,{','.join(ports_of(name))}",
        "configure lldp portidsubtype ifname",
        "configure lldp tx-interval 1",
        "configure lldp tx-hold 2",
    )
    script = "; ".join(f"ip link set {port} up" for port in ports_of(name))
    text = "\\n".join(lines)
    command = f"sudo sh -c \"printf '{text}\\n' > /etc/lldpd.d/test.conf; {script}; systemctl restart lldpd\""
    assert twin.run(folder, name, command).status == 0


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("hands") / "run"
    up(spec(), path)
    for name in RACKS:
        speak(path, name)
    yield path
    twin.down(path, wipe=True)


def ask(folder: Path, name: str) -> Told:
    """Over one login: a login costs its host more than all that is asked."""
    asked = commands_for(ports_of(name), modules=False)
    script = "; ".join(f"{shlex.join(words)}; printf '{END}%d{END}' $?" for words in asked.values())
    *said, _ = twin.run(folder, name, f"sudo sh -c {shlex.quote(script)}").out.decode().split(END)
    each = zip(asked, said[::2], said[1::2], strict=True)
    outputs = {one: {"rc": int(rc), "out": out} for one, out, rc in each}
    return told(name, ports_of(name), outputs, carriers=False)


def look(folder: Path) -> Diagnosis:
    known, seen = gathered(plan(), {name: ask(folder, name) for name in RACKS})
    return diagnose(known, seen, dark_dbm=-30.0)


def kinds(found: Diagnosis) -> list[Kind]:
    return [m.kind for m in found.exact()] if all(s.is_exact for s in found.statements) else []


def eventually(folder: Path, wanted: list[Kind]) -> Diagnosis:
    """As soon as the doctor says that, or what it says at the end."""
    until = time.monotonic() + SECONDS
    while True:
        found = look(folder)
        good = found.good == len(CABLES) if not wanted else kinds(found) == wanted
        if good or time.monotonic() > until:
            return found
        time.sleep(1)


MISTAKES = [
    (Mistake.SWAP, ["sw-1/swp1", "sw-1/swp2"], Kind.SWAPPED_PAIR),
    (Mistake.ROTATE, ["sw-2/swp4", "sw-2/swp5", "sw-2/swp6"], Kind.ROTATED_TRUNK),
    (Mistake.ROTATE, ["sw-1/swp1", "sw-1/swp2", "sw-1/swp8s0"], Kind.RING),
    (Mistake.RACKS, ["r1", "r2"], Kind.SWAPPED_RACKS),
    (Mistake.WRONG_PORT, ["sw-1/swp1", "sw-1/swp9"], Kind.WRONG_PORT),
    (Mistake.MISSING, ["sw-1/swp1"], Kind.MISSING),
    (Mistake.DEAD_OPTIC, ["sw-1/swp1"], Kind.DEAD_OPTIC),
]


@pytest.mark.parametrize(("mistake", "where", "kind"), MISTAKES)
def test_the_doctor_names_it_exactly(folder: Path, mistake: Mistake, where: list[str], kind: Kind) -> None:
    assert eventually(folder, []).statements == ()
    wanted = mistaken(spec(), Wiring(), mistake, where, racks=RACKS)
    twin.rewire(folder, wanted)
    try:
        assert twin.wiring(folder) == wanted
        found = eventually(folder, [kind])
        assert kinds(found) == [kind], found.statements
        (movement,) = found.exact()
        if mistake in (Mistake.SWAP, Mistake.RACKS):
            assert {m.source: m.target for m in movement.moves} == {
                m.target: m.source for m in movement.moves
            }
        if mistake is Mistake.DEAD_OPTIC:
            assert movement.ends == (End("sw-1", "swp1"), End("box-1", "eth1"))
    finally:
        twin.rewire(folder, without(spec(), wanted, [*wanted.joints, *wanted.muted]))
    assert twin.wiring(folder) == Wiring()


def test_big_frames_follow_the_plug_both_ways(folder: Path) -> None:
    """box-1/eth1 and box-2/eth1 change places: an address on sw-1/swp2 is reached from box-1."""
    for name, port, address in (("box-1", "eth1", 1), ("sw-1", "swp2", 2)):
        command = f"sudo ip address replace 10.9.0.{address}/24 dev {port}"
        assert twin.run(folder, name, command).status == 0
    ping = "ping -n -c 3 -i 0.2 -W 1 -M do -s 9000 10.9.0.2"
    assert " 0 received" in twin.run(folder, "box-1", ping).out.decode()
    twin.rewire(folder, mistaken(spec(), Wiring(), Mistake.SWAP, ["sw-1/swp1", "sw-1/swp2"], racks=RACKS))
    try:
        assert " 3 received" in twin.run(folder, "box-1", ping).out.decode()
    finally:
        twin.rewire(folder, Wiring())
    assert " 0 received" in twin.run(folder, "box-1", ping).out.decode()


def test_a_power_cut_and_a_cut_cable_leave_the_wiring_as_it_is(folder: Path) -> None:
    wanted = mistaken(spec(), Wiring(), Mistake.SWAP, ["sw-1/swp1", "sw-1/swp2"], racks=RACKS)
    twin.rewire(folder, wanted)
    try:
        twin.cut(folder, "cable 0")
        twin.mend(folder, "cable 0")
        twin.power(folder, "box-1", "cycle")
        speak(folder, "box-1")
        assert twin.wiring(folder) == wanted
        assert kinds(eventually(folder, [Kind.SWAPPED_PAIR])) == [Kind.SWAPPED_PAIR]
    finally:
        twin.rewire(folder, Wiring())
    assert eventually(folder, []).statements == ()
