"""Certificates of SSH, of people and of the host."""

from __future__ import annotations

from pyinfra.api.deploy import deploy

from igoudar.roles import Declaration
from igoudar.worker.calls import activate, configure, install


@deploy("SSH certificates")
def ssh_ca(told: Declaration) -> None:
    install(told)
    configure(told)
    activate(told)
