"""All roles on real kernels: a small twin, a host of each kind, from nothing to a run without changes.

Everything is applied inside the twin's own kernels, reached through its relay with pinned host keys.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from igoudar import twin
from igoudar.errors import Where
from igoudar.hostview import HostView, Neighbour
from igoudar.render_roles import render_declaration
from igoudar.role_document import Document, as_document
from igoudar.roles import Declaration
from igoudar.transport import Access, Relay
from igoudar.transport.access import twin_keys
from igoudar.twin import TwinHost, TwinPort, TwinSpec, TwinWire
from igoudar.verify.look import Logins
from igoudar.worker.results import HostResult
from igoudar.worker.site_roles import apply_operations, apply_roles
from tests.roles.test_roles_golden import ROLES, declared
from tests.roles.views import ACCESS, CASES, MANAGEMENT, ROUTED, SWITCH

pytestmark = [pytest.mark.image, pytest.mark.timeout(900)]
ROOT = Path(__file__).parents[3]
HOSTS: dict[str, tuple[HostView, dict[str, str]]] = {
    "mgmt-1": (
        MANAGEMENT,
        {
            "base": "bastion",
            "lldpd": "management",
            "chrony": "server",
            "dns_authoritative": "one",
            "unbound": "alone",
            "kea": "known",
        },
    ),
    "srv-1": (ACCESS, {"base": "access", "lldpd": "access", "chrony": "client", "host_net": "access"}),
    "srv-2": (ROUTED, {"lldpd": "routed", "chrony": "client", "bgp_host": "both"}),
    "leaf-1": (SWITCH, {"base": "switch", "lldpd": "switch", "chrony": "client", "frr_switch": "fresh"}),
}


def spec() -> TwinSpec:
    hosts = []
    for at, (name, (view, _)) in enumerate(HOSTS.items()):
        ports = tuple(
            TwinPort(port, f"02:00:00:00:{at:02x}:{n:02x}", 9000 if name.startswith("srv") else 9216)
            for n, port in enumerate(view.cabled_ports)
            if port != "eth0"
        )
        hosts.append(
            TwinHost(
                name, 160, view.oob, f"02:00:00:01:00:{at:02x}", f"S{at}", ports, management=name == "mgmt-1"
            )
        )
    wire = TwinWire("leaf-1/swp1 -- srv-1/eth1", ("leaf-1", "swp1"), ("srv-1", "eth1"))
    return TwinSpec("roles", "igoudar", "192.0.2.254/24", tuple(hosts), (wire,))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("twin")
    twin.up(spec(), path, twin.find_image(ROOT), lambda _: None)
    yield path
    twin.down(path, wipe=True)


def documents(name: str) -> dict[str, Document]:
    assert all(case in CASES[role] for role, case in HOSTS[name][1].items())
    return {role: as_document(declared(role, case)) for role, case in HOSTS[name][1].items()}


def reached(
    folder: Path, wanted: Mapping[str, Mapping[str, Document]]
) -> dict[str, tuple[Access, Mapping[str, Document]]]:
    """Each host with its way through the relay and its roles."""
    keys = twin_keys(folder)
    found = {}
    for name, roles in wanted.items():
        address = HOSTS[name][0].oob_address
        access = Access(name, address, "igoudar", keys.login, keys.hosts[address], via=Relay(folder))
        found[name] = (access, roles)
    return found


def apply(
    folder: Path, wanted: Mapping[str, Mapping[str, Document]], plan: bool = False
) -> dict[str, HostResult]:
    return apply_roles(reached(folder, wanted), ROOT / "roles", {}, plan=plan, emit=lambda _: None)


def out(folder: Path, host: str, command: str) -> str:
    return twin.run(folder, host, command).out.decode().strip()


@pytest.fixture(scope="module")
def runs(folder: Path) -> list[dict[str, HostResult]]:
    """A plan, an apply, and a plan and an apply after it."""
    wanted = {name: documents(name) for name in HOSTS}
    return [apply(folder, wanted, plan=plan) for plan in (True, False, True, False)]


def test_everything_is_applied(runs: list[dict[str, HostResult]]) -> None:
    assert {h: (r.status, r.message) for h, r in runs[1].items()} == dict.fromkeys(HOSTS, ("ok", ""))
    assert all(r.changes for r in runs[1].values())


def test_the_second_run_reports_no_changes(runs: list[dict[str, HostResult]]) -> None:
    for run in runs[2:]:
        assert {h: (r.status, [str(c) for c in r.changes]) for h, r in run.items()} == {
            h: ("ok", []) for h in HOSTS
        }


def test_the_plan_said_what_the_apply_did(runs: list[dict[str, HostResult]]) -> None:
    for host in HOSTS:
        files = [[str(c) for c in run[host].changes if c.kind == "file"] for run in runs[:2]]
        assert files[0] == files[1]


def test_no_package_was_missing(runs: list[dict[str, HostResult]]) -> None:
    assert [c for r in runs[0].values() for c in r.changes if c.kind == "package"] == []


def test_a_server_has_its_addresses_and_speaks_to_its_gateway(folder: Path, runs: object) -> None:
    assert "172.16.1.10/24" in out(folder, "srv-1", "ip -4 addr show eth1")
    assert "2001:db8:1:1::a/64" in out(folder, "srv-1", "ip -6 addr show eth1")
    assert "via 172.16.1.1 dev eth1" in out(folder, "srv-1", "ip route show default")
    assert "via 2001:db8:1:1::1 dev eth1" in out(folder, "srv-1", "ip -6 route show default")
    assert out(folder, "srv-1", "systemctl is-active igoudar-gateway.timer") == "active"
    assert out(folder, "srv-1", "sudo ifquery -a --check >/dev/null && echo good") == "good"


def test_a_routed_server_runs_the_text_that_it_was_given(folder: Path, runs: object) -> None:
    pending = (
        "sudo /usr/lib/frr/frr-reload.py --test --stdout /etc/frr/frr.conf | grep -vE 'INFO|^$|====|Lines'"
    )

    assert "172.16.2.10" in out(folder, "srv-2", "ip -4 addr show lo")
    assert "4201019999" in out(folder, "srv-2", "sudo vtysh -c 'show bgp summary'")
    assert out(folder, "srv-2", f"{pending} || true") == ""
    assert out(folder, "srv-2", "sudo sysctl -n net.ipv4.fib_multipath_hash_policy") == "1"


def probed(folder: Path, host: str, *probes: Mapping[str, str]) -> list[dict[str, str]]:
    """What a verification would hear there."""
    (access, _) = reached(folder, {host: {}})[host]
    asked = [{"to": "192.0.2.2", **probe, "id": str(n)} for n, probe in enumerate(probes)]
    with Logins({host: access}) as logins:
        logins.open([host])
        told = logins.ask(host, {"do": "look", "probes": asked})
        return [told["probes"][probe["id"]] for probe in asked]


def name(asked: str, kind: str = "A") -> dict[str, str]:
    return {"kind": "dns", "name": asked, "type": kind}


def test_management_serves_names_time_and_leases(folder: Path, runs: object) -> None:
    lease = {"kind": "dhcp", "device": "eth0"}
    heard = probed(
        folder,
        "srv-1",
        name("srv-1.small.example"),
        name("101.2.0.192.in-addr.arpa", "PTR"),
        name("dns.small.example"),
        name("srv-2.small.example"),
        name("200.2.0.192.in-addr.arpa", "PTR"),
        name("example.com"),
        lease,
        {**lease, "mac": "02:00:00:01:00:03"},
        {**lease, "mac": "02:00:00:01:00:09"},
    )

    assert [h.get("answer", "silent") for h in heard] == [
        "192.0.2.101",
        "srv-1.small.example",
        "192.0.2.2 192.0.2.3",
        *("rcode 3", "rcode 3", "rcode 3"),
        *("192.0.2.101", "192.0.2.21", "silent"),
    ]
    assert "^" in out(folder, "srv-1", "chronyc -n sources | grep 192.0.2.2")


def zones(view: HostView) -> Declaration:
    role = ROLES["dns_authoritative"]
    return render_declaration(role.declare(role.settings({}, Where("devices.yaml")), view), role)


def test_a_zone_changes_without_a_restart_and_a_broken_one_never_replaces_it(
    folder: Path, runs: object
) -> None:
    def applied(told: Declaration) -> HostResult:
        return apply(folder, {"mgmt-1": {"dns_authoritative": as_document(told)}})["mgmt-1"]

    def processes() -> str:
        return out(folder, "mgmt-1", "systemctl show -P MainPID knot unbound")

    more = (*MANAGEMENT.neighbours, Neighbour("srv-9", "192.0.2.109"))
    asked = (name("srv-9.small.example"), name("109.2.0.192.in-addr.arpa", "PTR"))
    right = [{"answer": "192.0.2.109"}, {"answer": "srv-9.small.example"}]
    assert probed(folder, "srv-1", *asked) == [{"answer": "rcode 3"}] * 2
    before, changed = processes(), zones(replace(MANAGEMENT, neighbours=more))

    assert [str(c) for c in applied(changed).changes] == [
        "file /etc/knot/zones/2.0.192.in-addr.arpa.zone: text",
        "file /etc/knot/zones/small.example.zone: text",
        "unit knot.service: reload",
    ]
    deadline = time.monotonic() + 20
    while (heard := probed(folder, "srv-1", *asked)) != right:  # a reload goes on by itself
        assert time.monotonic() < deadline, heard
    twice = [replace(f, text=f"{f.text}srv-9 CNAME srv-1\n") for f in changed.files[:1]]
    broken = applied(replace(changed, files=(*twice, *changed.files[1:])))
    assert broken.status == "failed"
    assert "refused before it replaced the old text" in broken.message
    assert "CNAME" in broken.message
    assert probed(folder, "srv-1", *asked) == right
    assert applied(zones(MANAGEMENT)).status == "ok"
    assert processes() == before


def test_a_host_is_hardened_and_still_lets_us_in(folder: Path, runs: object) -> None:
    effective = out(folder, "srv-1", "sudo sshd -T")

    assert {"permitrootlogin no", "passwordauthentication no", "allowtcpforwarding no"} <= set(
        effective.splitlines()
    )
    assert (
        out(folder, "srv-1", "sudo sysctl -n net.ipv4.conf.all.arp_ignore net.ipv6.conf.eth1.accept_ra")
        == "1\n0"
    )
    assert out(folder, "srv-1", "sudo -u amina id -un") == "amina"
    assert out(folder, "srv-1", "sudo stat -c '%a %U' /home/amina/.ssh/authorized_keys") == "600 amina"


def test_both_ends_of_a_cable_know_each_other(folder: Path, runs: object) -> None:
    out(folder, "leaf-1", "sudo ip link set swp1 up")

    def heard(host: str) -> str:
        deadline = time.monotonic() + 60
        while "chassis.name" not in (seen := out(folder, host, "sudo lldpcli -f keyvalue show neighbors")):
            assert time.monotonic() < deadline, host
            time.sleep(1)
        return seen

    assert "lldp.eth1.chassis.name=leaf-1" in heard("srv-1")
    assert "lldp.eth1.port.ifname=swp1" in heard("srv-1")
    assert "lldp.swp1.chassis.name=srv-1" in heard("leaf-1")


def test_operations_and_the_bundle_agree(folder: Path, runs: object) -> None:
    """What one way has made right, the other way leaves alone; and both mend the same drift."""
    wanted = {"srv-1": documents("srv-1")}

    assert apply_operations(reached(folder, wanted), ROOT / "roles") == {"srv-1": []}
    out(folder, "srv-1", "echo drift | sudo tee -a /etc/chrony/chrony.conf && sudo systemctl stop lldpd")
    changed = apply_operations(reached(folder, wanted), ROOT / "roles")["srv-1"]
    assert [name.rpartition("| ")[2] for name in changed] == [
        "unit lldpd.service",
        "file /etc/chrony/chrony.conf",
        "restart chrony.service",
    ]
    assert apply(folder, wanted)["srv-1"].changes == ()


def test_drift_is_mended_and_named(folder: Path, runs: object) -> None:
    wanted = {"srv-2": documents("srv-2")}
    out(folder, "srv-2", "sudo chmod 0666 /etc/frr/frr.conf; sudo systemctl disable --now lldpd")

    (planned,) = apply(folder, wanted, plan=True).values()
    assert [str(c) for c in planned.changes] == [
        "unit lldpd.service: enable",
        "unit lldpd.service: start",
        "file /etc/frr/frr.conf: mode",
        "unit frr.service: reload",
    ]
    assert apply(folder, wanted)["srv-2"].status == "ok"
    assert apply(folder, wanted)["srv-2"].changes == ()


def test_a_power_cut_changes_nothing(folder: Path, runs: object) -> None:
    """Addresses, daemons and kernel settings are back by the host's own boot, not by another run."""
    for host in ("srv-1", "srv-2"):
        twin.power(folder, host, "cycle")

    assert "172.16.1.10/24" in out(folder, "srv-1", "ip -4 addr show eth1")
    assert out(folder, "srv-1", "systemctl is-active igoudar-gateway.timer") == "active"
    assert "172.16.2.10/32" in out(folder, "srv-2", "ip -4 addr show lo")
    assert "4201019999" in out(folder, "srv-2", "sudo vtysh -c 'show bgp summary'")
    results = apply(folder, {name: documents(name) for name in ("srv-1", "srv-2")})
    assert {h: (r.status, [str(c) for c in r.changes]) for h, r in results.items()} == {
        "srv-1": ("ok", []),
        "srv-2": ("ok", []),
    }
