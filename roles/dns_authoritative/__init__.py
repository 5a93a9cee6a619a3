"""The zones of the site, forward and reverse, on the management hosts that serve its names."""

from __future__ import annotations

from pyinfra.api.deploy import deploy

from igoudar.roles import Declaration
from igoudar.worker.calls import activate, configure, install


@deploy("Zones")
def dns_authoritative(told: Declaration) -> None:
    install(told)
    configure(told)
    activate(told)
