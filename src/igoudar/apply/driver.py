"""What one switch is asked: messages to the agent that `frr_switch` installed, an exec each."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from igoudar.agent.serve import ENDED
from igoudar.agent.voting import Witness
from igoudar.apply.change import RUNNING, Texts
from igoudar.errors import DeviceFailed
from igoudar.transport import Access, Lines, Session, connect

AGENT = "sudo -n /usr/sbin/igoudar-agent serve"
ANSWER_SECONDS = 60.0
SECONDS = {"extend": 15.0, "apply": 240.0, "restore": 240.0}  # verbs whose answer takes less, or more


@dataclass(frozen=True, slots=True)
class Live:
    """What a switch is and runs now. `texts` hold `running-config` too where the daemons drifted.

    `sessions`: `<vrf> <neighbour>` -> state. `interfaces`: what ifupdown2 finds otherwise than its file
    says, where that was asked. `residue`: what the daemons would still have to be told. `missing`: daemons
    that do not live. `fresh`: it never had a text of ours, routes nothing, and has no address but its way in.
    """

    serial: str
    texts: Texts
    digest: str
    open: Mapping[str, Any] | None
    sessions: Mapping[str, str]
    interfaces: tuple[str, ...] = ()
    residue: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class Disguise:
    """What masks secrets in live text: desired texts, the newest first, values by mark, NOS patterns."""

    desired: tuple[str, ...] = ()
    values: Mapping[str, str] | None = None
    patterns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Candidate:
    """What a switch is to carry: files with marks, the values of these, and patterns of secret lines."""

    files: Texts
    values: Mapping[str, str]
    patterns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ended:
    """`outcome`: `restored`, or `dropped` where nothing live had changed. `problem`: what is not so again."""

    outcome: str
    why: str
    problem: str


@dataclass(frozen=True, slots=True)
class Standing:
    """What of transactions is at a switch. `last`: those that ended, or are only staged, the newest last."""

    open: Mapping[str, Any] | None
    last: tuple[Mapping[str, str], ...] = ()


class AgentRefused(DeviceFailed):
    """The agent understood, and will not; `code` is its word."""

    def __init__(self, host: str, code: str, sentence: str) -> None:
        super().__init__(f"{host}: {sentence}")
        self.code = code


class Driver(Protocol):
    """One switch. Every method raises DeviceFailed without an answer, AgentRefused with one."""

    name: str

    def status(self) -> Standing: ...
    def read(self, paths: tuple[str, ...], disguise: Disguise, *, interfaces: bool = False) -> Live: ...
    def stage(self, id_: str, stack: str, candidate: Candidate) -> None: ...
    def arm(self, id_: str, base: str, window: float, restore: float) -> None: ...
    def extend(self, id_: str, window: float) -> None: ...
    def apply(self, id_: str, mode: str) -> str: ...
    def verify(self, paths: tuple[str, ...], disguise: Disguise, *, interfaces: bool = False) -> Live: ...
    def prepare(self, id_: str, witnesses: Sequence[Witness], window: float) -> None: ...
    def confirm(self, id_: str) -> None: ...
    def restore(self, id_: str, asked: Sequence[str] | None = None) -> Ended: ...
    def close(self) -> None: ...


class AgentDriver(ABC):
    """The messages of the operator as the agent takes them; how they get there is `_ask`'s matter."""

    name: str

    def status(self) -> Standing:
        told = self._ask("status", {})
        return Standing(told["open"], tuple(told["transactions"]))

    def read(self, paths: tuple[str, ...], disguise: Disguise, *, interfaces: bool = False) -> Live:
        return _live(self._ask("read", _look(paths, disguise, interfaces)))

    def verify(self, paths: tuple[str, ...], disguise: Disguise, *, interfaces: bool = False) -> Live:
        return _live(self._ask("verify", _look(paths, disguise, interfaces)))

    def stage(self, id_: str, stack: str, candidate: Candidate) -> None:
        self._ask("stage", {"id": id_, "stack": stack, **asdict(candidate)})

    def arm(self, id_: str, base: str, window: float, restore: float) -> None:
        self._ask("arm", {"id": id_, "base": base, "window": window, "restore": restore})

    def extend(self, id_: str, window: float) -> None:
        self._ask("extend", {"id": id_, "window": window})

    def apply(self, id_: str, mode: str) -> str:
        """What went wrong on the switch, empty where nothing did."""
        return str(self._ask("apply", {"id": id_, "mode": mode})["problem"])

    def prepare(self, id_: str, witnesses: Sequence[Witness], window: float) -> None:
        told = [asdict(witness) for witness in witnesses]
        self._ask("prepare", {"id": id_, "witnesses": told, "window": window})

    def confirm(self, id_: str) -> None:
        self._ask("confirm", {"id": id_})

    def restore(self, id_: str, asked: Sequence[str] | None = None) -> Ended:
        """`asked`: names of the witnesses that hold abort; refused where it has voted with others."""
        told = self._ask("restore", {"id": id_} if asked is None else {"id": id_, "witnesses": asked})
        return Ended(told["outcome"], told["why"], told["problem"])

    @abstractmethod
    def _ask(self, verb: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """The agent's answer. Raises DeviceFailed without one, AgentRefused with one that refuses."""


class FrrDriver(AgentDriver):
    """Over SSH. One login is kept, and the agent in it; `verify` opens a new one: the old proves nothing."""

    def __init__(self, access: Access) -> None:
        self.access = access
        self.name = access.host
        self._session: Session | None = None
        self._agent: Lines | None = None
        self._opening = threading.Lock()

    def close(self) -> None:
        with self._opening:
            if self._session is not None:
                self._session.close()
                self._session = self._agent = None

    def _ask(self, verb: str, request: Mapping[str, Any]) -> dict[str, Any]:
        if verb == "verify":
            with connect(self.access) as session:
                told = _agent(session).ask(ANSWER_SECONDS, verb=verb, request=request)
        else:
            told = self._living_agent().ask(SECONDS.get(verb, ANSWER_SECONDS), verb=verb, request=request)
        if told["ok"]:
            return told
        if told["code"] == ENDED:  # no answer: nobody knows what it has done
            raise DeviceFailed(f"{self.name}: {told['error']}")
        raise AgentRefused(self.name, str(told["code"]), str(told["error"]))

    def _living_agent(self) -> Lines:
        with self._opening:
            if self._session is None or not self._session.transport.is_active():
                self._session, self._agent = connect(self.access), None
            if self._agent is None or not self._agent.alive:
                self._agent = _agent(self._session)
            return self._agent


def _agent(session: Session) -> Lines:
    return Lines(session, AGENT, "the role frr_switch installs it")


def _look(paths: tuple[str, ...], disguise: Disguise, interfaces: bool) -> dict[str, Any]:
    return {
        "interfaces": interfaces,  # whether they are to be compared with their file, which takes long
        "paths": paths,
        "desired": disguise.desired,
        "values": disguise.values or {},
        "patterns": disguise.patterns,
    }


def _live(told: Mapping[str, Any]) -> Live:
    texts = dict(told["files"])
    if told["running_drift"]:
        texts[RUNNING] = told["running_drift"]
    return Live(
        serial=told["serial"],
        texts=texts,
        digest=told["digest"],
        open=told["open"],
        sessions=told["sessions"],
        interfaces=tuple(told["interfaces"]),
        residue=tuple(told.get("residue", ())),  # of `verify` only
        missing=tuple(told["missing"]),
        fresh=told["fresh"],
    )
