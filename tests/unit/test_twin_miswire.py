"""Hands in a twin's cables: the wiring that they make, and the frames that follow it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from igoudar import twin
from igoudar.inventory import load
from igoudar.twin import Mistake, TwinSpec, TwinWire, Wiring, mistaken, without
from igoudar.twin.machine import Machine
from igoudar.twin.miswire import from_json
from igoudar.twin.preconditions import unshare_words
from igoudar.twin.seed import make_keys
from igoudar.twin.site import twin_spec
from igoudar.twin.supervisor import Supervisor
from tests.errors import ROOT, run
from tests.unit.test_twin_parts import SPEC, Wires, host, made

__all__ = ["made"]
RACKS = {"a": "r1", "c": "r2", "b": "net", "d": "net"}
FOUR = TwinSpec(
    "t",
    "igoudar",
    "192.0.2.254/24",
    tuple(host(name, n, "p1", "p2", "p3") for n, name in enumerate("abcd", 1)),
    (
        TwinWire("1", ("a", "p1"), ("b", "p1")),
        TwinWire("2", ("c", "p1"), ("d", "p1")),
        TwinWire("3", ("a", "p2"), ("b", "p2")),
        TwinWire("4", ("c", "p2"), ("d", "p2")),
    ),
)


def after(*mistakes: tuple[str, str]) -> Wiring:
    wiring = Wiring()
    for kind, where in mistakes:
        wiring = mistaken(FOUR, wiring, Mistake(kind), where.split(), racks=RACKS)
    return wiring


@pytest.mark.parametrize(
    ("kind", "where", "lines"),
    [
        ("swap", "b/p1 d/p1", ["a/p1 -- d/p1", "b/p1 -- c/p1"]),
        ("rotate", "b/p1 d/p1 b/p2", ["a/p1 -- d/p1", "a/p2 -- b/p1", "b/p2 -- c/p1"]),
        ("racks", "r1 r2", ["a/p1 -- d/p1", "a/p2 -- d/p2", "b/p1 -- c/p1", "b/p2 -- c/p2"]),
        ("wrong-port", "b/p1 b/p3", ["a/p1 -- b/p3", "b/p1 -- nothing"]),
        ("missing", "b/p1", ["a/p1 -- nothing", "b/p1 -- nothing"]),
        ("dead-optic", "b/p1", ["b/p1 sends nothing"]),
    ],
)
def test_each_mistake(kind: str, where: str, lines: list[str]) -> None:
    wiring = after((kind, where))
    assert list(wiring.lines()) == lines
    assert from_json(json.loads(json.dumps(wiring.as_json()))) == wiring


def test_a_mistake_made_twice_is_none() -> None:
    assert after(("swap", "b/p1 d/p1"), ("swap", "b/p1 d/p1")) == Wiring()
    assert after(("racks", "r1 r2"), ("racks", "r1 r2")) == Wiring()


def test_mistakes_add_up_and_are_put_right_one_by_one() -> None:
    wiring = after(("swap", "b/p1 d/p1"), ("missing", "b/p2"), ("dead-optic", "c/p2"))
    left = without(FOUR, wiring, [("a", "p1")])
    assert list(left.lines()) == ["a/p2 -- nothing", "b/p2 -- nothing", "c/p2 sends nothing"]
    assert without(FOUR, left, [("d", "p2"), ("b", "p2")]) == Wiring()


@pytest.mark.parametrize(
    ("kind", "where", "said"),
    [
        ("swap", "b/p1", "swap takes 2 ports"),
        ("rotate", "b/p1 d/p1", "rotate takes 3 or more ports"),
        ("racks", "r1", "racks takes 2 racks"),
        ("racks", "r1 net", "are not of the same ports"),
        ("racks", "r1 r1", "are not of the same ports"),
        ("swap", "b/p1 b/p9", "no host of this twin has a port b/p9"),
        ("swap", "b/p1 b/p3", "no plug sits in b/p3"),
        ("wrong-port", "b/p1 d/p1", "two plugs would sit in d/p1"),
    ],
)
def test_what_cannot_be_is_a_sentence(kind: str, where: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        after((kind, where))


def test_a_machine_diverts_what_is_sent(made: tuple[Machine, Wires, list[str]]) -> None:
    it, wires, _ = made
    spec = replace(
        SPEC,
        hosts=(*SPEC.hosts, host("c", 4, "swp1", "swp2"), host("d", 5, "swp1")),
        wires=(*SPEC.wires, TwinWire("x", ("c", "swp1"), ("d", "swp1"))),
    )
    make_keys(it.folder, spec)
    it.adopt(spec)
    end = {f"{h}/{p}": it._port_end((h, p)) for h in "abcd" for p in ("swp1",)}
    supervisor = Supervisor(it)

    def rewire(wiring: Wiring) -> None:
        told = json.dumps({"do": "rewire", **wiring.as_json()}).encode()
        assert supervisor.answer(told) == {"ok": True}

    swapped = mistaken(spec, Wiring(), Mistake.SWAP, ["b/swp1", "d/swp1"], racks={})
    rewire(swapped)
    both = {("a/swp1", "d/swp1"), ("d/swp1", "a/swp1"), ("c/swp1", "b/swp1"), ("b/swp1", "c/swp1")}
    assert wires.goes == {end[one]: end[two] for one, two in both}
    it.cut("w")
    assert (wires.goes[end["a/swp1"]], wires.goes[end["b/swp1"]]) == ("", "")
    it.mend("w")
    assert wires.goes == {end[one]: end[two] for one, two in both}, "a cut that is mended mends no swap"
    assert supervisor.answer(b'{"do": "status"}')["joints"] == swapped.as_json()["joints"]
    rewire(mistaken(spec, Wiring(), Mistake.DEAD_OPTIC, ["a/swp1"], racks={}))
    assert wires.goes == {end["a/swp1"]: ""}
    rewire(mistaken(spec, Wiring(), Mistake.WRONG_PORT, ["a/swp1", "c/swp2"], racks={}))
    assert wires.goes == {
        end["a/swp1"]: "",
        end["b/swp1"]: it._port_end(("c", "swp2")),
        it._port_end(("c", "swp2")): end["b/swp1"],
    }
    it.adopt(spec)
    assert wires.goes == {}, "a spec says how all is wired"


class Running:
    """Stands for a twin that runs, in the way of the command."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, spec: TwinSpec) -> None:
        self.now, self.cut = Wiring(), list[str]()
        monkeypatch.setattr(twin, "is_up", lambda _: True)
        monkeypatch.setattr(twin, "load_spec", lambda _: spec)
        monkeypatch.setattr(twin, "status", lambda _: [])
        monkeypatch.setattr(twin, "cuts", lambda _: list(self.cut))
        monkeypatch.setattr(twin, "mend", lambda _, key: self.cut.remove(key) if key in self.cut else None)
        monkeypatch.setattr(twin, "wiring", lambda _: self.now)
        monkeypatch.setattr(twin, "rewire", self._rewire)

    def _rewire(self, _: Path, wanted: Wiring) -> None:
        self.now = wanted


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch) -> Running:
    inventory = load(ROOT / "inventory" / "lab", ROOT)
    return Running(monkeypatch, twin_spec(inventory, dict.fromkeys(inventory.secrets, "")))


def typed(command: str) -> list[str]:
    return run(command, ROOT).splitlines()


def test_the_command_says_what_it_did_and_mends_it(running: Running) -> None:
    swapped = ["leaf-1/swp1 -- spine-1/swp2", "leaf-2/swp1 -- spine-1/swp1"]
    said = typed("twin miswire lab swap spine-1/swp1 spine-1/swp2")
    assert said == [*(f"miswired: {line}" for line in swapped), "exit 0"]
    said = typed("twin miswire lab dead-optic leaf-3/swp1")
    assert said == ["miswired: leaf-3/swp1 sends nothing", "exit 0"]
    assert "miswired: leaf-2/swp1 -- spine-1/swp1" in typed("twin status lab")
    told = json.loads("\n".join(typed("twin status lab --json")[:-1]))
    assert told["miswired"] == [*swapped, "leaf-3/swp1 sends nothing"]
    said = typed("twin mend lab spine-1/swp2")
    assert said == ["mended: leaf-2/swp1 -- spine-1/swp2", *(f"mended: {line}" for line in swapped), "exit 0"]
    running.cut = ["leaf-4/swp1 -- spine-1/swp4"]
    assert len(typed("twin mend lab")) == 3
    assert (running.now, running.cut) == (Wiring(), [])


def test_the_racks_of_the_lab_change_places(running: Running) -> None:
    assert len(typed("twin miswire lab racks a04 a05")) == 5
    assert running.now.joints["leaf-4", "swp2"] == ("spine-2", "swp3")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("swap spine-1/swp1 leaf-9/swp1", "no host of this twin has a port leaf-9/swp1"),
        ("wrong-port spine-1/swp1 spine-1/swp2", "two plugs would sit in spine-1/swp2"),
        ("rotate spine-1/swp1", "rotate takes 3 or more ports"),
        ("racks a01 a04", "the cables that leave a01 and those that leave a04 are not of the same ports"),
        ("racks a04 a99", "the cables that leave a04 and those that leave a99 are not of the same ports"),
    ],
)
def test_the_command_refuses_what_cannot_be(running: Running, words: str, said: str) -> None:
    line, status = typed(f"twin miswire lab {words}")
    assert line == f"{words.partition(' ')[2]}: {said}"
    assert status == "exit 2"
    assert running.now == Wiring()


FRAMES = """
import json, socket, sys
from igoudar.twin import network
ends = ["w0a", "w0b", "w1a", "w1b"]
network.make_pairs([("w0a", "w0b", 9216), ("w1a", "w1b", 9216)])
sockets = {}
for end in ends:
    sockets[end] = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    sockets[end].bind((end, 0))
    sockets[end].settimeout(0.2)
def heard():
    for end in ends:
        sockets[end].send(b"\\x02" * 12 + b"\\x88\\xb5" + end.encode() + bytes(8000))
    found = {}
    for end in ends:
        try:
            while True:
                frame, sender = sockets[end].recvfrom(9999)
                if frame[12:14] == b"\\x88\\xb5" and sender[2] != 4 and len(frame) == 8017:
                    found[end] = frame[14:17].decode()
        except TimeoutError:
            pass
    return found
seen = [heard()]
for one, two in (("w0a", "w1b"), ("w0b", "w1a")):
    network.divert(one, two)
    network.divert(two, one)
seen.append(heard())
network.silence("w0a")
seen.append(heard())
network.divert("w0a", "w1b")
seen.append(heard())
for end in ends:
    network.restore(end)
seen.append(heard())
print(json.dumps(seen))
"""


def _runs(words: list[str]) -> bool:
    return subprocess.run([*words, "true"], capture_output=True, check=False).returncode == 0


@pytest.fixture
def namespace() -> list[str]:
    """Words before a command that give it a network of its own, as a twin has one."""
    words = unshare_words()
    if not all(shutil.which(tool) for tool in ("ip", "tc", "ethtool")) or not _runs(words):
        pytest.skip("no namespace of one's own here")
    return words


def test_frames_follow_the_wiring(namespace: list[str]) -> None:
    done = subprocess.run(
        [*namespace, sys.executable, "-c", FRAMES], capture_output=True, text=True, check=True
    )
    plain = {"w0a": "w0b", "w0b": "w0a", "w1a": "w1b", "w1b": "w1a"}
    swapped = {"w0a": "w1b", "w1b": "w0a", "w0b": "w1a", "w1a": "w0b"}
    silent = {k: v for k, v in swapped.items() if v != "w0a"}
    assert json.loads(done.stdout) == [plain, swapped, silent, swapped, plain]
