"""Tells the site's metrics of this host."""

from __future__ import annotations

from pyinfra.api.deploy import deploy

from igoudar.roles import Declaration
from igoudar.worker.calls import activate, configure, install


@deploy("Metrics of the host")
def node_exporter(told: Declaration) -> None:
    install(told)
    configure(told)
    activate(told)
