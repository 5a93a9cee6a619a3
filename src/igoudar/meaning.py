"""What the code of a finding means: `explained/*.yaml`, and the numbers behind it as they are in the data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from igoudar.errors import BadInput, Finding, Where, nearest
from igoudar.quantities import KINDS
from igoudar.schema import Entry
from igoudar.yaml_source import read_source

FOLDER = Path(__file__).parent / "explained"
NAMES = "unknown-"  # one rule for all names that lead nowhere
_DATA = re.compile(r"(inventory/\S+\.yaml): (\S+)")


class MeaningIn(Entry):
    """`number`: where a number of the rule comes from; of a file of data, `FILE: path.in.it`.

    `amount`: in which unit such a finding says how much there is, where it does.
    """

    rule: str
    do: str
    why: str = ""
    number: str = ""
    waive: bool = False
    amount: str = ""


@dataclass(frozen=True, slots=True)
class Meaning:
    """`value`: what stands in the data at `number` now, with its source. `amount`: as MeaningIn has it."""

    code: str
    rule: str
    why: str
    do: str
    number: str
    value: str
    waive: bool
    amount: str = ""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def __str__(self) -> str:
        said = {"why": self.why, "number": self.number, "is now": self.value, "do": self.do}
        lines = [f"{self.code}: {self.rule}", *(f"  {word:7} {text}" for word, text in said.items() if text)]
        waive = "yes, with its `subject` in `igoudar check --json` as `object`" if self.waive else "no"
        lines.append(f"  {'waiver':7} {waive}")
        return "\n".join([*lines, *([f"  {'limit':7} {self._limit()}"] if self.waive else [])])

    def _limit(self) -> str:
        """What the `limit` of its waiver may be."""
        if not self.amount:
            return "none, it has no amount"
        kind = KINDS[self.amount]
        return f"{kind.name} such as {kind.example}: covered is what is no worse than it"


@cache
def known() -> Mapping[str, MeaningIn]:
    """By code; those that begin with NAMES stand together."""
    return {
        code: MeaningIn.model_validate(entry)
        for path in sorted(FOLDER.glob("*.yaml"))
        for code, entry in read_source(path, path.name).data.items()
    }


def explained(code: str) -> MeaningIn | None:
    """None where no finding has this code."""
    entries = known()
    return entries.get(code) or (entries[NAMES] if code.startswith(NAMES) and code != NAMES else None)


def meaning(code: str, root: Path) -> Meaning:
    """Raises BadInput where no finding has this code."""
    entry = explained(code)
    if entry is None:
        hint = nearest(code, known())
        expected = "the `code` of a finding, as `igoudar check --json` says it"
        raise BadInput([Finding("unknown-code", Where(code), "no finding has this code", expected, hint)])
    value = _value(entry.number, root)
    return Meaning(code, entry.rule, entry.why, entry.do, entry.number, value, entry.waive, entry.amount)


def _value(number: str, root: Path) -> str:
    match = _DATA.fullmatch(number)
    if match is None or not (root / match[1]).is_file():
        return ""
    data = read_source(root / match[1], match[1]).data
    for step in match[2].split("."):
        data = data.get(step) if isinstance(data, dict) else None
    return _shown(data)


def _shown(data: Any) -> str:
    if isinstance(data, dict):
        return ", ".join(f"{key} {_shown(value)}" for key, value in data.items())
    return "" if data is None else str(data)
