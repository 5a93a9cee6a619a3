"""Asks the devices of a stack who they are and what their ports hear, for its records of racks and cables."""

from __future__ import annotations

from collections.abc import Collection, Container
from dataclasses import replace
from pathlib import Path
from typing import Any

from igoudar.cable_key import cable_key
from igoudar.doctor import Diagnosis, Kind, Plan, Statement, diagnose
from igoudar.doctor.light import dark_dbm
from igoudar.doctor.report import in_one_line
from igoudar.doctor.site import plan_of, usable
from igoudar.errors import DeviceFailed
from igoudar.inventory import load, load_halls
from igoudar.model import Inventory
from igoudar.stack_files import site_of, stacks_of
from igoudar.tree import site_folder
from igoudar.verify.cables import Say, look
from igoudar.world import HARDWARE, world

# Neighbours are remembered for four intervals, of 10 s each with the role lldpd; a switch of somebody else's
# may stand between for good, so this is all the time that a port with two of them gets.
WAIT_SECONDS = 45.0
ALL_SECONDS = 600.0  # then no further host is asked; what was not keeps its record


def found_on_floor(root: Path, stack: str, say: Say) -> dict[str, Any]:
    """A `Floor`, as JSON: see `igoudar.hall.as_found`. Raises DeviceFailed and BadInput.

    A cable in no plan is `extra` only where nothing else explains what was seen.
    """
    inventory, halls = _stack(root, stack)
    carriers = world(inventory.site.name, root) == HARDWARE
    mine = {device.name for device in inventory.devices.values() if device.hall in halls}
    plan = _within(plan_of(inventory, carriers=carriers), mine)
    looked = look(
        inventory,
        plan,
        root,
        carriers=carriers,
        wait=WAIT_SECONDS,
        say=say,
        also=mine,
        seconds=ALL_SECONDS,
    )
    found = diagnose(looked.plan, usable(inventory, looked.seen), dark_dbm=dark_dbm(root))
    off = [s for s in found.statements if _may_be_off(s, looked.refused)]
    return {
        "serials": dict(looked.serials),
        "silent": dict(looked.refused),
        "differs": [_differs(s, inventory, halls) for s in found.statements if s not in off],
        "unproven": sorted(_unproven(found) | {str(end) for s in off for end in s.ends}),
    }


def _stack(root: Path, stack: str) -> tuple[Inventory, Collection[str]]:
    site = site_of(stack, root)
    if not site:
        raise DeviceFailed(f"Pulumi.{stack}.yaml names no `igoudar:site`, so nobody knows whom to ask")
    folder = site_folder(site, root, root)
    (file,) = (one for one in stacks_of(folder, root) if one.name == stack)
    if halls := file.words("scope", ()):
        return load_halls(folder, root, halls), halls
    inventory = load(folder, root)
    return inventory, tuple(inventory.halls)


def _within(plan: Plan, devices: Collection[str]) -> Plan:
    """Without cables that are wholly of other stacks."""
    cables = tuple(c for c in plan.cables if c.a.device in devices or c.b.device in devices)
    return replace(plan, cables=cables)


def _differs(statement: Statement, inventory: Inventory, halls: Collection[str]) -> dict[str, Any]:
    extra, devices = "", inventory.devices
    if statement.is_exact and [m.kind for m in statement.candidates[0]] == [Kind.EXTRA]:
        extra = cable_key(*map(str, statement.candidates[0][0].ends))
    of_ends = (devices[end.device].hall for end in statement.ends if end.device in devices)
    hall = next((hall for hall in of_ends if hall in halls), "")
    ends = [str(end) for end in statement.ends]
    return {"said": in_one_line(statement), "ends": ends, "extra": extra, "hall": hall}


def _may_be_off(statement: Statement, silent: Container[str]) -> bool:
    """Nothing arrives through one cable, and a device at its end did not answer: no word about the cable."""
    return len(statement.ends) == 2 and any(end.device in silent for end in statement.ends)


def _unproven(found: Diagnosis) -> set[str]:
    return {str(end) for cable in found.unproven for end in cable}
