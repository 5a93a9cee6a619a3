"""The lab with a second hall, whose racks and devices a row gives."""

from __future__ import annotations

from pathlib import Path

from tests.errors import checkout

FILE = "inventory/lab/second.yaml"
SECOND = """\
halls:
  h2: {building: 1, number: 2, power: 100 kW, cooling: chiller}
rows:
  - hall: h2
    name: [b, c]
    racks: '01..03'
    names: '{hall}-{row}{rack}'
    height: 47 U
    power: 3 kW
    load: 900 kg
    feeds: {A: busway-a, B: busway-b}
    devices:
      - {name: 'box-{rack}-{n}', type: generic-server-2, role: server, status: planned, u: '1..2', number: 9}
"""


def two_halls(folder: Path, more: str) -> Path:
    """`more`: what the file of the second hall says beside it."""
    root = checkout(folder)
    (root / FILE).write_text(SECOND + more, "utf-8")
    return root
