"""Ranges of AS numbers as regular expressions over an AS path, as few as the decimal digits allow."""

from __future__ import annotations

from collections.abc import Iterable


def without(ranges: Iterable[tuple[int, int]], holes: Iterable[int]) -> list[tuple[int, int]]:
    """The ranges (both ends included) without single numbers."""
    left = list(ranges)
    for hole in sorted(set(holes)):
        cut: list[tuple[int, int]] = []
        for low, high in left:
            if low <= hole <= high:
                cut += [(a, b) for a, b in ((low, hole - 1), (hole + 1, high)) if a <= b]
            else:
                cut.append((low, high))
        left = cut
    return left


def range_regex(low: int, high: int) -> str:
    """An expression that matches exactly the decimal numbers low..high, standing alone in an AS path."""
    return f"_({'|'.join(_patterns(low, high))})_"


def _patterns(low: int, high: int) -> list[str]:
    """Split where the number of digits changes, then into blocks `prefix` + one digit class + any digits."""
    found: list[str] = []
    while low <= high:
        top = min(high, 10 ** len(str(low)) - 1)
        found += _same_length(str(low), str(top))
        low = top + 1
    return found


def _same_length(low: str, high: str) -> list[str]:
    if low == high:
        return [low]
    if set(low) == {"0"} and set(high) == {"9"}:
        return ["[0-9]" * len(low)]
    if low[0] == high[0]:
        return [low[0] + rest for rest in _same_length(low[1:], high[1:])]
    tail = len(low) - 1
    first, last, found = int(low[0]), int(high[0]), list[str]()
    if tail and set(low[1:]) != {"0"}:
        found += [low[0] + rest for rest in _same_length(low[1:], "9" * tail)]
        first += 1
    upper: list[str] = []
    if tail and set(high[1:]) != {"9"}:
        upper = [high[0] + rest for rest in _same_length("0" * tail, high[1:])]
        last -= 1
    if first <= last:
        found.append(_digit(first, last) + "[0-9]" * tail)
    return found + upper


def _digit(first: int, last: int) -> str:
    return str(first) if first == last else f"[{first}-{last}]"
