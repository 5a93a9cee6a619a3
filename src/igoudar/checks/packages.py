"""The pool of packages: hosts take only what is signed by the site's key."""

from __future__ import annotations

from collections.abc import Iterator

from igoudar.design import Design
from igoudar.errors import Finding


def check(design: Design) -> Iterator[Finding]:
    site = design.inventory.site
    service = site.served("packages")
    if service is not None and not site.packages.key:
        said = "there is a pool of packages, and no key by which hosts know what is signed"
        expected = "packages: {key: the public key, armored} in the site"
        yield Finding("no-package-key", service.where, said, expected, "gpg --armor --export KEY")
