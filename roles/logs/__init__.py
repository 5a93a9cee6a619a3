"""Logs of every host on the log servers."""

from __future__ import annotations

from pyinfra.api.deploy import deploy

from igoudar.roles import Declaration
from igoudar.worker.calls import activate, configure, install


@deploy("Logs")
def logs(told: Declaration) -> None:
    install(told)
    configure(told)
    activate(told)
