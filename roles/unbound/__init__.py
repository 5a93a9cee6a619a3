"""Resolvers on the management hosts, which know the site's own names from its zones."""

from __future__ import annotations

from pyinfra.api.deploy import deploy

from igoudar.roles import Declaration
from igoudar.worker.calls import activate, configure, install


@deploy("Names")
def unbound(told: Declaration) -> None:
    install(told)
    configure(told)
    activate(told)
