"""From two records of a hall's cables to what the staff pulls, takes out and exchanges. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from igoudar.hall.tick_list import Line, Order, sections

Record = Mapping[str, Mapping[str, Any]]
GONE = "decommissioning"


def cable_order(hall: str, before: Record, after: Record, day: date) -> Order:
    """A record is key of the cable -> {label, article, length, status, ends}."""
    old, new = _there(before), _there(after)
    pull = [key for key in new if key not in old]
    out = [key for key in old if key not in new]
    other = [key for key in new if key in old and _kind(new[key]) != _kind(old[key])]
    swaps = (_line(key, new[key], f"; before: {_what(old[key])}") for key in _by_label(other, new))
    made = sections((
        ("Take out", (_line(key, old[key]) for key in _by_label(out, old))),
        ("Exchange", swaps),
        ("Pull", (_line(key, new[key]) for key in _by_label(pull, new))),
    ))  # fmt: skip
    return Order(f"cables of hall {hall}", day, made)


def _there(record: Record) -> dict[str, Mapping[str, Any]]:
    return {key: told for key, told in record.items() if told["status"] != GONE}


def _kind(told: Mapping[str, Any]) -> tuple[str, str]:
    return told["article"], told["length"]


def _by_label(keys: Iterable[str], record: Record) -> list[str]:
    return sorted(keys, key=lambda key: (int(record[key]["label"]), key))


def _line(key: str, told: Mapping[str, Any], more: str = "") -> Line:
    a, _, b = key.partition(" -- ")
    label = int(told["label"])
    near, _, far = told.get("ends", "").partition("/")
    number, hint = (str(label), "") if label else ("no label yet", " (`igoudar plan`)")
    return Line("", number, f"{hint} {a} → {b}: {_what(told)}{more}", label, (near, far))


def _what(told: Mapping[str, Any]) -> str:
    known = [part for part in (told["article"], told["length"]) if part]
    return ", ".join(known) or "article and length to be chosen"
