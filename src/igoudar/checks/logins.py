"""Who logs in, and what time it is there: what the role `base` could not do on any host."""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from igoudar.design import Design
from igoudar.errors import Finding, unknown


def check(design: Design) -> Iterator[Finding]:
    """Who logs in: sshd of the role `base` lets in no root, and leaves the robot's keys alone."""
    site = design.inventory.site
    logins = [(site.login, site.where.at("login")), *((user.name, user.where) for user in site.users)]
    for name, where in logins:
        if name == "root":
            expected, hint = "a login of its own", "`sudo: true` lets it become root"
            yield Finding("root-login", where, "nobody logs in as root: sshd refuses it", expected, hint)
    for user in site.users:
        if user.name == site.login:
            said = f"{user.name!r} is the login of the machine, whose keys are not made by a role"
            yield Finding("duplicate-name", user.where, said, "another name", see=site.where.at("login"))
    if (zone := _no_zone(site.timezone)) is not None:
        yield unknown("time zone", site.timezone, site.where.at("timezone"), zone)


def _no_zone(name: str) -> set[str] | None:
    """The zones that there are, where `name` is none of them. A machine without any cannot judge."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return available_timezones() or None
    return None
