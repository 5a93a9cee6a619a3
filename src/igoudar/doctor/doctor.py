"""`diagnose`: plan and observations to statements. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from igoudar.doctor.diagnosis import Diagnosis, Kind, Movement, Statement
from igoudar.doctor.evidence import evidence
from igoudar.doctor.explain import explain
from igoudar.doctor.groups import rotated_trunks, swapped_racks
from igoudar.doctor.links import World, contradictions, join
from igoudar.doctor.plan import End, Plan
from igoudar.doctor.survey import Seen, free_ports, survey
from igoudar.doctor.walks import walks


def diagnose(plan: Plan, seen: Seen, *, dark_dbm: float) -> Diagnosis:
    """What is not as planned, and what to move; `dark_dbm`: received power up to which an end counts as dark.

    The same input gives the same answer, in whatever order it comes. Of several smallest explanations all are
    candidates; a statement is exact only where all its ends are accounted for.
    """
    world = join(survey(plan, seen), seen, dark_dbm)
    statements = sorted(_statements(plan, world), key=lambda s: (s.ends, s.candidates))
    named = {end for statement in statements for end in statement.ends}
    unsettled = {tuple(sorted((c.a, c.b))) for c in world.found.open.values()}
    right = {(a, b) for a, b in unsettled if world.link.get(a) == b and a not in named}
    unproven = sorted((a, b) for a, b in unsettled - right if a not in named and b not in named)
    good = len(plan.cables) - len(unsettled) + len(right)
    return Diagnosis(len(plan.cables), good, tuple(statements), tuple(unproven))


def _statements(plan: Plan, world: World) -> Iterator[Statement]:
    for ends in contradictions(world):
        yield Statement(ends, evidence(ends, world), (), contradiction=True)
    done: set[End] = set()
    yield from swapped_racks(plan, world, done)
    yield from rotated_trunks(plan, world, done)
    for walk in walks(world, done):
        if (statement := explain(walk, world, plan.racks)) is not None:
            yield statement
    yield from _unplanned(world)


def _unplanned(world: World) -> Iterator[Statement]:
    """Ports without a plan that know the device at their other side, and not its port."""
    found = world.found
    for end in sorted(found.vague.keys() - found.far.keys()):
        ports = free_ports(found.vague[end], found, world.link)
        extra = tuple((Movement(Kind.EXTRA, (end, port)),) for port in ports)
        yield Statement((end,), evidence((end,), world), extra, (end,))
