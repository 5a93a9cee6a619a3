"""Units in series, whose failures are alike; and which rack, if only one, a unit serves."""

from __future__ import annotations

from igoudar.power.flow import State


def in_series(state: State) -> tuple[tuple[int, ...], ...]:
    """Units by chains, each from the source down; most are alone.

    A unit and its only consumer are in series where either's failure takes the other's load to nothing and
    changes nothing else: both lose all with one thing, and the upper one, idle, draws nothing.
    """
    lower = {unit: state.consumers[unit][0] for unit in range(len(state.units)) if _joins(state, unit)}
    heads = [unit for unit in range(len(state.units)) if unit not in set(lower.values())]
    chains = []
    for head in heads:
        chain = [head]
        while chain[-1] in lower:
            chain.append(lower[chain[-1]])
        chains.append(tuple(chain))
    return tuple(chains)


def _joins(state: State, at: int) -> bool:
    unit = state.units[at]
    if len(state.consumers[at]) != 1 or state.hung[at] or unit.cools:
        return False
    consumer = state.consumers[at][0]
    below = state.units[consumer]
    only = state.power[consumer] == (at,) and not state.water[consumer]
    dies = unit.count == unit.needed and below.count == (1 if below.cools else below.needed)
    return only and dies and not unit.loss_fixed_w and not unit.draw_w


def sole_racks(state: State) -> list[str]:
    """By unit the rack that it serves, if that is all that it serves; else nothing."""
    below: list[set[int]] = [set(hung) for hung in state.hung]
    more = [bool(unit.cools) for unit in state.units]
    for unit in reversed(range(len(state.units))):
        for consumer in state.consumers[unit]:
            more[unit] = more[unit] or more[consumer]
            if len(below[unit]) < 2:
                below[unit] |= below[consumer]
    found = []
    for hangings, also in zip(below, more, strict=True):
        racks = [name for at in hangings for kind in state.kinds_on[at] for name in state.kinds[kind].racks]
        found.append(racks[0] if len(hangings) == 1 and len(racks) == 1 and not also else "")
    return found
