"""Hands the pool of packages on to the hosts of the site."""

from __future__ import annotations

from pyinfra.api.deploy import deploy

from igoudar.roles import Declaration
from igoudar.worker.calls import activate, configure, install


@deploy("Package mirror")
def package_mirror(told: Declaration) -> None:
    install(told)
    configure(told)
    activate(told)
