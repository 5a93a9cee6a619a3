"""The lab with three halls more, counted by rows, and with all ties that halls may have."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

HALLS = """
halls:
  h2: {building: 1, number: 2, power: 20 kW, cooling: air-indirect}
  h3: {building: 1, number: 3, power: 20 kW, cooling: air-indirect}
  h4: {building: 2, number: 1, power: 30 kW, cooling: air-indirect}
racks:
  m01: {hall: h4, row: m, position: 1, type: generic-rack-47, power: 3 kW, feeds: {A: busway-a, B: busway-b}}
devices:
  panel-2: {type: generic-panel-lc-24, role: equipment, number: 1, rack: h2-a01, u: 30, serial: SN9001}
  panel-3: {type: generic-panel-lc-24, role: equipment, number: 2, rack: h3-b01, u: 30, serial: SN9002}
  super-more: {type: generic-switch-32, role: super-spine, number: 3, rack: h3-a01, u: 36, draw: 10 W}
overrides:
  srv-h2-a01-2: {draw: 20 W}
  srv-h4-a01-2: {draw: 20 W}
  leaf-h3-b01: {drained: true}
  spare-h3-b01: {role: super-spine}
cables:
  - {a: srv-h2-b02-2/eth2, b: leaf-h3-b02/swp20, length: 20 m}
  - {a: srv-h3-b01-2/eth2, b: leaf-h4-a01/swp20, length: 20 m}
  - {a: srv-h4-b02-1/eth2, b: leaf-h3-a01/swp21, length: 20 m}
  - {a: srv-1/eth2, b: srv-h4-a01-1/eth2, length: 20 m, status: planned}
  - {a: panel-2/rear/1, b: panel-3/rear/1, length: 50 m, medium: lr}
  - {a: panel-2/rear/2, b: panel-3/rear/2, length: 50 m, medium: lr}
  - {a: panel-2/rear/3, b: panel-3/rear/3, length: 50 m, medium: lr}
  - {a: leaf-h2-a02/swp25, b: panel-2/front/1, medium: lr}
  - {a: spine-h3-b03/swp30, b: panel-3/front/1, medium: lr}
  - {a: srv-h2-a02-2/eth2, b: panel-2/front/2, medium: lr}
  - {a: srv-h4-b01-2/eth2, b: panel-3/front/2, length: 10 m, medium: lr}
  - {a: leaf-1/swp20, b: panel-2/front/3, length: 10 m, medium: lr}
  - {a: spine-h4-a03/swp30, b: panel-3/front/3, length: 10 m, medium: lr}
  - {a: srv-h2-b02-1/eth2, b: leaf-h2-b01/swp20}
rows:
"""
ROW = """
  - hall: HALL
    name: [a, b]
    racks: '01..03'
    names: '{hall}-{row}{rack}'
    type: generic-rack-47
    power: 3 kW
    feeds: {A: busway-a, B: busway-b}
    devices:
      - {name: 'srv-{rack}-{n}', type: generic-server-2, role: server, status: active, draw: 10 W,
         u: '1..2', racks: '01..02', oob: 192.0.2.OOB0/24}
      - {name: 'leaf-{rack}', type: generic-switch-32, role: leaf, nos: frr, status: active, draw: 10 W,
         u: 42, racks: '01..02', oob: 192.0.2.OOB8/24}
      - {name: 'spine-{rack}', type: generic-switch-32, role: spine, nos: frr, status: active, draw: 10 W,
         u: 40, racks: '03..03', oob: 192.0.2.NEXT2/24}
      - {name: 'super-{rack}', type: generic-switch-32, role: super-spine, status: active, draw: 10 W,
         u: 38, racks: '03..03'}
      - {name: 'spare-{rack}', type: generic-switch-32, role: equipment, status: active, draw: 10 W,
         u: 34, racks: '01..01', number: 4}
"""
FLOOR = """
    HALL:
      tile: 600 mm
      rows: {a: B01, b: E01}
      trays:
        - {name: data-a, carries: data, begin: B01, end: B03, height: 2500 mm}
        - {name: data-b, carries: data, begin: E01, end: E03, height: 2500 mm}
        - {name: across, carries: data, begin: B01, end: E01, height: 2600 mm}
"""
IN_RACKS = "    - {devices: server, hall: HALL, port: eth1, to: leaf, u: 1..2, onto: swp1..2}\n"
MESH = """
    - {devices: leaf, hall: HALL, numbers: 1..4, ports: swp31..32, to: spine, to_numbers: 1..2, onto: swp1..4}
"""
BETWEEN = """
    - {devices: spine, hall: HALL, numbers: 1..2, ports: swp17..26, to: super-spine, to_halls: 2..3,
       to_numbers: 1..5, onto: swp1..4, length: 20 m}
"""
TENANTS = """
tenant: both
vpcs:
  shared:
    subnets: {web: {ipv4: 172.16.1.0/24, servers: [srv-h2-a01-1, srv-h3-a01-1, srv-h3-b02-1]}}
  far:
    subnets: {db: {ipv4: 172.16.1.0/24, attachment: routed, servers: [srv-h3-b01-2, srv-h2-b02-1]}}
  third:
    own: [185.10.10.0/24]
    subnets: {edge: {ipv4: 185.10.10.0/26, public: true, servers: [srv-h3-a02-1]}}
  lent:
    subnets: {db: {ipv4: 172.16.3.0/24, attachment: routed, servers: [srv-h2-b02-2]}}
  fourth:
    subnets:
      web: {ipv4: 172.16.5.0/24, servers: [srv-h4-b01-1]}
      db: {ipv4: 172.16.6.0/24, attachment: routed, servers: [srv-h4-b02-1]}
  empty:
    subnets: {web: {ipv4: 172.16.7.0/24}}
"""
COUNTED = ("h2", "h3", "h4")
LINKED = ("h2", "h3")  # by super-spines
EVERY = ("h1", *COUNTED)


def row(hall: str, first: int) -> str:
    return ROW.replace("HALL", hall).replace("OOB", str(first)).replace("NEXT", str(first + 1))


def boxes() -> Iterator[str]:
    for hall in COUNTED:
        for name in "ab":
            yield from (f"srv-{hall}-{name}{rack}-{n}" for rack in ("01", "02") for n in (1, 2))
            yield from (f"leaf-{hall}-{name}{rack}" for rack in ("01", "02"))
            yield from (f"{box}-{hall}-{name}03" for box in ("spine", "super"))
            yield f"spare-{hall}-{name}01"
    yield "super-more"


def several_halls(root: Path) -> Path:
    """The lab with three halls more. Its management hosts stand in the last, so stacks without it need no
    more than a part of the site.
    """
    site = root / "inventory/lab"
    rows = "".join(row(hall, first) for first, hall in zip((11, 13, 15), COUNTED, strict=True))
    (site / "more.yaml").write_text(HALLS + rows, "utf-8")
    for file, old, new in (
        ("devices.yaml", "role: management, number: N, rack: a03", "role: management, number: N, rack: m01"),
        ("cables.yaml", "a: mgmt-N/eth0, b: oob-1/portN", "a: mgmt-N/eth0, b: oob-1/portN, length: 20 m"),
        ("power.yaml", "renewable: 100 %", "renewable: 60 %"),
        ("campus.yaml", "design_pue: 1.3", "design_pue: 1.16"),
    ):
        text = (site / file).read_text("utf-8")
        for n in "123":
            assert old.replace("N", n) in text or n > "1"
            text = text.replace(old.replace("N", n), new.replace("N", n))
        (site / file).write_text(text, "utf-8")
    told = (site / "cabling.yaml").read_text("utf-8")
    floors, racks, meshes = ("".join(t.replace("HALL", h) for h in COUNTED) for t in (FLOOR, IN_RACKS, MESH))
    meshes += "".join(BETWEEN.replace("HALL", hall) for hall in LINKED)
    told = told.replace("  halls:\n", f"  halls:{floors}")
    (site / "cabling.yaml").write_text(f"{told}  in_racks:\n{racks}  meshes:\n{meshes}", "utf-8")
    (site / "tenants/both.yaml").write_text(TENANTS, "utf-8")
    (site / "units").mkdir()
    units = "".join(f"{box},SN{number:04}\n" for number, box in enumerate(boxes()))
    (site / "units/more.csv").write_text(f"name,serial\n{units}", "utf-8")
    for stack, scope in (("lab", "h1"), ("two", "h2"), ("rest", "h3,h4")):
        text = f"config:\n  igoudar:site: lab\n  igoudar:scope: {scope}\n"
        (root / f"Pulumi.{stack}.yaml").write_text(text, "utf-8")
    return root
