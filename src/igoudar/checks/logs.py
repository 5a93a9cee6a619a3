"""Log servers: they and the hosts know each other by certificates."""

from __future__ import annotations

from collections.abc import Iterator

from igoudar.design import Design
from igoudar.errors import Finding


def check(design: Design) -> Iterator[Finding]:
    site = design.inventory.site
    service = site.served("logs")
    if service is not None and not site.logs.authority:
        said = "there are log servers, and no authority of the certificates by which hosts know them"
        expected = "logs: {authority: its certificate in PEM} in the site"
        yield Finding("no-log-authority", service.where, said, expected)
