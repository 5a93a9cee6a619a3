"""A cable's record as one line of text, as people read it in a preview. Pure.

    460368 | 0H1.A02-42:swp11/0H1.A02-10:eth1 | dac 25G sfp28 | 2.5 m | connected
    label, ends, article, length, status; and ` | seen: ` with what a refresh saw in its place

One value a cable: the engine keeps each value of a record several times over, and a hall has 30,000 cables.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from igoudar.errors import IgoudarError
from igoudar.hall.as_found import SEEN

FIELDS = ("label", "ends", "article", "length", "status")
BETWEEN = " | "
Told = Mapping[str, Any]


def row_of(told: Told) -> str:
    """What is `seen` stands last: it may hold any text. A bar in another value becomes a stroke."""
    values = [str(told[name]).replace("|", "/") for name in FIELDS]
    return BETWEEN.join([*values, *([f"{SEEN}: {told[SEEN]}"] if SEEN in told else [])])


def told_by(row: str | Told) -> dict[str, Any]:
    """The inverse of `row_of`. What an older igoudar recorded has the fields as they are."""
    if isinstance(row, Mapping):
        return {**row, "label": int(row["label"])}
    values = row.split(BETWEEN, len(FIELDS))
    if len(values) < len(FIELDS) or not values[0].isdecimal():
        raise IgoudarError(f"a cable is recorded as {row!r}; expected {BETWEEN.join(FIELDS)}")
    told: dict[str, Any] = dict(zip(FIELDS, values, strict=False))
    seen = {SEEN: values[-1].removeprefix(f"{SEEN}: ")} if len(values) > len(FIELDS) else {}
    return {**told, "label": int(told["label"]), **seen}


def rows_of(record: Mapping[str, Told]) -> dict[str, str]:
    return {key: row_of(told) for key, told in record.items()}


def record_of(rows: Mapping[str, str | Told]) -> dict[str, dict[str, Any]]:
    return {key: told_by(row) for key, row in rows.items()}
