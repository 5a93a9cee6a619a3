"""`python -m igoudar.twin.mirror`: the Debian mirror that this machine's apt uses, as one URI.

The entry for the machine's own release, component main; both forms of sources (deb822 and one line) are read.
"""

from __future__ import annotations

import platform
import re
import sys
from collections.abc import Iterator
from pathlib import Path

SUITES = ("trixie", "bookworm", "sid")
_ONE_LINE = re.compile(r"deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)\s+(.*)")


def mirror(apt: Path, codename: str) -> str:
    """Empty where `apt` (a folder like /etc/apt) names none. Other vendors' archives are never taken."""
    entries = [entry for text, is_deb822 in _texts(apt) for entry in _entries(text, is_deb822)]
    for suite in (codename, *SUITES):
        for uri, suites, components in entries:
            if suite in suites and "main" in components:
                return uri.rstrip("/")
    return ""


def _texts(apt: Path) -> Iterator[tuple[str, bool]]:
    for path in (apt / "sources.list", *sorted((apt / "sources.list.d").glob("*"))):
        if path.suffix in (".list", ".sources") and path.is_file():
            yield path.read_text("utf-8", "replace"), path.suffix == ".sources"


def _entries(text: str, is_deb822: bool) -> Iterator[tuple[str, list[str], list[str]]]:
    """First URI, suites and components of each entry for binary packages that is not switched off."""
    if not is_deb822:
        for line in text.splitlines():
            if found := _ONE_LINE.fullmatch(line.partition("#")[0].strip()):
                yield found[1], [found[2]], found[3].split()
        return
    lines = [line.rstrip() for line in text.splitlines() if not line.lstrip().startswith("#")]
    for stanza in re.split(r"\n{2,}", "\n".join(lines)):
        fields = {
            key.lower(): value.split()
            for key, value in re.findall(r"^([A-Za-z-]+):((?:.*)(?:\n[ \t].*)*)", stanza, re.MULTILINE)
        }
        if "deb" in fields.get("types", []) and fields.get("uris") and fields.get("enabled") != ["no"]:
            yield fields["uris"][0], fields.get("suites", []), fields.get("components", [])


if __name__ == "__main__":
    found = mirror(Path("/etc/apt"), platform.freedesktop_os_release().get("VERSION_CODENAME", ""))
    if not found:
        sys.exit("no Debian mirror in /etc/apt; the twin's image is made from this machine's own apt sources")
    print(found)
