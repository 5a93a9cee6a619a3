"""Management hosts serve the time of the site, all others follow them."""

from __future__ import annotations

from pyinfra.api.deploy import deploy

from igoudar.roles import Declaration
from igoudar.worker.calls import activate, configure, install


@deploy("Time")
def chrony(told: Declaration) -> None:
    install(told)
    configure(told)
    activate(told)
