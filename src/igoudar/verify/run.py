"""`verify`: looks until what must work works, then proves that what must not work does not."""

from __future__ import annotations

import secrets
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from igoudar.verify import fabric, flows
from igoudar.verify.checks import REFUSED, FactCheck, Kind, ProbeCheck, Result
from igoudar.verify.fabric import Site
from igoudar.verify.facts import commands_for, facts_of
from igoudar.verify.look import Logins

Say = Callable[[str], None]
SAY = "say"  # name of the command that tells no fact
ROUND_SECONDS = 1.0  # at least, between two looks
SILENT_TRIES, SILENT_WAIT = 2, 0.6  # a packet that must not arrive is sent twice and waited for, seconds
ANSWERERS_LIVE, ANSWERERS_LEFT = 600, 300  # seconds, should nobody end them; with less left they are renewed


@dataclass(frozen=True, slots=True)
class Outside:
    """What a twin knows of the world beyond the cables. `far`: routers at their far ends -> own addresses."""

    world: Mapping[str, Sequence[str]] = field(default_factory=dict)
    far: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answerer:
    """`until`: our clock when it ends by itself."""

    pid: int
    until: float


class Verification:
    """One run over one site; `again` may be called as often as needed, as drills do."""

    def __init__(self, site: Site, logins: Logins, outside: Outside, say: Say) -> None:
        self.site = site
        self.logins, self.say = logins, say
        self.facts = tuple(fabric.checks(self.site))
        inside = flows.probes(self.site, outside.world)
        beyond = flows.outside_in(self.site, outside.far)
        self.before = (*inside.before, *beyond.before)
        self.after = (*inside.after, *beyond.after)
        self.senders = {check.at[1] for check in self.facts if check.kind is Kind.LOGS}
        self.hosts = sorted(self.site.hosts) + list(outside.far)
        self.answerers: dict[str, Answerer] = {}

    def again(self, bound: float) -> list[Result]:
        """All results. What must work is waited for, `bound` seconds at most."""
        working = self.converge(bound)
        if not all(r.good for r in working):
            self.say("what must not work is looked at all the same")
        return [*working, *self._silent()]

    def converge(self, bound: float, but: Collection[Kind] = ()) -> list[Result]:
        """Results of what must work, kinds `but` left out, as soon as it does or after `bound` seconds."""
        word = f"igoudar-verify-{secrets.token_hex(8)}"
        until = time.monotonic() + bound
        everything: tuple[FactCheck | ProbeCheck, ...] = (*self.facts, *self.before)
        left = [check for check in everything if check.kind not in but]
        results: dict[FactCheck | ProbeCheck, Result] = {}
        order = {check: n for n, check in enumerate(left)}
        while True:
            begun = time.monotonic()
            self.logins.open(self.hosts)
            self._answerers()
            results |= self.look(left, word=word)
            left = [check for check in left if not results[check].good]
            for check in left:
                if isinstance(check, ProbeCheck) and results[check].found == REFUSED:
                    self._gone(check.want)
            if not left or time.monotonic() > until:
                break
            self.say(waiting(results[check] for check in left))
            time.sleep(max(0.0, ROUND_SECONDS - (time.monotonic() - begun)))
        return [*self._logins(), *(results[c] for c in sorted(results, key=order.__getitem__))]

    def _logins(self) -> list[Result]:
        refused = self.logins.refused
        return [
            Result(Kind.REACHED, h, "login over SSH", h not in refused, "a login", refused.get(h, "a login"))
            for h in self.hosts
        ]

    def look(
        self, checks: Iterable[FactCheck | ProbeCheck], tries: int = 3, wait: float = 0.7, word: str = ""
    ) -> dict[FactCheck | ProbeCheck, Result]:
        """Hosts that are to send logs say `word`; that it arrived, the next look may be the first to see."""
        facts: dict[str, list[FactCheck]] = {}
        probes: dict[str, list[ProbeCheck]] = {}
        for check in checks:
            if isinstance(check, FactCheck):
                facts.setdefault(check.host, []).append(check)
            else:
                probes.setdefault(check.host, []).append(check)

        def ask(host: str) -> dict[FactCheck | ProbeCheck, Result]:
            asked, sent = facts.get(host, []), probes.get(host, [])
            spec = {
                "do": "look",
                "commands": commands_for((c.at for c in asked), word) | self._said(host, word),
                "probes": [{**c.probe, "id": str(n)} for n, c in enumerate(sent)],
                "tries": tries,
                "wait": wait,
            }
            told = self.logins.ask(host, spec)
            outputs = {name: out for name, out in told.get("facts", {}).items() if name != SAY}
            found = facts_of(outputs, [c.at for c in asked])
            heard = told.get("probes", {})
            return {c: c.judge(found) for c in asked} | {
                c: c.judge(heard.get(str(n), {})) for n, c in enumerate(sent)
            }

        merged: dict[FactCheck | ProbeCheck, Result] = {}
        for part in self.logins.every({*facts, *probes}, ask).values():
            merged |= part
        return merged

    def _said(self, host: str, word: str) -> dict[str, tuple[str, ...]]:
        return {SAY: ("logger", "-t", "igoudar-verify", word)} if word and host in self.senders else {}

    def _silent(self) -> list[Result]:
        """Each host's proof of silence counts only if the host itself could be asked."""
        results = self.look(self.after, SILENT_TRIES, SILENT_WAIT)
        return [results[check] for check in self.after]

    def _answerers(self) -> None:
        """An answerer on every server that is in a VRF, for a good while from now on."""
        mine: dict[str, list[flows.Endpoint]] = {}
        for end in flows.endpoints(self.site):
            mine.setdefault(end.server, []).append(end)
        now = time.monotonic()
        old = {h: a for h, a in self.answerers.items() if a.until - now >= ANSWERERS_LEFT}
        due = [h for h in mine if h not in old and h in self.logins.sessions]

        def start(host: str) -> int:
            before = self.answerers.get(host)
            spec = flows.answer_spec(mine[host], host, ANSWERERS_LIVE)
            if before:
                spec = {**spec, "instead": before.pid, "marker": self.logins.marker}
            return int(self.logins.ask(host, spec).get("pid", 0))

        until = now + ANSWERERS_LIVE
        self.answerers |= {h: Answerer(pid, until) for h, pid in self.logins.every(due, start).items() if pid}

    def _gone(self, servers: Iterable[str]) -> None:
        """A server that says that nobody listens has lost its answerer."""
        for server in servers:
            self.answerers.pop(server, None)

    def forget(self, host: str) -> None:
        """A host that lost its power has no login and no answerer any more."""
        self.logins.drop(host)
        self.answerers.pop(host, None)

    def end(self) -> None:
        """Ends the answerers; they end by themselves too."""
        spec = {"do": "hush", "marker": self.logins.marker}
        self.logins.every(
            self.answerers, lambda h: self.logins.ask(h, {**spec, "pid": self.answerers[h].pid}, 10)
        )


def waiting(results: Iterable[Result]) -> str:
    """One line: how much is not there yet, and the first of it."""
    left = list(results)
    counted = ", ".join(f"{n} {kind}" for kind, n in Counter(r.kind for r in left).items())
    return f"waiting for {counted}; first: {left[0]}"
