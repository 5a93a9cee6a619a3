"""What applies texts to a switch: each module is a driver, found by the name that a `device.yaml` says.

A driver's module has `driver(access)`, which gives an `igoudar.apply.driver.Driver`, and `GOES_BACK`: who
puts a switch back whose operator vanished, `agent` (ours runs there) or `commit-confirm` (its own).
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from igoudar.apply.driver import Driver
    from igoudar.transport import Access


def driver(name: str, access: Access) -> Driver:
    """The driver `name` for one switch; `igoudar.vendors` has refused a name that there is not."""
    made: Driver = importlib.import_module(f"{__name__}.{name}").driver(access)
    return made
