"""Tells the neighbours who stands at the other end of each cable."""

from __future__ import annotations

from pyinfra.api.deploy import deploy

from igoudar.roles import Declaration
from igoudar.worker.calls import activate, configure, install


@deploy("LLDP")
def lldpd(told: Declaration) -> None:
    install(told)
    configure(told)
    activate(told)
