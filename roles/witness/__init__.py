"""A register of decisions on a management host."""

from __future__ import annotations

from pyinfra.api.deploy import deploy

from igoudar.roles import Declaration
from igoudar.worker.calls import activate, configure, install


@deploy("Witness")
def witness(told: Declaration) -> None:
    install(told)
    configure(told)
    activate(told)
