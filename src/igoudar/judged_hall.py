"""What is wrong with a hall: what stands in it by itself, and what it shares with the loads of all halls."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from pathlib import Path

from igoudar import checks
from igoudar.assemble import Documents
from igoudar.checks import places, power
from igoudar.design import Design
from igoudar.errors import BadInput, Finding
from igoudar.facility.rest import Unreadable
from igoudar.inventory import load_shared
from igoudar.one_hall import OF_WAIVERS, halls_of, judged, of_one, whole_not_judged
from igoudar.waivers import waive


def found_of_all(
    documents: Documents, place: tuple[Path, Path], halls: Collection[str]
) -> list[Finding] | None:
    """What is found of sums over all halls, and of power and cooling, as far as it concerns these.

    None where something of the site cannot be read.
    """
    if not {*halls} <= {*halls_of(documents)}:
        return None
    try:
        rest = load_shared(documents, place, halls)
        return [*places.sums_with(rest), *power.check_with(rest)]
    except (BadInput, Unreadable):
        return None


def judge(design: Design, shared: list[Finding] | None, today: date) -> list[Finding]:
    """Of one hall, with `found_of_all` of it."""
    inventory = design.inventory
    if shared is None:
        found = [*judged(checks.check(design)), whole_not_judged(inventory)]
    else:
        found = [*of_one(checks.check(design, without=["power"])), *shared]
    waived = waive(found, inventory.waivers, today)
    return [finding for finding in waived if finding.code not in OF_WAIVERS]
