"""Logins, sshd, sysctl, name and time zone: what every host has."""

from __future__ import annotations

from pyinfra.api.deploy import deploy

from igoudar.roles import Declaration
from igoudar.worker.calls import activate, configure, install


@deploy("Base")
def base(told: Declaration) -> None:
    install(told)
    configure(told)
    activate(told)
