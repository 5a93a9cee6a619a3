"""A cable's record as one line of text, as people read it in a preview. Pure.

    460368 | 0H1.A02-42:swp11/0H1.A02-10:eth1 | dac 25G sfp28 | 2.5 m | connected
    label, ends, article, length, status; and ` | seen: ` with what a refresh saw in its place

One value a cable: the engine keeps each value of a record several times over, and a hall has 30,000 cables.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from igoudar.hall.as_found import SEEN

FIELDS = ("label", "ends", "article", "length", "status")
BETWEEN = " | "


def row_of(told: Mapping[str, Any]) -> str:
    """What is `seen` stands last: it may hold any text."""
    values = [str(told[name]).replace(BETWEEN, " / ") for name in FIELDS]
    return BETWEEN.join([*values, *([f"{SEEN}: {told[SEEN]}"] if SEEN in told else [])])


def told_by(row: str) -> dict[str, Any]:
    """The inverse of `row_of`."""
    values = row.split(BETWEEN, len(FIELDS))
    told: dict[str, Any] = dict(zip(FIELDS, values, strict=False))
    seen = {SEEN: values[-1].removeprefix(f"{SEEN}: ")} if len(values) > len(FIELDS) else {}
    return {**told, "label": int(told["label"]), **seen}


def rows_of(record: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    return {key: row_of(told) for key, told in record.items()}


def record_of(rows: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    return {key: told_by(row) for key, row in rows.items()}
