"""Loading a site from files: sections of several files, lines, phases, and what the schema takes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from netaddr import IPNetwork
from pydantic import BaseModel, ValidationError

from igoudar import schema, site_schema
from igoudar.cable_key import cable_key, ends_of
from igoudar.errors import BadInput, Severity, Where
from igoudar.inventory import load, shown, site_files
from igoudar.model import Cable, End, Inventory, Role, Status
from igoudar.site_files import TenantFile
from tests.errors import ROOT, checkout

LAB = ROOT / "inventory" / "lab"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the lab, to be edited; types and data are those of the checkout."""
    made = tmp_path / "inventory" / "lab"
    for path in LAB.rglob("*.yaml"):
        target = made / path.relative_to(LAB)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    for name in ("types", "data"):
        (tmp_path / "inventory" / name).symlink_to(ROOT / "inventory" / name)
    return made


def loaded(folder: Path) -> Inventory:
    return load(folder, folder.parents[1])


def said(folder: Path) -> list[str]:
    with pytest.raises(BadInput) as caught:
        loaded(folder)
    return [str(f) for f in caught.value.findings]


def replace_in(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))


def test_the_lab_is_what_its_files_say() -> None:
    lab = load(LAB, ROOT)

    assert lab.site.name == "lab"
    assert lab.devices["leaf-1"].role is Role.LEAF
    assert lab.devices["leaf-1"].status is Status.ACTIVE
    assert lab.devices["leaf-1"].hall == "h1"
    assert lab.devices["leaf-1"].oob == IPNetwork("192.0.2.21/24")
    assert len(lab.switches()) == 8
    assert len(lab.hosts()) == 11
    assert set(lab.vpcs) == {"fisc-prod", "portail-pub", "sante-prod"}
    assert lab.secrets["bgp-north"].mark == "secret:bgp-north@1"


def test_every_value_knows_its_place() -> None:
    lab = load(LAB, ROOT)

    assert str(lab.devices["leaf-1"].where) == "inventory/lab/devices.yaml: devices.leaf-1"
    assert str(lab.vpcs["fisc-prod"].subnets[0].where) == (
        "inventory/lab/tenants/fisc.yaml: vpcs.prod.subnets.web"
    )


def test_one_file_or_many_make_the_same_site(folder: Path) -> None:
    before = loaded(folder)
    text = "".join(
        (folder / f"{n}.yaml").read_text() for n in ("site", "hall", "devices", "cables", "uplinks")
    )
    for name in ("site", "hall", "devices", "cables", "uplinks"):
        (folder / f"{name}.yaml").unlink()
    (folder / "deep" / "er").mkdir(parents=True)
    (folder / "deep" / "er" / "all.yml").write_text(text)
    after = loaded(folder)

    assert list(after.devices) == list(before.devices)
    assert set(after.cables) == set(before.cables)
    assert after.site.pools == before.site.pools


def test_hidden_files_and_other_kinds_are_left_alone(folder: Path) -> None:
    (folder / ".draft.yaml").write_text("nonsense")
    (folder / ".hidden").mkdir()
    (folder / ".hidden" / "x.yaml").write_text("nonsense")
    (folder / "notes.txt").write_text("nonsense")
    (folder / "devices.yaml~").write_text("nonsense")

    assert "ledger.yaml" not in {p.name for p in site_files(folder)}
    loaded(folder)


def test_a_site_may_lie_anywhere(tmp_path: Path, folder: Path) -> None:
    away = tmp_path / "away"
    folder.rename(away)
    inventory = load(away, ROOT)

    assert inventory.devices["leaf-1"].where.file == str(away / "devices.yaml")
    assert shown(away, tmp_path) == "away"


def test_files_are_read_before_entries_are_judged_and_names_come_last(folder: Path) -> None:
    """A file that cannot be read hides nothing of the same phase, and what follows from it is not said."""
    replace_in(folder / "hall.yaml", "a05: {hall: h1", "a05: {hall: h9")
    replace_in(folder / "site.yaml", "fabric_mtu: 9216", "fabric_mtu: jumbo")
    (folder / "more.yaml").write_text("a: [\n")

    assert [m.split(": ")[0] for m in said(folder)] == [
        "inventory/lab/more.yaml:2",
        "inventory/lab/site.yaml:10",
    ]
    (folder / "more.yaml").unlink()
    replace_in(folder / "site.yaml", "fabric_mtu: jumbo", "fabric_mtu: 9216")
    assert [m.split(": ")[0] for m in said(folder)] == ["inventory/lab/hall.yaml:10"]


def test_an_unknown_key_is_met_with_the_one_that_was_meant(folder: Path) -> None:
    replace_in(folder / "tenants" / "fisc.yaml", "attachment: routed", "atachment: routed")

    assert said(folder) == [
        "inventory/lab/tenants/fisc.yaml:7: vpcs.prod.subnets.db.atachment: "
        "the key 'atachment' is not known here; did you mean 'attachment'?"
    ]


def test_an_unknown_key_like_none_is_met_with_all(folder: Path) -> None:
    replace_in(folder / "site.yaml", "multiplier: 4", "zzz: 4")

    assert said(folder) == [
        "inventory/lab/site.yaml:32: site.bfd.zzz: the key 'zzz' is not known here; "
        "known keys: interval_ms, multiplier"
    ]


def test_keys_that_are_no_names_are_refused_at_their_line(folder: Path) -> None:
    (folder / "more.yaml").write_text("racks:\n  'Rack 1': {hall: h1, row: a, position: 9}\n")

    assert said(folder) == [
        "inventory/lab/more.yaml:2: racks[\"Rack 1\"]: 'Rack 1' is not a name; "
        "expected a DNS label: a-z, 0-9 and -, at most 63 characters, no - at either end"
    ]


@pytest.mark.parametrize("name", ["a", "a-b", "0", "a" * 63])
def test_names(name: str) -> None:
    assert schema.SecretIn.model_validate({"version": 1})
    assert TenantFile.model_validate({"tenant": name, "vpcs": {"v": {"subnets": {"s": {}}}}}).tenant == name


@pytest.mark.parametrize(
    "name", ["", "-a", "a-", "A", "a_b", "a.b", "a" * 64, "a\n", "\u00e9", 7, True, None]
)
def test_what_is_no_name(name: Any) -> None:
    with pytest.raises(ValidationError):
        TenantFile.model_validate({"tenant": name, "vpcs": {"v": {"subnets": {"s": {}}}}})


def _site(**changes: Any) -> dict[str, Any]:
    pools = {"loopback4": "10.0.0.0/16", "loopback6": "2001:db8::/48", "oob": "192.0.2.0/24"}
    plain = {"name": "x", "domain": "x.example", "timezone": "UTC", "fabric_as": 65000, "public_as": 64500}
    return (
        plain
        | {"anycast_mac": "02:00:5e:00:01:01", "pools": pools, "dns": ["m"], "ntp": ["m"], "witnesses": ["m"]}
        | changes
    )


def _pools(**changes: Any) -> dict[str, Any]:
    return _site(pools=_site()["pools"] | changes)


def _session(**changes: Any) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "wave": "w",
        "upstream": "u",
        "password": "p",
        "max_prefixes4": 1,
        "max_prefixes6": 1,
    }
    four = {"ours4": "203.0.113.0/31", "theirs4": "203.0.113.1"}
    return plain | four | {"ours6": "2001:db8::/127", "theirs6": "2001:db8::1"} | changes


def _device(**changes: Any) -> dict[str, Any]:
    return {"type": "t", "role": "leaf", "number": 1, "rack": "r", "u": 1, "serial": "S"} | changes


GOOD: list[tuple[type[BaseModel], dict[str, Any]]] = [
    (site_schema.SiteIn, _site()),
    (
        site_schema.SiteIn,
        _site(
            anycast_mac="02-00-5E-00-01-01",
            users={"anna": {"keys": ["ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAAgDB anna"]}},
        ),
    ),
    (
        site_schema.SiteIn,
        _pools(l2vni="1-16777215", vlan="2-4094", index="1-65535", public4=["198.51.100.0/24"]),
    ),
    (schema.SessionIn, _session()),
    (schema.DeviceIn, _device(serial="AB 12/x", oob="192.0.2.1/24", status="planned")),
    (schema.SubnetIn, {"ipv4": "172.16.0.0/24"}),
]
BAD: list[tuple[type[BaseModel], dict[str, Any], str]] = [
    (site_schema.SiteIn, _site(fabric_as=0), "fabric_as"),
    (site_schema.SiteIn, _site(fabric_as=65536), "fabric_as"),
    (site_schema.SiteIn, _site(fabric_as=True), "fabric_as"),
    (site_schema.SiteIn, _site(fabric_as="65000"), "fabric_as"),
    (site_schema.SiteIn, _site(fabric_as=65000.0), "fabric_as"),
    (site_schema.SiteIn, _site(public_as=4294967295), "public_as"),
    (site_schema.SiteIn, _site(domain="example"), "domain"),
    (site_schema.SiteIn, _site(timezone="../etc/passwd"), "timezone"),
    (site_schema.SiteIn, _site(host_mtu=9217), "host_mtu"),
    (site_schema.SiteIn, _site(dns=[]), "dns"),
    (site_schema.SiteIn, _site(dns="m"), "dns"),
    (site_schema.SiteIn, _site(login="Root"), "login"),
    (site_schema.SiteIn, _site(anycast_mac="01:00:5e:00:01:01"), "anycast_mac"),
    (site_schema.SiteIn, _site(anycast_mac="00:00:00:00:00:00"), "anycast_mac"),
    (site_schema.SiteIn, _site(anycast_mac=2005), "anycast_mac"),
    (site_schema.SiteIn, _site(users={"anna": {"keys": []}}), "users"),
    (site_schema.SiteIn, _site(users={"anna": {"keys": ["ssh-ed25519 AAAA\nroot"]}}), "users"),
    (site_schema.SiteIn, _pools(loopback4="2001:db8::/48"), "pools"),
    (site_schema.SiteIn, _pools(loopback6="10.0.0.0/8"), "pools"),
    (site_schema.SiteIn, _pools(oob="192.0.2.1/24"), "pools"),
    (site_schema.SiteIn, _pools(public6=["198.51.100.0/24"]), "pools"),
    (site_schema.SiteIn, _pools(l2vni="0-5"), "pools"),
    (site_schema.SiteIn, _pools(l2vni="5-4"), "pools"),
    (site_schema.SiteIn, _pools(l2vni="1-16777216"), "pools"),
    (site_schema.SiteIn, _pools(l2vni=7), "pools"),
    (site_schema.SiteIn, _pools(vlan="1-100"), "pools"),
    (site_schema.SiteIn, _pools(index="1-65536"), "pools"),
    (schema.SessionIn, _session(theirs4="2001:db8::1"), "theirs4"),
    (schema.SessionIn, _session(ours6="203.0.113.0/31"), "ours6"),
    (schema.SessionIn, _session(ours4="203.0.113.0"), "ours4"),
    (schema.SessionIn, _session(max_prefixes4=2**32), "max_prefixes4"),
    (schema.SessionIn, _session(local_pref=-1), "local_pref"),
    (schema.DeviceIn, _device(serial=""), "serial"),
    (schema.DeviceIn, _device(serial=" S"), "serial"),
    (schema.DeviceIn, _device(serial="S\nX"), "serial"),
    (schema.DeviceIn, _device(serial=12), "serial"),
    (schema.DeviceIn, _device(serial="S" * 65), "serial"),
    (schema.DeviceIn, _device(number=0), "number"),
    (schema.DeviceIn, _device(u=201), "u"),
    (schema.DeviceIn, _device(role="Leaf"), "role"),
    (schema.DeviceIn, _device(oob="2001:db8::1/64"), "oob"),
    (schema.DeviceIn, _device(host_key="AAAA"), "host_key"),
    (schema.CableIn, {"a": "leaf-1", "b": "x/y"}, "a"),
    (schema.CableIn, {"a": "leaf-1/swp1; reboot", "b": "x/y"}, "a"),
    (schema.CableIn, {"a": "leaf-1/../swp1 ", "b": "x/y"}, "a"),
    (schema.SubnetIn, {"ipv4": "172.16.0.0/255.255.0.0"}, "ipv4"),
    (schema.SubnetIn, {"ipv4": "172.16.0.0/24\n"}, "ipv4"),
    (schema.SubnetIn, {"ipv4": "172.16.0.0/\u0662\u0664"}, "ipv4"),
    (schema.SubnetIn, {"ipv6": "172.16.0.0/24"}, "ipv6"),
    (schema.SystemIn, {"stations": ["a"], "length_km": 0, "in_service": True}, "length_km"),
    (schema.SystemIn, {"stations": ["a"], "length_km": 1, "in_service": "yes"}, "in_service"),
    (schema.SecretIn, {"version": 0}, "version"),
]


@pytest.mark.parametrize(("kind", "data"), GOOD)
def test_what_the_schema_takes(kind: type[BaseModel], data: dict[str, Any]) -> None:
    assert kind.model_validate(data)


@pytest.mark.parametrize(("kind", "data", "place"), BAD)
def test_what_the_schema_refuses(kind: type[BaseModel], data: dict[str, Any], place: str) -> None:
    with pytest.raises(ValidationError) as caught:
        kind.model_validate(data)

    assert {e["loc"][0] for e in caught.value.errors()} == {place}


def _turn(name: str, old: str, new: str) -> Callable[[Path], None]:
    return lambda folder: replace_in(folder / name, old, new)


@pytest.mark.parametrize(
    ("edit", "start"),
    [
        (_turn("devices.yaml", "oob: 192.0.2.101/24", "oob: 192.0.2.255/24"), "192.0.2.255/24 is no host"),
        (_turn("devices.yaml", "oob: 192.0.2.101/24", "oob: 192.0.2.101/25"), "192.0.2.101/25 is no host"),
        (
            _turn("uplinks.yaml", "theirs4: 203.0.113.1", "theirs4: 203.0.113.0"),
            "203.0.113.0 is no neighbour",
        ),
        (_turn("uplinks.yaml", "asn: 64496", "asn: 64500"), "AS 64500 is our own"),
        (_turn("site.yaml", "bastion: mgmt-1", "bastion: leaf-1"), "leaf-1 is of the role leaf, no"),
    ],
)
def test_names_and_numbers_that_lead_nowhere(folder: Path, edit: Callable[[Path], None], start: str) -> None:
    edit(folder)

    assert [start in message for message in said(folder)] == [True]


def test_two_vpcs_whose_full_names_meet_are_refused(folder: Path) -> None:
    subnets = "{subnets: {s: {ipv4: 172.20.0.0/24}}}"
    (folder / "tenants" / "x.yaml").write_text(f"tenant: a-b\nvpcs:\n  c: {subnets}\n")
    (folder / "tenants" / "y.yaml").write_text(f"tenant: a\nvpcs:\n  b-c: {subnets}\n")

    assert said(folder) == [
        "inventory/lab/tenants/y.yaml:3: vpcs.b-c: 'a-b-c' is there already; "
        "expected each name once in a site; see inventory/lab/tenants/x.yaml:3: vpcs.c"
    ]


def test_what_is_odd_in_a_type_is_a_warning_of_check(tmp_path: Path) -> None:
    root = checkout(tmp_path)
    with (root / "inventory/types/generic/generic-oob-48.yaml").open("a") as file:
        file.write("u_heigth: 2\n")

    (told,) = load(root / "inventory/lab", root).warnings
    assert (told.code, told.severity) == ("unknown-key", Severity.WARNING)
    assert "did you mean 'u_height'?" in str(told)


def test_a_cable_has_one_key_whatever_its_ends_are_called() -> None:
    """By device, then port: as text `leaf-1/` comes before `leaf/`."""
    a, b = End("leaf", "swp1"), End("leaf-1", "front/2")
    key = "leaf/swp1 -- leaf-1/front/2"
    assert Cable(a, b, Where("")).key == Cable(b, a, Where("")).key == key
    assert cable_key(str(a), str(b)) == cable_key(str(b), str(a)) == key
    assert ends_of(key) == (str(a), str(b))
