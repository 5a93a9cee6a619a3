"""The operator's way to the witnesses: management hosts that hold what was decided (design 6).

Decided is what a majority holds. An answer that is missing means nothing, and nothing is made of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

from igoudar.agent.voting import Witness, decided
from igoudar.errors import DeviceFailed
from igoudar.site import Site
from igoudar.transport import Access, connect
from igoudar.witness import SITE

COMMAND = "sudo -n /usr/sbin/igoudar-witness"
ANSWER_SECONDS = 10.0
TRIES = 2
OURS = ("commit", "abort", "none", "here", "enrolled")


@dataclass(frozen=True, slots=True)
class Answer:
    """Of one witness: its word, or why there is none."""

    word: str
    problem: str = ""


class Witnesses(Protocol):
    """1 or 3 of them."""

    def told(self) -> tuple[Witness, ...]:
        """How a switch reaches them."""
        ...

    def enrol(self, keys: Iterable[str]) -> None:
        """Lets the owners of these host keys come, and no others of this site.

        Raises DeviceFailed where a majority does not answer.
        """
        ...

    def propose(self, id_: str, value: str) -> str:
        """What is decided for a transaction; empty where that cannot be known now. Never raises."""
        ...

    def here(self) -> Mapping[str, Answer]:
        """Each witness's `here`, by name. Never raises."""
        ...

    def look(self, id_: str) -> Mapping[str, Answer]:
        """What each witness holds, by name: commit, abort or none. Decides nothing. Never raises."""
        ...


class SshWitnesses:
    """`site`: in whose name keys are enrolled, for other sites may share the hosts."""

    def __init__(self, hosts: Sequence[Access], site: str = "") -> None:
        self.hosts, self.site = hosts, site

    def told(self) -> tuple[Witness, ...]:
        return tuple(Witness(h.host, h.address, h.host_key) for h in self.hosts)

    def enrol(self, keys: Iterable[str]) -> None:
        whose = f" {SITE}{self.site}" if self.site else ""
        lines = "".join(f"{key}{whose}\n" for key in sorted({*keys})).encode()
        problems = dict[str, str]()
        heard = self._all(lambda host: self._ask(host, "enrol", lines, problems))
        if len([word for word in heard if word]) <= len(self.hosts) // 2:
            listed = "\n".join(f"  {why}" for _, why in sorted(problems.items()))
            raise DeviceFailed(f"no majority of the witnesses answers; nothing was started\n{listed}")

    def propose(self, id_: str, value: str) -> str:
        held = self._all(lambda host: self._ask(host, f"propose {id_} {value}", b"", {}))
        return decided(held, len(self.hosts))

    def here(self) -> dict[str, Answer]:
        return self._each("hello")

    def look(self, id_: str) -> dict[str, Answer]:
        return self._each(f"look {id_}")

    def _each(self, words: str) -> dict[str, Answer]:
        problems = dict[str, str]()
        said = self._all(lambda host: self._ask(host, words, b"", problems))
        names = [host.host for host in self.hosts]
        return {n: Answer(w or "", "" if w else problems[n]) for n, w in zip(names, said, strict=True)}

    def _all(self, ask: Callable[[Access], str | None]) -> list[str | None]:
        with ThreadPoolExecutor(max(len(self.hosts), 1)) as pool:
            return list(pool.map(ask, self.hosts))

    def _ask(self, host: Access, words: str, stdin: bytes, problems: dict[str, str]) -> str | None:
        """Asking twice does no harm: a register is written once."""
        for _ in range(TRIES):
            try:
                with connect(host) as session:
                    done = session.run(f"{COMMAND} {words}", stdin, ANSWER_SECONDS)
            except DeviceFailed as error:
                problems[host.host] = str(error)
                continue
            said = done.out.decode("ascii", "replace").strip()
            if done.status == 0 and said in OURS:
                return said
            told = (done.err or done.out).decode("utf-8", "replace").strip().splitlines() or ["nothing"]
            problems[host.host] = f"{host.host}: its register says: {told[-1]}; the role witness installs it"
        return None


def of_site(site: Site, access: Mapping[str, Access]) -> SshWitnesses:
    return SshWitnesses([access[name] for name in site.witnesses if name in access], site.name)
