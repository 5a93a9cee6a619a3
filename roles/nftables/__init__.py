"""Lets in by the out-of-band port what the roles of the host declare, and nothing else."""

from __future__ import annotations

from pyinfra.api.deploy import deploy

from igoudar.roles import Declaration
from igoudar.worker.calls import activate, configure, install


@deploy("Packet filter")
def nftables(told: Declaration) -> None:
    install(told)
    configure(told)
    activate(told)
