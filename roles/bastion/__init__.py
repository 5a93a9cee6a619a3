"""The way in to the out-of-band network: hosts that pass on, and give no shell to who only passes."""

from __future__ import annotations

from pyinfra.api.deploy import deploy

from igoudar.roles import Declaration
from igoudar.worker.calls import activate, configure, install


@deploy("Bastion")
def bastion(told: Declaration) -> None:
    install(told)
    configure(told)
    activate(told)
