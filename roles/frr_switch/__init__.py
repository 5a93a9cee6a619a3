"""What a switch needs before its text: packages, agent, kernel settings."""

from __future__ import annotations

from pyinfra.api.deploy import deploy

from igoudar.roles import Declaration
from igoudar.worker.calls import activate, configure, install


@deploy("FRR switch")
def frr_switch(told: Declaration) -> None:
    install(told)
    configure(told)
    activate(told)
