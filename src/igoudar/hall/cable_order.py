"""From two records of a hall's cables to what the staff pulls, takes out and exchanges. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from igoudar.cable_key import ends_of
from igoudar.derive.ports import natural
from igoudar.hall.as_found import SEEN, UNPLANNED
from igoudar.hall.tick_list import Line, Order, sections

Record = Mapping[str, Mapping[str, Any]]
GONE = "decommissioning"
UNLABELLED = ("no label yet", " (`igoudar plan`, where there is a cabling.yaml)")


def cable_order(hall: str, before: Record, after: Record, day: date) -> Order:
    """A record is key of the cable -> {label, article, length, status, ends}, and `seen` where a refresh saw
    it otherwise.
    """
    old, new = _there(before), _there(after)
    pull = [key for key in new if key not in old]
    out = [key for key in old if key not in new]
    other = [key for key in new if key in old and _kind(new[key]) != _kind(old[key])]
    swaps = (_line(key, new[key], f"; before: {_what(old[key])}") for key in _on_the_way(other, new))
    made = sections((
        ("Take out", (_line(key, old[key]) for key in _on_the_way(out, old))),
        ("Exchange", swaps),
        ("Put right", _put_right((key for key in new if SEEN in old.get(key, ())), old)),
        ("Pull", (_line(key, new[key]) for key in _on_the_way(pull, new))),
    ))  # fmt: skip
    return Order(f"cables of hall {hall}", day, made)


def _there(record: Record) -> dict[str, Mapping[str, Any]]:
    return {key: told for key, told in record.items() if told["status"] != GONE}


def _kind(told: Mapping[str, Any]) -> tuple[str, str]:
    return told["article"], told["length"]


def _on_the_way(keys: Iterable[str], record: Record) -> list[str]:
    """Rack by rack by the end that comes first, for labels are not as one walks; without a place last."""

    def met(key: str) -> tuple[Any, ...]:
        told = record[key]
        places = sorted(natural(end) for end in told["ends"].split("/") if end)
        return not places, places, told["label"], key

    return sorted(keys, key=met)


def _put_right(keys: Iterable[str], seen: Record) -> Iterator[Line]:
    """One movement may be about many cables: it is said once, with the labels of all."""
    about: dict[str, list[str]] = {}
    for key in _on_the_way(keys, seen):
        label = seen[key]["label"]
        about.setdefault(seen[key][SEEN], []).append(str(label) if label else key)
    for said, names in about.items():
        yield Line("", ", ".join(names), f": {said}")


def _line(key: str, told: Mapping[str, Any], more: str = "") -> Line:
    a, b = ends_of(key)
    if told["status"] == UNPLANNED:
        return Line("", "in no plan", f": {a} → {b}")
    label = told["label"]
    near, _, far = told["ends"].partition("/")
    number, hint = (str(label), "") if label else UNLABELLED
    return Line("", number, f"{hint} {a} → {b}: {_what(told)}{more}", label, (near, far))


def _what(told: Mapping[str, Any]) -> str:
    known = [part for part in (told["article"], told["length"]) if part]
    return ", ".join(known) or "article and length to be chosen"
