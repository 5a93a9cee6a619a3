"""FRR and ifupdown2 on Linux: the files go by the agent that the role `frr_switch` installs."""

from __future__ import annotations

from igoudar.apply.driver import Driver, FrrDriver
from igoudar.transport import Access

GOES_BACK = "agent"


def driver(access: Access) -> Driver:
    return FrrDriver(access)
