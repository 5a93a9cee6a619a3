"""A routed server's side of the fabric: its own prefixes by BGP to both leaves."""

from __future__ import annotations

from pyinfra.api.deploy import deploy

from igoudar.roles import Declaration
from igoudar.worker.calls import activate, configure, install


@deploy("Routed server's network")
def bgp_host(told: Declaration) -> None:
    install(told)
    configure(told)
    activate(told)
