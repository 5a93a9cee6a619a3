"""From two records of a hall's cables to what the staff pulls, takes out and exchanges, as Markdown. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from igoudar.hall.tick_list import head, section

Record = Mapping[str, Mapping[str, Any]]
GONE = "decommissioning"


def cable_order(hall: str, before: Record, after: Record, day: date) -> str:
    """Empty where nothing is to be done. A record is key of the cable -> {label, article, length, status}."""
    old, new = _there(before), _there(after)
    pull = [key for key in new if key not in old]
    out = [key for key in old if key not in new]
    other = [key for key in new if key in old and _kind(new[key]) != _kind(old[key])]
    if not (pull or out or other):
        return ""
    lines = head(f"cables of hall {hall}", day)
    lines += section("Take out", (_line(key, old[key]) for key in _by_label(out, old)))
    swaps = (f"{_line(key, new[key])}; before: {_what(old[key])}" for key in _by_label(other, new))
    lines += section("Exchange", swaps)
    lines += section("Pull", (_line(key, new[key]) for key in _by_label(pull, new)))
    return "\n".join(lines).rstrip() + "\n"


def _there(record: Record) -> dict[str, Mapping[str, Any]]:
    return {key: told for key, told in record.items() if told["status"] != GONE}


def _kind(told: Mapping[str, Any]) -> tuple[str, str]:
    return told["article"], told["length"]


def _by_label(keys: Iterable[str], record: Record) -> list[str]:
    return sorted(keys, key=lambda key: (int(record[key]["label"]), key))


def _line(key: str, told: Mapping[str, Any]) -> str:
    a, _, b = key.partition(" -- ")
    label = f"**{int(told['label'])}**" if told["label"] else "**no label yet** (`igoudar plan`)"
    return f"{label} {a} → {b}: {_what(told)}"


def _what(told: Mapping[str, Any]) -> str:
    known = [part for part in (told["article"], told["length"]) if part]
    return ", ".join(known) or "article and length to be chosen"
