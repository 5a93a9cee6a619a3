"""Gathers the metrics of all hosts of the site, and tells which of them need somebody."""

from __future__ import annotations

from pyinfra.api.deploy import deploy

from igoudar.roles import Declaration
from igoudar.worker.calls import activate, configure, install


@deploy("Metrics of the site")
def prometheus(told: Declaration) -> None:
    install(told)
    configure(told)
    activate(told)
