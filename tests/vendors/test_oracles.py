"""Every switch text of every site, and of made ones, before its oracle; and what the oracles must refuse."""

from __future__ import annotations

from pathlib import Path

import pytest

from igoudar import vendors
from igoudar.bogons import load_bogons
from igoudar.derive import derive
from igoudar.render import render_all
from igoudar.validate import validate
from igoudar.validate.oracles import frr, ifupdown2, shell
from tests import factory, golden

pytestmark = pytest.mark.image
NOS = vendors.load(golden.ROOT / "templates")
INTERFACES, CONF, DAEMONS = "etc-network-interfaces", "etc-frr-frr.conf", "etc-frr-daemons"


def text(device: str, name: str) -> str:
    return golden.written("lab")[f"{device}/{name}"]


@pytest.mark.parametrize("site", golden.sites())
def test_every_text_of_a_site_is_valid_and_canonical(site: str, image: Path) -> None:
    compiled = golden.compiled(site)
    found = validate(image, compiled.switches, compiled.intents, NOS)
    assert not found, "\n".join(map(str, found))


@pytest.mark.parametrize("site", golden.sites())
def test_every_base_text_is_valid_and_canonical(site: str, image: Path) -> None:
    compiled = golden.compiled(site)
    found = validate(image, compiled.base, compiled.intents, NOS)
    assert not found, "\n".join(map(str, found))


ORACLES = {
    "/etc/frr/frr.conf": frr.validate,
    "/etc/frr/daemons": shell.validate,
    "/etc/network/interfaces": ifupdown2.validate,
}


@pytest.mark.parametrize("site", golden.sites())
def test_every_text_of_a_server_is_valid(site: str, image: Path) -> None:
    """Roles bring the same kinds of files to servers; FRR there need not print them back letter by letter."""
    judged = [
        (host, file.path, str(complaint))
        for host, roles in golden.compiled(site).hosts.items()
        for declaration in roles.values()
        for file in declaration.files
        if file.path in ORACLES and file.text is not None
        for complaint in [*ORACLES[file.path](image, host, file.text), None]
    ]
    assert {path for _, path, _ in judged} == set(ORACLES)
    assert [found for found in judged if found[2] != "None"] == []


def test_a_drained_switch_a_drained_wave_and_a_drained_cable(image: Path) -> None:
    """And a peer beside a transit, many ports (swp2 before swp10), many VRFs, the default BFD profile."""
    inventory = factory.site(leaves=2, vpcs=12, spread=2)
    inventory = factory.with_device(inventory, "leaf-1", drained=True)
    inventory = factory.with_wave(inventory, "wave-2", drained=True)
    key = next(k for k, c in inventory.cables.items() if {c.a.device, c.b.device} == {"leaf-2", "spine-1"})
    inventory = factory.with_cable(inventory, key, drained=True)
    derived = derive(factory.plan(inventory), load_bogons(golden.ROOT))
    texts = render_all(derived.intents, NOS).texts
    assert "\nbgp graceful-shutdown\n" in texts["leaf-1"]["/etc/frr/frr.conf"]
    for switch, port in (("leaf-2", "swp1"), ("spine-1", "swp2")):
        assert f" neighbor {port} graceful-shutdown" in texts[switch]["/etc/frr/frr.conf"]
        assert texts[switch]["/etc/frr/frr.conf"].count("graceful-shutdown") == 1
    assert " neighbor 203.0.113.5 graceful-shutdown" in texts["border-2"]["/etc/frr/frr.conf"]
    assert "route-map PEER-IN deny 50" in texts["border-2"]["/etc/frr/frr.conf"]
    found = validate(image, texts, derived.intents, NOS)
    assert not found, "\n".join(map(str, found))


@pytest.mark.parametrize(
    ("written", "misspelt", "said"),
    [
        (" neighbor FABRIC bfd\n", " neighbor FABRIC bdf\n", "Unknown command"),
        (" neighbor FABRIC activate\n", " neighbor FABRIK activate\n", "remote-as or peer-group"),
        ("  maximum-paths 64\n", "  maximum-paths 256\n", "FRR prints"),
        (" le 32\n", " le 2\n", "Invalid prefix range"),
        (" permit graceful-shutdown\n", " permit 65535:0\n", "FRR prints"),
    ],
)
def test_frr_refuses(written: str, misspelt: str, said: str, image: Path) -> None:
    whole = text("border-1", CONF)
    assert written in whole
    complaints = frr.validate(image, "border-1", whole.replace(written, misspelt, 1))
    assert any(said in c.said for c in complaints), complaints


@pytest.mark.parametrize(
    ("written", "misspelt", "said"),
    [
        ("bridge-learning off", "bridge-lerning off", "no attribute 'bridge-lerning'"),
        ("    mtu 9216", "    mtu 99999", "out range"),
        ("    vrf-table ", "    vrf-table 9", "out of reserved range"),
    ],
)
def test_ifupdown2_refuses(written: str, misspelt: str, said: str, image: Path) -> None:
    whole = text("leaf-1", INTERFACES)
    assert written in whole
    complaints = ifupdown2.validate(image, "leaf-1", whole.replace(written, misspelt, 1))
    assert any(said in c.said for c in complaints), complaints


def test_a_complaint_names_the_line(image: Path) -> None:
    whole = text("leaf-1", CONF)
    line = whole.splitlines().index(" bgp bestpath as-path multipath-relax") + 1
    complaints = frr.validate(image, "leaf-1", whole.replace("multipath-relax", "multipath-relaxed", 1))
    assert complaints[0].line == line


def test_the_daemons_file_knows_its_names(image: Path) -> None:
    whole = text("leaf-1", DAEMONS)
    assert shell.validate(image, "leaf-1", whole) == []
    assert shell.validate(image, "leaf-1", whole + "bpgd=yes\n")[0].line == whole.count("\n") + 1


def test_the_oracles_leave_nothing_behind(image: Path) -> None:
    before = (Path("/proc/self/mounts").read_text(), sorted(p.name for p in image.iterdir()))
    frr.validate(image, "leaf-1", text("leaf-1", CONF))
    assert (Path("/proc/self/mounts").read_text(), sorted(p.name for p in image.iterdir())) == before
