"""How a verification goes about it, with hosts that answer from a script instead of over SSH."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import pytest
from rich.console import Console

from igoudar.bogons import load_bogons
from igoudar.derive import derive
from igoudar.model import Cable
from igoudar.verify import drills, flows, report, run
from igoudar.verify.checks import FactCheck, Kind, Result
from igoudar.verify.fabric import Site, live
from igoudar.verify.look import Logins
from igoudar.verify.run import Outside, Verification
from tests import factory

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "ROUND_SECONDS", 0.0)
    monkeypatch.setattr(drills, "BEFORE", 0.0)
    monkeypatch.setattr(drills, "LOOK", 0.01)


def site() -> Site:
    plan = factory.plan(factory.site(leaves=2, vpcs=1))
    return live(plan, derive(plan, load_bogons(ROOT)).intents)


class Hosts:
    """Stands for `Logins`: `answer` to each probe, `outputs` of commands, what became of `streams`."""

    def __init__(self) -> None:
        self.marker = "marker"
        self.sessions: dict[str, object] = {}
        self.refused: dict[str, str] = {}
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.answer: Callable[[str, dict[str, Any]], dict[str, str]] = lambda host, probe: {
            "silent": "no answer"
        }
        self.streams: dict[str, Any] = {}
        self.outputs: Callable[[str, dict[str, Any]], dict[str, Any]] = lambda host, commands: {}

    def open(self, hosts: Iterable[str]) -> None:
        self.sessions |= dict.fromkeys(hosts, object())

    def drop(self, host: str) -> None:
        self.sessions.pop(host, None)

    def every(self, hosts: Iterable[str], ask: Callable[[str], Any]) -> dict[str, Any]:
        return {host: ask(host) for host in hosts}

    def ask(self, host: str, spec: Mapping[str, Any], seconds: float = 60.0) -> dict[str, Any]:
        told = dict(spec)
        self.asked.append((host, told))
        if host in self.refused:
            return {}
        if told["do"] == "answer":
            return {"pid": 7}
        if told["do"] == "stream":
            return {"flows": {f["id"]: self.streams.get(f["to"], CLEAN) for f in told["flows"]}}
        if told["do"] == "hush":
            return {}
        probes = {p["id"]: self.answer(host, p) for p in told["probes"]}
        return {"facts": self.outputs(host, told["commands"]), "probes": probes}


CLEAN = {"sent": 600, "lost": 0, "back": True, "first": 0.0, "last": 0.0}


def verification(hosts: Hosts, facts: bool = False) -> tuple[Verification, list[str]]:
    said: list[str] = []
    made = Verification(site(), hosts, Outside({"net-1": ["203.0.113.65"]}), said.append)  # type: ignore[arg-type]
    if not facts:
        made.facts = ()
    return made, said


def right(made: Verification) -> Callable[[str, dict[str, Any]], dict[str, str]]:
    """The answers of a network that works: by host and target, as the checks of `before` and `after` say."""
    wanted = {(c.host, c.probe["to"], c.probe.get("size", 0)): c.want for c in (*made.before, *made.after)}

    def answer(host: str, probe: dict[str, Any]) -> dict[str, str]:
        want = wanted[(host, probe["to"], probe.get("size", 0))]
        return {"answer": next(iter(want))} if want else {"silent": "no answer"}

    return answer


def test_a_network_that_works_passes_and_the_answerers_are_ended() -> None:
    hosts = Hosts()
    made, said = verification(hosts)
    hosts.answer = right(made)
    results = made.again(5)
    assert results
    assert [r for r in results if not r.good] == []
    assert said == []
    made.end()
    started = {h for h, spec in hosts.asked if spec["do"] == "answer"}
    assert started == {e.server for e in flows.endpoints(made.site)}
    assert {h for h, spec in hosts.asked if spec["do"] == "hush" and spec["pid"] == 7} == started


def words_of(spec: dict[str, Any]) -> str:
    """What a host was told to say to its log."""
    return str([*spec.get("commands", {}).get("say", ("",))][-1])


def test_hosts_that_send_logs_say_another_word_each_time() -> None:
    hosts = Hosts()
    made, _ = verification(hosts)
    made.facts = (FactCheck(Kind.LOGS, "mgmt-1", "", ("logs", "srv-1"), frozenset({"heard"})),)
    made.senders = {"srv-1"}
    words: set[str] = set()

    def heard(host: str, commands: dict[str, Any]) -> dict[str, Any]:
        """Of a log server where the word came in: a file of the host that was asked to say it."""
        said = {words_of(spec) for h, spec in hosts.asked if h == "srv-1" and words_of(spec)} - words
        got = [word for word in said if word in " ".join(commands.get("logs", ()))]
        words.update(got)
        text = "".join(f"==> /var/log/igoudar/srv-1/2026-11-27.log <==\n{word}\n" for word in got)
        told = {"logs": {"rc": 0 if got else 1, "out": text}} if host == "mgmt-1" else {}
        return {**told, **({"say": {"rc": 0, "out": ""}} if "say" in commands else {})}

    hosts.answer, hosts.outputs = right(made), heard
    for _ in range(2):
        assert [r for r in made.converge(5) if not r.good] == []
    assert len(words) == 2
    assert not [h for h, spec in hosts.asked if h != "srv-1" and words_of(spec)]


def started(hosts: Hosts) -> list[tuple[str, int]]:
    """Server of each answerer that was started, and the process that it took the place of."""
    return [(h, spec.get("instead", 0)) for h, spec in hosts.asked if spec["do"] == "answer"]


def test_answerers_that_will_soon_end_are_renewed(monkeypatch: pytest.MonkeyPatch) -> None:
    hosts = Hosts()
    made, _ = verification(hosts)
    hosts.answer = right(made)
    made.converge(5)
    first = started(hosts)
    made.converge(5)
    assert started(hosts) == first
    monkeypatch.setattr(run, "ANSWERERS_LEFT", run.ANSWERERS_LIVE + 1)
    assert all(r.good for r in made.converge(5))
    assert started(hosts) == [*first, *((server, 7) for server, _ in first)]


def test_an_answerer_that_is_gone_is_started_again() -> None:
    hosts = Hosts()
    made, said = verification(hosts)
    good = right(made)
    gone = next(c for c in made.before if c.kind is Kind.REACH)
    (server,) = gone.want

    def answer(host: str, probe: dict[str, Any]) -> dict[str, str]:
        told = good(host, probe)
        lost = [h for h, _ in started(hosts)].count(server) < 2 and told == {"answer": server}
        return {"answer": "refused"} if lost else told

    hosts.answer = answer
    assert all(r.good for r in made.converge(5))
    assert len(said) == 1
    assert [h for h, _ in started(hosts)].count(server) == 2


def test_only_what_does_not_work_yet_is_asked_again_and_named() -> None:
    hosts = Hosts()
    made, said = verification(hosts)
    good = right(made)
    late = next(c for c in made.before if c.kind is Kind.REACH)
    times = 0

    def answer(host: str, probe: dict[str, Any]) -> dict[str, str]:
        nonlocal times
        if (host, probe["to"]) == (late.host, late.probe["to"]) and "size" not in probe:
            times += 1
            if times < 3:
                return {"silent": "no answer"}
        return good(host, probe)

    hosts.answer = answer
    assert all(r.good for r in made.converge(5))
    assert [line.split(";")[0] for line in said] == ["waiting for 1 reach"] * 2
    looks = [spec for _, spec in hosts.asked if spec["do"] == "look"]
    assert [len(spec["probes"]) for spec in looks[-2:]] == [1, 1]


def test_a_host_that_is_slow_to_tell_is_asked_again_though_nothing_is_wanted_of_it() -> None:
    hosts, rounds = Hosts(), list[str]()
    made, said = verification(hosts, facts=True)
    made.facts = tuple(c for c in made.facts if c.kind is Kind.INTERFACES)[:1]
    made.before = ()

    def slow(host: str, commands: dict[str, Any]) -> dict[str, Any]:
        rounds.append(host)
        return {name: {"rc": 0, "out": "iface lo [pass]"} for name in commands} if len(rounds) > 2 else {}

    hosts.outputs = slow
    assert all(r.good for r in made.converge(5))
    assert rounds == [made.facts[0].host] * 3
    assert "not told" in said[0]


def test_a_host_that_answers_in_the_end_was_not_refused() -> None:
    said = [b"", b"{}"]
    session = SimpleNamespace(
        access="srv-1", run=lambda *_: SimpleNamespace(out=said.pop(0), err=b"no memory"), close=lambda: None
    )
    with Logins({}) as logins:
        logins.sessions["srv-1"] = session  # type: ignore[assignment]
        logins.ask("srv-1", {"do": "look"})
        assert list(logins.refused) == ["srv-1"]
        logins.ask("srv-1", {"do": "look"})
        assert logins.refused == {}


def test_what_never_works_fails_after_the_bound() -> None:
    made, _ = verification(Hosts())
    bad = [r for r in made.again(0.05) if not r.good]
    assert {r.kind for r in bad} >= {Kind.REACH, Kind.GATEWAY, Kind.WORLD}
    assert all(r.found == "no answer" for r in bad)


def test_silence_of_a_host_that_cannot_be_asked_proves_nothing() -> None:
    hosts = Hosts()
    made, _ = verification(hosts)
    hosts.answer = right(made)
    mute = next(c.host for c in made.after)
    hosts.refused[mute] = "no SSH session"
    results = made.again(0.05)
    assert [r.found for r in results if r.kind is Kind.REACHED and not r.good] == ["no SSH session"]
    silent = [r for r in results if r.host == mute and r.kind is Kind.ISOLATION]
    assert silent
    assert not any(r.good for r in silent)


def test_a_leak_is_a_failure() -> None:
    hosts = Hosts()
    made, _ = verification(hosts)
    good = right(made)
    leak = next(c for c in made.after if not c.want and c.probe["kind"] == "icmp")
    key = (leak.host, leak.probe["to"])
    hosts.answer = lambda h, p: {"answer": p["to"]} if (h, p["to"]) == key else good(h, p)
    bad = [r for r in made.again(1) if not r.good]
    assert {(r.kind, r.host) for r in bad} == {(Kind.ISOLATION, leak.host)}


class Broken:
    """Remembers what was lost and mended."""

    def __init__(self, fail: bool = False) -> None:
        self.done: list[str] = []
        self.fail = fail

    def cut(self, cable: Cable) -> None:
        self.done.append(f"cut {cable.key}")
        if self.fail:
            raise OSError("no such wire")

    def mend(self, cable: Cable) -> None:
        self.done.append(f"mend {cable.key}")

    def power(self, host: str, on: bool) -> None:
        self.done.append(f"{host} {'on' if on else 'off'}")


def told_of_sessions(state: str) -> dict[str, str]:
    """FRR's answers, where every session there could be has this state."""
    families = ("ipv4Unicast", "ipv6Unicast", "l2VpnEvpn")
    keys = (*(f"swp{n}" for n in range(1, 9)), "203.0.113.1", "203.0.113.3")
    peers = {key: {"state": state} for key in keys}
    vrfs = ("default", "world")
    bfd = [
        {"vrf": vrf, "interface": peer, "status": "up" if state == "Established" else "down"}
        for vrf in vrfs
        for peer in peers
    ]
    bgp = {vrf: {family: {"peers": peers} for family in families} for vrf in vrfs}
    return {"bgp": json.dumps(bgp), "bfd": json.dumps(bfd)}


def drilled(
    hosts: Hosts, breaker: Broken, groups: int = 3, bound: float | None = None, seen: str = "Idle"
) -> list[Result]:
    """Results of drills, all of whose neighbours say `seen` once something was lost."""
    made, _ = verification(hosts)
    hosts.answer = right(made)
    made.converge(1)

    def outputs(host: str, commands: dict[str, Any]) -> dict[str, Any]:
        told = told_of_sessions(seen if breaker.done else "Established")
        return {
            name: {"rc": 0, "out": "\n".join(told[q] for q in name.removeprefix("frr|").split("|"))}
            for name in commands
            if seen
        }

    hosts.outputs = outputs
    planned = drills.plan(made.site, {"net-1": ["203.0.113.65"]}, pytest.fail)[:groups]
    bounded = [[replace(d, bound=d.bound if bound is None else bound) for d in group] for group in planned]
    return drills.Drills(made, breaker, lambda _: None).run(bounded)


def test_a_drill_has_signs_where_its_loss_must_be_seen() -> None:
    made, _ = verification(Hosts())
    planned = drills.plan(made.site, {"net-1": ["203.0.113.65"]}, pytest.fail)
    signs = {d.name: drills.signs(made.site, d) for group in planned for d in group}
    told = {name: [(c.host, *c.at[:3]) for c in checks] for name, checks in signs.items()}
    assert told == {
        "leaf uplink": [("spine-1", "bfd", "default", "swp1")],
        "spine": [("leaf-1", "bfd", "default", "swp1")],
        "border": [("spine-1", "bfd", "default", "swp3")],
        "submarine cable": [("border-1", "bgp", "world", "203.0.113.3")],
    }


@pytest.mark.parametrize("seen", ["Established", ""])
def test_a_drill_of_a_loss_that_nobody_saw_proves_nothing(seen: str) -> None:
    """No packet is lost; the sessions stay up, or nobody says how they are."""
    results = drilled(Hosts(), Broken(), groups=1, bound=0.05, seen=seen)
    assert [r.good for r in results] == [False, False]
    assert all(r.found.startswith("0 of ") and "; the loss was not seen: b" in r.found for r in results)


def test_what_drills_lose_they_mend() -> None:
    breaker = Broken()
    results = drilled(Hosts(), breaker)
    assert [r.good for r in results] == [True] * 4
    lost = [
        d.removeprefix("cut ").removesuffix(" off") for d in breaker.done if d.startswith("cut") or "off" in d
    ]
    mended = [
        d.removeprefix("mend ").removesuffix(" on") for d in breaker.done if "mend" in d or d.endswith(" on")
    ]
    assert sorted(lost) == sorted(mended)
    assert len(lost) == 4


def test_a_flow_that_does_not_come_back_fails_its_drill_only() -> None:
    hosts = Hosts()
    hosts.streams["203.0.113.65"] = {"sent": 600, "lost": 400, "back": False, "first": 2.0, "last": 6.0}
    results = drilled(hosts, Broken(), groups=1)
    assert {r.host: r.good for r in results} == {"leaf uplink": True, "submarine cable": False}
    assert "1 flows did not come back" in next(r.found for r in results if not r.good)


def test_what_was_broken_is_mended_whatever_happens() -> None:
    breaker = Broken(fail=True)
    with pytest.raises(OSError, match="no such wire"):
        drilled(Hosts(), breaker)
    assert any(d.startswith("mend") for d in breaker.done)


RESULTS = [
    Result(Kind.BGP, "leaf-1", "spine-1 at swp1", True, "Established", "Established"),
    Result(Kind.ISOLATION, "srv-1", "srv-3 at 172.16.1.7", False, "no answer", "srv-3"),
]


def test_results_for_people_say_what_failed() -> None:
    out = StringIO()
    report.show(RESULTS, Console(file=out, width=120))
    assert "FAILED isolation: srv-1: srv-3 at 172.16.1.7: srv-3; expected no answer" in out.getvalue()
    assert "spine-1 at swp1" not in out.getvalue()
    assert report.summary("lab", RESULTS) == "lab: 1 checks passed, 1 failed"


def test_results_for_programs_and_for_ci() -> None:
    told = json.loads(json.dumps(report.as_json("lab", RESULTS, 3.14)))
    assert (told["passed"], told["failed"], len(told["checks"])) == (1, 1, 2)
    root = ElementTree.fromstring(report.as_junit("lab", RESULTS, 3.14))
    suites: Sequence[ElementTree.Element] = root.findall("testsuite")
    assert [(s.get("name"), s.get("failures")) for s in suites] == [("bgp", "0"), ("isolation", "1")]
    failure = root.find("testsuite/testcase/failure")
    assert failure is not None
    assert failure.get("message") == "expected no answer, found srv-3"
