"""Values of secrets in a worker, from the store to the script of a host and nowhere else.

A worker asks the store itself, so no value is in an argument, a request or an answer. `Values` fills a file
at the last moment, and hides what a host says of itself; it shows nothing where it is printed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from igoudar.agent.masks import CHANGED, MARK, UNKNOWN, Masker, fill
from igoudar.errors import BadInput
from igoudar.role_document import Document
from igoudar.roles import RoleFile
from igoudar.secret_marks import shapes
from igoudar.secrets import known_values, secret_values
from igoudar.worker.script import Step

PRIVATE_KEY = re.compile(r"-----BEGIN ([A-Z ]*PRIVATE KEY)-----.*?(-----END \1-----|\Z)", re.DOTALL)
LEAST = 8  # characters of a line of a longer secret that is known again; shorter ones are in other texts too


@dataclass(frozen=True, slots=True)
class Values:
    """`of`: mark -> value, of every mark in the files of a host. `former`: those of versions before."""

    of: Mapping[str, str] = field(default_factory=dict, repr=False)
    former: Mapping[str, str] = field(default_factory=dict, repr=False)

    def filled(self, file: RoleFile) -> RoleFile:
        """The file with values in place of marks."""
        if file.text is None or not MARK.search(file.text):
            return file
        return replace(file, text=fill(file.text, self.of))

    def step(self, step: Step) -> Step:
        return self.filled(step) if isinstance(step, RoleFile) else step

    def live(self, text: str, desired: str, patterns: Iterable[str]) -> str:
        """The live text of a file without secrets. `desired`: its text with marks."""
        if MARK.fullmatch(mark := desired.rstrip("\n")):
            return f"{mark if text.rstrip(chr(10)) == self.of.get(mark) else CHANGED}\n"
        return self.hidden(Masker((desired,), self.of, patterns).text(text))

    def hidden(self, said: str) -> str:
        """What was said, with marks in place of every value and of every line of one."""
        known = self._known()
        if known:
            longest = sorted(known, key=len, reverse=True)
            said = re.sub("|".join(map(re.escape, longest)), lambda found: known[found.group()], said)
        return PRIVATE_KEY.sub(UNKNOWN, said)

    def _known(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for mark, value in (*self.former.items(), *self.of.items()):
            lines = [line for line in value.splitlines() if len(line) >= LEAST and "-----" not in line]
            found |= dict.fromkeys([*lines, value], mark)
        return found


NOTHING = Values()
Hosts = Mapping[str, Mapping[str, Document]]


def values_of(
    hosts: Hosts, stores: Mapping[str, str], root: Path
) -> tuple[dict[str, Values], dict[str, str]]:
    """host -> its values; host -> why it has none. Each store is asked once for all of its hosts."""
    values: dict[str, Values] = {}
    missing: dict[str, str] = {}
    for store in sorted({stores.get(host, "") for host in hosts}):
        mine = [host for host in hosts if stores.get(host, "") == store]
        try:
            values |= _asked({host: hosts[host] for host in mine}, store, root)
        except BadInput:  # of some of them
            for host in mine:
                try:
                    values |= _asked({host: hosts[host]}, store, root)
                except BadInput as error:
                    missing[host] = str(error)
    return values, missing


def _asked(hosts: Hosts, store: str, root: Path) -> dict[str, Values]:
    own = {host: shapes(_texts(roles)) for host, roles in hosts.items()}
    wanted = shapes(text for roles in hosts.values() for text in _texts(roles))
    found = secret_values(store, wanted, root, wanted)
    former = known_values(store, [*filter(None, map(_former, wanted))], root)
    return {
        host: Values(
            {mark: found[mark] for mark in marks},
            {old: former[old] for mark in marks if (old := _former(mark)) in former},
        )
        for host, marks in own.items()
    }


def _texts(roles: Mapping[str, Document]) -> Iterator[str]:
    return (file["text"] for document in roles.values() for file in document.get("files", {}).values())


def has_secrets(document: Document) -> bool:
    """Whether a file of the role holds one."""
    return bool(shapes(_texts({"": document})))


def _former(mark: str) -> str:
    """The mark of the version before, empty before the first."""
    name, _, version = mark.rpartition("@")
    return f"{name}@{int(version) - 1}" if int(version) > 1 else ""
