"""Addresses and gateway of a server in an access subnet."""

from __future__ import annotations

from pyinfra.api.deploy import deploy

from igoudar.roles import Declaration
from igoudar.worker.calls import activate, configure, install


@deploy("Access server's network")
def host_net(told: Declaration) -> None:
    install(told)
    configure(told)
    activate(told)
