"""The twin of a site as values, and the far routers' text."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from netaddr import IPNetwork

from igoudar.errors import BadInput
from igoudar.inventory import load
from igoudar.model import CableStatus, Inventory, Status
from igoudar.twin import site, spec

ROOT = Path(__file__).parents[2]
PASSWORDS = {"bgp-north": "one", "bgp-south": "two"}


@pytest.fixture(scope="module")
def lab() -> Inventory:
    return load(ROOT / "inventory" / "lab", ROOT)


def with_device(inventory: Inventory, name: str, **changes: object) -> Inventory:
    devices = {**inventory.devices, name: replace(inventory.devices[name], **changes)}  # type: ignore[arg-type]
    return replace(inventory, devices=devices)


def test_the_lab_is_a_twin_that_can_be_built(lab: Inventory) -> None:
    twin = site.twin_spec(lab, PASSWORDS)
    assert list(spec.problems(twin)) == []
    assert spec.from_json(twin.to_json()) == twin
    assert twin.gateway == "192.0.2.1/24"
    assert set(twin.names()) == {n for n, d in lab.devices.items() if d.role not in ("oob", "equipment")}


def test_a_wire_is_a_cable_in_use_between_data_ports(lab: Inventory) -> None:
    keys = {w.key for w in site.twin_spec(lab, PASSWORDS).wires}
    data = {k for k, c in lab.cables.items() if "eth0" not in (c.a.port, c.b.port)}
    assert keys == data | {"world far-north -- far-south"}
    key = next(iter(data))
    unplugged = {**lab.cables, key: replace(lab.cables[key], status=CableStatus.PLANNED)}
    assert key not in {w.key for w in site.twin_spec(replace(lab, cables=unplugged), PASSWORDS).wires}


def test_a_planned_device_and_its_cables_are_not_there(lab: Inventory) -> None:
    twin = site.twin_spec(with_device(lab, "srv-7", status=Status.PLANNED), PASSWORDS)
    assert "srv-7" not in twin.names()
    assert list(spec.problems(twin)) == []


def test_a_host_of_the_metrics_has_memory_for_them(lab: Inventory) -> None:
    twin = site.twin_spec(lab, PASSWORDS)
    more = twin.host("mgmt-3").memory_mb - twin.host("mgmt-2").memory_mb

    assert lab.site.services["metrics"].members == ("mgmt-3",)
    assert more == site.METRICS_MEMORY_MB


def test_ports_have_the_mtu_of_their_side_and_a_mac_that_stays(lab: Inventory) -> None:
    twin = site.twin_spec(lab, PASSWORDS)
    assert {p.mtu for p in twin.host("leaf-1").ports} == {lab.site.fabric_mtu}
    assert {p.mtu for p in twin.host("srv-2").ports} == {lab.site.host_mtu}
    macs = [p.mac for h in twin.hosts for p in h.ports] + [h.oob_mac for h in twin.hosts]
    assert len(set(macs)) == len(macs)
    assert {int(m[:2], 16) & 3 for m in macs} == {2}, "locally administered, not multicast"
    assert site.twin_spec(lab, PASSWORDS) == twin
    assert [p.name for p in twin.host("spine-1").ports] == ["swp1", "swp2", "swp3", "swp4", "swp9", "swp10"]


def test_the_inventory_s_own_mac_of_the_out_of_band_port_is_kept(lab: Inventory) -> None:
    twin = site.twin_spec(with_device(lab, "leaf-1", oob_mac="02:00:00:00:00:99"), PASSWORDS)
    assert twin.host("leaf-1").oob_mac == "02:00:00:00:00:99"


def test_only_management_hosts_reach_everybody_out_of_band(lab: Inventory) -> None:
    twin = site.twin_spec(lab, PASSWORDS)
    assert {h.name for h in twin.hosts if h.management} == {"mgmt-1", "mgmt-2", "mgmt-3"}


def test_a_device_without_an_out_of_band_address_is_a_finding(lab: Inventory) -> None:
    with pytest.raises(BadInput, match=r"devices\.leaf-1.*no out-of-band address"):
        site.twin_spec(with_device(lab, "leaf-1", oob=None), PASSWORDS)


def test_far_routers_bring_sessions_prefixes_and_the_length_of_the_cable(lab: Inventory) -> None:
    files = dict(site.twin_spec(lab, PASSWORDS).host("far-north").files)
    frr, script = files["/etc/frr/frr.conf"], files["/etc/igoudar/router.sh"]
    assert "router bgp 64496\n" in frr
    assert " neighbor 203.0.113.0 remote-as 64500\n" in frr
    assert " neighbor 203.0.113.0 password one\n" in frr
    assert " neighbor 203.0.113.0 local-role provider\n" in frr
    assert "  neighbor 2001:db8:113:: default-originate\n" in frr
    assert "  network 203.0.113.64/26\n" in frr
    assert " neighbor world1 interface remote-as external\n" in frr
    assert "address replace 203.0.113.1/31 dev eth1" in script
    assert "address replace 203.0.113.65/32 dev lo" in script
    assert "dev eth1 root netem delay 11270us" in script, "2300 km at 4.9 us"
    installed = dict(site.twin_spec(lab, PASSWORDS).host("leaf-1").files)
    assert "address 192.0.2.21/24" in installed["/etc/network/interfaces"]
    assert "/etc/frr/frr.conf" not in installed


def test_a_far_router_without_sessions_is_nobody_yet(lab: Inventory) -> None:
    """It has no network of its own, so it takes no number that another one has, and joins nobody."""
    kept = {name: s for name, s in lab.sessions.items() if lab.waves[s.wave].far.device == "far-north"}
    twin = site.twin_spec(replace(lab, sessions=kept), PASSWORDS)
    far = {name: dict(twin.host(name).files) for name in ("far-north", "far-south")}
    assert "router bgp 64496\n" in far["far-north"]["/etc/frr/frr.conf"]
    assert "bgp" not in far["far-south"]["/etc/frr/frr.conf"]
    assert "dev eth1 root netem delay" in far["far-south"]["/etc/igoudar/router.sh"]
    assert not [w.key for w in twin.wires if w.key.startswith("world")]
    assert list(spec.problems(twin)) == []


def test_a_script_of_a_far_router_is_a_shell_script(lab: Inventory) -> None:
    text = dict(site.twin_spec(lab, PASSWORDS).host("far-south").files)["/etc/igoudar/router.sh"]
    subprocess.run(["sh", "-n"], input=text, text=True, check=True)


def test_what_pings_in_the_world_is_inside_what_upstreams_announce(lab: Inventory) -> None:
    told = site.world_addresses(lab)
    assert set(told) == {"northnet", "southnet"}
    for name, addresses in told.items():
        announced = lab.upstreams[name].announces
        assert all(any(a in IPNetwork(str(p)) for p in announced) for a in addresses)
