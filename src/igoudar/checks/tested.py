"""Results of testers that are kept, beside what is planned now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from igoudar.cabling.measured import mismatches, over_links
from igoudar.cabling.tested import has_entry
from igoudar.design import Design
from igoudar.errors import Finding, Severity
from igoudar.model import CableStatus, Inventory


def check(design: Design) -> Iterator[Finding]:
    """A cable that is not in use yet, or no more, stops nobody."""
    inventory, pulls = design.inventory, design.hall.pulls.by_key
    yield from _of_others(inventory)
    if not inventory.tested:
        return
    rows = {row.cable: row for row in inventory.tested}
    found = (*mismatches(rows.values(), pulls, inventory.goods), *over_links(rows, pulls))
    for cable, finding in found:
        connected = cable.status is CableStatus.CONNECTED
        yield replace(finding, severity=Severity.ERROR if connected else Severity.WARNING)


def _of_others(inventory: Inventory) -> Iterator[Finding]:
    """Lines that moved on from the plan, or the plan from them."""
    known = {cable.key: cable for cable in inventory.laid()} if inventory.tested else {}
    for row in inventory.tested:
        cable, about = known.get(row.cable), f"cable {row.cable}"
        if cable is None:
            said = f"there is no cable {row.cable}, which had the label {row.label}"
            yield Finding("unknown-cable", row.where, said, "a cable of the site", "take the line out",
                          severity=Severity.WARNING, subject=about)  # fmt: skip
        elif row.status and has_entry(cable) and cable.status is CableStatus.PLANNED:
            said = f"{row.cable} is {row.status} here and {cable.status} where it is written down"
            hint = "correct its entry, which counts, and leave `status` and `since` empty here"
            yield Finding("status-twice", row.where, said, "one of the two", hint, Severity.WARNING,
                          cable.where.at("status"))  # fmt: skip
