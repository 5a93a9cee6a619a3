"""The pool of the site as the only source of packages, at the snapshot of its lock."""

from __future__ import annotations

from pyinfra.api.deploy import deploy

from igoudar.roles import Declaration
from igoudar.worker.calls import activate, configure, install


@deploy("Packages")
def packages(told: Declaration) -> None:
    install(told)
    configure(told)
    activate(told)
