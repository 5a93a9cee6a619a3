"""DHCP on the out-of-band network, by the MAC addresses of the model."""

from __future__ import annotations

from pyinfra.api.deploy import deploy

from igoudar.roles import Declaration
from igoudar.worker.calls import activate, configure, install


@deploy("Leases")
def kea(told: Declaration) -> None:
    install(told)
    configure(told)
    activate(told)
