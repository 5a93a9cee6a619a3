"""ifupdown2's own judgement of /etc/network/interfaces."""

from __future__ import annotations

import re
from pathlib import Path

from igoudar.validate.sandbox import Complaint, run

# Ports stand as one end of a veth pair: ifupdown2 wants to see that an interface exists.
SCRIPT = """
cd /run/judged
[ -e /etc/network/interfaces ] || : > /etc/network/interfaces
for port in $(cat ports); do ip link add "$port" type veth peer name "x-$port"; done
mount --bind text /etc/network/interfaces
ifreload -a --syntax-check > check 2>&1
ifquery --syntax-help > help 2>&1
exit 0
"""
# It refuses an MTU on a bridge, and without one gives the VLANs of a new bridge 1500 bytes.
_NOT_MEANT = re.compile(r"warning: bridge: bridge inherits mtu from its ports\..*")
_MADE_HERE = {"vrf-table", "vxlan-id", "vlan-id", "bridge-ports", "inet"}


def validate(root: Path, host: str, text: str) -> list[Complaint]:
    """Every warning and error of the syntax check, and every attribute that no addon knows."""
    stanzas = _stanzas(text)
    ports = [name for name, words in stanzas.items() if not words.keys() & _MADE_HERE]
    found = run(root, host, SCRIPT, {"text": text, "ports": "\n".join(ports)})
    said = [line for line in found["check"].splitlines() if line.strip()]
    complaints = [Complaint(_at(line, stanzas), line) for line in said if not _NOT_MEANT.fullmatch(line)]
    known = set(re.findall(r"^ {2}([a-z0-9-]+)$", found["help"], re.MULTILINE))
    for words in stanzas.values():
        for word, line in words.items():
            if word not in known and word != "inet":
                complaints.append(Complaint(line, f"ifupdown2 has no attribute {word!r}"))
    return complaints


def _stanzas(text: str) -> dict[str, dict[str, int]]:
    """Interface -> attribute -> line of its first use; `inet` stands for the family on the first line."""
    stanzas: dict[str, dict[str, int]] = {}
    current: dict[str, int] = {}
    continued = False
    for number, line in enumerate(text.splitlines(), 1):
        words = line.partition("#")[0].split()
        if not continued and words[:1] == ["iface"]:
            current = stanzas.setdefault(words[1], dict.fromkeys(words[2:3], number))
        elif not continued and words and line.startswith(" "):
            current.setdefault(words[0], number)
        continued = line.endswith("\\")
    return stanzas


def _at(line: str, stanzas: dict[str, dict[str, int]]) -> int:
    """The line of the interface that a message names."""
    for name, words in stanzas.items():
        if re.search(rf"\b{re.escape(name)}\b", line):
            return min(words.values(), default=0)
    return 0
