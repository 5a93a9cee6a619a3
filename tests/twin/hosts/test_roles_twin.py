"""All roles on real kernels: a small twin, a host of each kind, from nothing to a run without changes.

Everything is applied inside the twin's own kernels, reached through its relay with pinned host keys.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from igoudar import twin
from igoudar.host_history import PATH, read_history
from igoudar.hostview import HostView
from igoudar.reboot import Reboots
from igoudar.role_document import Document, as_document, from_document
from igoudar.transport import Access, Relay
from igoudar.transport.access import twin_keys
from igoudar.twin import TwinHost, TwinPort, TwinSpec, TwinWire
from igoudar.worker.results import HostResult
from igoudar.worker.site_roles import apply_operations, apply_roles
from tests.roles.test_roles_golden import declared
from tests.roles.views import ACCESS, CASES, MANAGEMENT, ROUTED, SWITCH

pytestmark = [pytest.mark.image, pytest.mark.timeout(900)]
ROOT = Path(__file__).parents[3]
HOSTS: dict[str, tuple[HostView, dict[str, str]]] = {
    "mgmt-1": (
        MANAGEMENT,
        {"base": "bastion", "lldpd": "management", "chrony": "server", "unbound": "alone"},
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
    hosts = reached(folder, wanted)
    return apply_roles(hosts, ROOT / "roles", {}, plan=plan, emit=lambda _: None, by="a test")


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


def test_management_serves_names_and_time(folder: Path, runs: object) -> None:
    assert "192.0.2.101" in out(folder, "mgmt-1", "getent hosts srv-1.small.example")
    assert "^" in out(folder, "srv-1", "chronyc -n sources | grep 192.0.2.2")
    assert out(folder, "mgmt-1", "systemctl is-active unbound chrony") == "active\nactive"


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


def test_a_reboot_ends_when_the_host_serves_again_and_stands_in_its_history(
    folder: Path, runs: object
) -> None:
    access, roles = reached(folder, {"mgmt-1": documents("mgmt-1")})["mgmt-1"]
    units = [unit.name for told in map(from_document, roles.values()) for unit in told.units if unit.running]
    assert "unbound.service" in units
    before = out(folder, "mgmt-1", "cat /proc/sys/kernel/random/boot_id")

    result = Reboots("a test").reboot(access, units)
    assert (result.status, result.message) == ("ok", "")
    assert out(folder, "mgmt-1", "cat /proc/sys/kernel/random/boot_id") != before
    assert "192.0.2.101" in out(folder, "mgmt-1", "getent hosts srv-1.small.example")
    first, *_, last = read_history(out(folder, "mgmt-1", f"sudo cat {PATH}"))
    assert (first.by, first.result, len(first.changes) > 1) == ("a test", "done", True)
    assert [role for role, _ in first.roles] == sorted(roles)
    assert (last.by, last.result) == ("a test", "reboot")
