"""The lab with two buildings more: a series of alike halls on rings that halls share, and one of its own."""

from __future__ import annotations

from pathlib import Path
from random import Random

FILE = "inventory/lab/more.yaml"
SERIES = ("k2-1", "k2-2", "k2-3", "k3-1", "k3-2")
EVERY = ("h1", "h9", *SERIES)
TEXT = """\
hall_kinds:
  small:
    {availability}
    power: {hall_kw} kW
    cooling: air-indirect
    salt_filtration: true
    air_class: A1
    rows:
      - name: [a, b]
        racks: '01..02'
        names: '{{hall}}-{{row}}{{rack}}'
        type: generic-rack-47
        power: {rack_kw} kW
        feeds: {{A: '{{hall}}-{{row}}-a', B: '{{hall}}-bus-b'}}
        devices:
          - {{name: 'box-{{rack}}-{{n}}', type: generic-server-2, role: server, status: planned,
              draw: {draw} W, u: '1..{boxes}'}}
          - {{name: 'odd-{{rack}}', type: generic-server-2, role: server, status: planned,
              draw: {odd} W, u: 9, racks: '02..02', number: 90}}
          - {{name: 'rpdu-{{rack}}-a', type: generic-rpdu-54, role: equipment, status: planned,
              u: 0, feed: A, number: 1}}
          - {{name: 'rpdu-{{rack}}-b', type: generic-rpdu-54, role: equipment, status: planned,
              u: 0, feed: B, number: 101}}
    units:
      '{{hall}}-battery-a': {{type: battery-80}}
      '{{hall}}-ups-a': {{type: ups-80, count: 2, needed: {ups}, room: '{{hall}}-electrical',
          from: ['ring-{{building}}-a', '{{hall}}-battery-a']}}
      '{{hall}}-sts-b': {{type: sts-630, room: '{{hall}}-electrical',
          from: ['ring-{{building}}-b', 'ring-{{building}}-a']}}
      '{{hall}}-{{row}}-a': {{type: busway-160, room: '{{hall}}-air', from: '{{hall}}-ups-a',
          breaker: 160 A, rows: [a, b]}}
      '{{hall}}-bus-b': {{type: busway-160, room: '{{hall}}-air', from: '{{hall}}-sts-b',
          breaker: {bus} A, tap_off: 32 A}}
      '{{hall}}-handler': {{type: air-handler-40, count: 2, needed: 1, cools: '{{hall}}-air',
          from: ['{{hall}}-ups-a', '{{hall}}-sts-b']}}
      '{{hall}}-cooler': {{type: air-handler-40, cools: '{{hall}}-electrical',
          from: ['{{hall}}-sts-b', 'ring-{{building}}-a']}}
    loops:
      '{{hall}}-air': {{medium: air, air: 300 m³, to: 'roof-{{building}}'}}
      '{{hall}}-electrical': {{}}
    schemes:
      small: {{scheme: {scheme}, blocks: ups}}
hall_series:
  - {{kind: small, buildings: '2..2', halls: '1..3', names: 'k{{building}}-{{hall}}'}}
  - {{kind: small, buildings: '3..3', halls: '1..2', names: 'k{{building}}-{{hall}}'}}
buildings:
  two: {{number: 2, power: {two_kw} kW}}
  three: {{number: 3, power: {three_kw} kW}}
halls:
  h9: {{building: 3, number: 9, cooling: air-indirect, salt_filtration: true, air_class: A1}}
rows:
  - hall: h9
    name: [a]
    racks: '01..02'
    names: '{{hall}}-{{row}}{{rack}}'
    type: generic-rack-47
    power: 4 kW
    feeds: {{A: ring-3-a, B: ring-3-b}}
    devices:
      - {{name: 'box-{{rack}}-{{n}}', type: generic-server-2, role: server, status: planned,
          draw: 500 W, u: '1..2'}}
overrides:
  box-k2-2-a01-1: {{draw: {single} W}}
units:
  ring-2-a: {{type: board-250, from: {{together: [wind, sun]}}, breaker: {ring} A}}
  ring-2-b: {{type: board-250, from: {{together: [wind, sun]}}}}
  ring-3-a: {{type: board-250, from: {{together: [wind, sun]}}, breaker: {ring} A}}
  ring-3-b: {{type: board-250, from: {{together: [wind, sun]}}}}
  roof-2: {{type: air-handler-40, count: {roof}, needed: 1, cools: roof-2, from: [ring-2-a, ring-2-b]}}
  roof-3: {{type: air-handler-40, count: {roof}, needed: 1, cools: roof-3, from: [ring-3-a, ring-3-b]}}
loops:
  roof-2: {{water: 2 m³}}
  roof-3: {{water: 2 m³}}
"""


def small_campus(root: Path, seed: int, *, twice: bool = False) -> Path:
    """`root`: a checkout whose lab it becomes. Loads and limits are random; `twice`: something is promised of
    double failures.
    """
    random = Random(seed)
    told = {
        "availability": random.choice(["availability: 2", "availability: 3", "protection: 1"]),
        "hall_kw": random.choice([20, 60]),
        "rack_kw": random.choice([5, 12]),
        "draw": random.randrange(100, 3000),
        "odd": random.randrange(100, 900),
        "boxes": random.randrange(1, 5),
        "ups": random.choice([1, 2]),
        "bus": random.choice([63, 160]),
        "scheme": random.choice(["2N", "N+1", "N", "block redundant"]),
        "two_kw": random.choice([50, 400]),
        "three_kw": random.choice([50, 400]),
        "single": random.randrange(3001, 4000),
        "ring": random.choice([100, 250]),
        "roof": random.choice([1, 3]),
    }
    if twice:
        told["availability"] = "availability: 4"
    (root / FILE).write_text(TEXT.format_map(told), "utf-8")
    for file, old, new in (
        ("power.yaml", "renewable: 100 %", f"renewable: {random.choice([5, 30, 100])} %"),
        ("campus.yaml", "power: 200 kW", f"power: {random.choice([200, 900])} kW"),
    ):
        path = root / "inventory/lab" / file
        path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")
    return root
