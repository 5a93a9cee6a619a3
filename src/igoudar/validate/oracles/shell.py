"""A file of shell variables, judged by the names in the same file of the image's package."""

from __future__ import annotations

import re
from pathlib import Path

from igoudar.validate.sandbox import Complaint

PATH = "etc/frr/daemons"
_VARIABLE = re.compile(r'([a-z_0-9]+)=("[^"$`\\]*"|[a-z]*)')


def validate(root: Path, host: str, text: str) -> list[Complaint]:
    """Every line is a comment, or one variable that the package's own file knows, set or commented out."""
    package = (root / PATH).read_text(encoding="utf-8")
    known = set(re.findall(r"^#?\s*([a-z_0-9]+)=", package, re.MULTILINE))
    complaints = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("# "):
            continue
        match = _VARIABLE.fullmatch(line)
        if match is None:
            complaints.append(Complaint(number, f"{line!r} of {host} is not one variable"))
        elif match.group(1) not in known:
            complaints.append(Complaint(number, f"the package knows no {match.group(1)!r}"))
    return complaints
