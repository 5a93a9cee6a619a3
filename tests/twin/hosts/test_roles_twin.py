"""All roles on real kernels: a small twin, a host of each kind, from nothing to a run without changes.

Everything is applied inside the twin's own kernels, reached through its relay with pinned host keys.
"""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from igoudar import runs as run_ids
from igoudar import twin
from igoudar.errors import DeviceFailed, Where
from igoudar.host_history import PATH, read_history
from igoudar.hostview import HostView, Neighbour
from igoudar.reboot import Reboots
from igoudar.render_roles import render_declaration
from igoudar.role_document import Document, as_document, from_document
from igoudar.roles import Declaration
from igoudar.transport import Access, Relay
from igoudar.transport.access import twin_keys
from igoudar.twin import TwinHost, TwinPort, TwinSpec, TwinWire
from igoudar.verify.facts import commands_for, facts_of
from igoudar.verify.look import Logins
from igoudar.worker import site_roles
from igoudar.worker.lockout import Window
from igoudar.worker.results import HostResult
from igoudar.worker.site_roles import Told, apply_operations, apply_roles
from tests.roles.test_roles_golden import ROLES, declared
from tests.roles.views import ACCESS, CASES, MANAGEMENT, ROUTED, SWITCH

pytestmark = [pytest.mark.image, pytest.mark.timeout(900)]
ROOT = Path(__file__).parents[3]
HOSTS: dict[str, tuple[HostView, dict[str, str]]] = {
    "mgmt-1": (
        MANAGEMENT,
        {
            "base": "bastion",
            "ssh_ca": "rolled",
            "lldpd": "management",
            "chrony": "server",
            "node_exporter": "management",
            "dns_authoritative": "one",
            "unbound": "alone",
            "kea": "known",
            "prometheus": "first",
        },
    ),
    "srv-1": (
        ACCESS,
        {
            "base": "access",
            "ssh_ca": "signed",
            "lldpd": "access",
            "chrony": "client",
            "node_exporter": "access",
            "host_net": "access",
        },
    ),
    "srv-2": (ROUTED, {"lldpd": "routed", "chrony": "client", "bgp_host": "both"}),
    "leaf-1": (
        SWITCH,
        {
            "base": "switch",
            "lldpd": "switch",
            "chrony": "client",
            "node_exporter": "switch",
            "frr_switch": "fresh",
        },
    ),
}


def spec() -> TwinSpec:
    hosts = []
    for at, (name, (view, _)) in enumerate(HOSTS.items()):
        ports = tuple(
            TwinPort(port, f"02:00:00:00:{at:02x}:{n:02x}", 9000 if name.startswith("srv") else 9216)
            for n, port in enumerate(view.cabled_ports)
            if port != "eth0"
        )
        is_first = name == "mgmt-1"
        memory, mac = 256 if is_first else 160, f"02:00:00:01:00:{at:02x}"
        hosts.append(TwinHost(name, memory, view.oob, mac, f"S{at}", ports, management=is_first))
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
    folder: Path, wanted: Mapping[str, Mapping[str, Document]], plan: bool = False, seconds: int = 0
) -> dict[str, HostResult]:
    """All roles of each host; with `seconds`, a window, some of them."""
    told = Told(ROOT / "roles", window=Window(run_ids.new_id(), seconds or 60, step=60), by="a test")
    return apply_roles(reached(folder, wanted), told, plan=plan, emit=lambda _: None, whole=not seconds)


def out(folder: Path, host: str, command: str) -> str:
    return twin.run(folder, host, command).out.decode().strip()


def until_it_answers(folder: Path, host: str) -> None:
    """A kernel that was just cut off may leave a first login with half a packet."""
    deadline = time.monotonic() + 60
    while True:
        try:
            out(folder, host, "true")
            return
        except DeviceFailed:
            assert time.monotonic() < deadline
            time.sleep(1)


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
    return render_declaration(role.declare(role.settings({}, Where("devices.yaml")), view, {}), role)


def test_a_zone_changes_without_a_restart_and_a_broken_one_never_replaces_it(
    folder: Path, runs: object
) -> None:
    def applied(told: Declaration) -> HostResult:
        return apply(folder, {"mgmt-1": {"dns_authoritative": as_document(told)}}, seconds=60)["mgmt-1"]

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
    assert "trustedusercakeys /etc/ssh/igoudar/user-ca.pub" in effective
    assert out(folder, "srv-1", "ls /etc/ssh/igoudar") == "principals\nuser-ca.pub", "its key is another"
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


def test_every_host_tells_how_it_does(folder: Path, runs: object) -> None:
    """Asked as the verification asks, by the address that only the host itself and the bastion may use."""
    key = ("metrics", "192.0.2.2")
    ((name, words),) = commands_for([key]).items()
    deadline, up = time.monotonic() + 60, frozenset[str]()
    while up != {"mgmt-1", "leaf-1", "srv-1"}:
        assert time.monotonic() < deadline, up
        done = twin.run(folder, "mgmt-1", shlex.join(words))
        up = facts_of({name: {"rc": done.status, "out": done.out.decode()}}, [key]).get(key, up)
    told = out(folder, "mgmt-1", "curl -s http://192.0.2.101:9100/metrics")

    assert 'node_systemd_units{state="failed"} 0' in told
    for series in (
        "node_filesystem_avail_bytes{",
        "node_timex_maxerror_seconds ",
        "node_memory_MemAvailable_bytes ",
    ):
        assert f"\n{series}" in told


def test_somebody_hears_of_what_is_wrong(folder: Path, runs: object) -> None:
    """Prometheus's own judge of rules, over series that are right and series that are not."""
    cases = (ROOT / "tests" / "twin" / "hosts" / "rules_test.yml").read_text("utf-8")
    done = twin.run(
        folder, "mgmt-1", f"echo {shlex.quote(cases)} >/tmp/t.yml; promtool test rules /tmp/t.yml"
    )

    assert "SUCCESS" in done.out.decode(), done.out.decode() + done.err.decode()


def test_operations_and_the_bundle_agree(folder: Path, runs: object) -> None:
    """What one way has made right, the other way leaves alone; and both mend the same drift."""
    wanted = {"srv-1": documents("srv-1")}

    assert apply_operations(reached(folder, wanted), Told(ROOT / "roles")) == {"srv-1": []}
    out(folder, "srv-1", "echo drift | sudo tee -a /etc/chrony/chrony.conf && sudo systemctl stop lldpd")
    changed = apply_operations(reached(folder, wanted), Told(ROOT / "roles"))["srv-1"]
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


def test_what_no_role_declares_any_more_is_gone(folder: Path, runs: object) -> None:
    """A drop-in of a daemon, and a unit of our own that runs; a line of the package's file stays."""
    more, less = documents("srv-2"), {"srv-2": documents("srv-2")}
    told = {"owner": "root:root", "mode": "0644"}
    service = "[Service]\nExecStart=/usr/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target\n"
    more["lldpd"]["files"] |= {
        "/etc/lldpd.d/trial.conf": {
            **told,
            "text": 'configure system description "on trial"\n',
            "notify": ["restart:lldpd.service"],
        },
        "/etc/systemd/system/trial.service": {**told, "text": service},
    }
    more["lldpd"]["units"].append({"name": "trial.service", "enabled": True, "running": "yes"})
    more["lldpd"]["lines"] = [{"path": "/etc/default/lldpd", "line": "# on trial"}]
    assert apply(folder, {"srv-2": more})["srv-2"].status == "ok"
    assert out(folder, "srv-2", "systemctl is-active trial") == "active"
    assert "on trial" in out(folder, "srv-2", "sudo lldpcli show chassis; tail -n 1 /etc/default/lldpd")

    gone = [
        "unit trial.service: disable",
        "unit trial.service: stop",
        "file /etc/lldpd.d/trial.conf: remove",
        "file /etc/systemd/system/trial.service: remove",
        "unit lldpd.service: restart",
    ]
    for plan in (True, False):
        assert [str(c) for c in apply(folder, less, plan=plan)["srv-2"].changes] == gone
    assert apply(folder, less)["srv-2"].changes == ()
    assert out(folder, "srv-2", "systemctl is-active trial lldpd || true") == "inactive\nactive"
    assert "on trial" not in out(folder, "srv-2", "sudo lldpcli show chassis")
    assert out(folder, "srv-2", "tail -n 1 /etc/default/lldpd") == "# on trial"


def test_a_login_that_sudo_asks_for_a_password(folder: Path, runs: object) -> None:
    """All the others here come as the login `igoudar`, which is not root and has sudo without one."""
    made = "sudo useradd -m asks && sudo cp -r ~/.ssh /home/asks && sudo chown -R asks: /home/asks/.ssh"
    rule = "echo 'asks ALL=(ALL:ALL) ALL' | sudo tee /etc/sudoers.d/asks"
    out(folder, "srv-2", f"{made} && {rule}")
    access, roles = reached(folder, {"srv-2": documents("srv-2")})["srv-2"]
    hosts = {"srv-2": (replace(access, user="asks"), roles)}
    (result,) = apply_roles(hosts, Told(ROOT / "roles"), plan=True, emit=lambda _: None).values()

    assert (result.status, result.message) == (
        "unreachable",
        "sudo: a password is required; the login has to become root without a password: "
        "give it NOPASSWD: ALL in sudoers",
    )
    assert result.seconds < 60


ARMED, LAST = "/var/lib/igoudar/lockout/armed", "/var/lib/igoudar/lockout/last"
NO_TIMER = f"sudo ls {ARMED}; systemctl is-active igoudar-lockout.service"


def shut(host: str) -> dict[str, Document]:
    """The role `base` with a line that passes `sshd -t` and lets nobody in."""
    told = declared("base", HOSTS[host][1]["base"])
    files = (
        replace(f, text=f"{f.text}DenyUsers *\n") if "sshd_config.d" in f.path else f for f in told.files
    )
    return {"base": as_document(replace(told, files=tuple(files)))}


def test_what_lets_us_in_was_confirmed_by_new_logins(folder: Path, runs: object) -> None:
    for host in ("mgmt-1", "srv-1", "srv-2", "leaf-1"):
        assert out(folder, host, NO_TIMER) == "inactive", host
        assert out(folder, host, f"sudo cut -d' ' -f2 {LAST}") == "confirmed", host
        assert out(folder, host, "sudo ls /var/lib/igoudar/lockout") == "back\nlast\nlock", host


def test_a_text_that_passes_its_check_and_shuts_everyone_out(folder: Path, runs: object) -> None:
    """By sshd: the kernel of the twin has no family of nftables that a packet filter could use."""
    result = apply(folder, {"leaf-1": shut("leaf-1")}, seconds=20)["leaf-1"]

    assert result.status == "failed"
    assert result.message.startswith("changed, but a new login did not come through: "), result.message
    assert result.message.endswith("the host went back to its old files at the end of its window of 20 s")
    assert out(folder, "leaf-1", NO_TIMER) == "inactive"
    assert "restored at the end" in out(folder, "leaf-1", "sudo journalctl -t igoudar-lockout -o cat")
    assert apply(folder, {"leaf-1": documents("leaf-1")})["leaf-1"].changes == ()


KILLED = """
import json, os, signal, sys
from pathlib import Path
from igoudar.worker import site_roles
from tests.twin.hosts import test_roles_twin
site_roles.settled = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
test_roles_twin.apply(Path(sys.argv[1]), json.loads(sys.argv[2]), seconds=20)
"""


def test_the_worker_is_killed_between_change_and_confirmation(folder: Path, runs: object) -> None:
    wanted = {"leaf-1": shut("leaf-1")}
    done = subprocess.run([sys.executable, "-c", KILLED, str(folder), json.dumps(wanted)], check=False)
    assert done.returncode == -9

    def logs_in() -> bool:
        try:
            return out(folder, "leaf-1", NO_TIMER) == "inactive"
        except DeviceFailed:
            return False

    assert not logs_in()
    deadline = time.monotonic() + 120
    while not logs_in():
        assert time.monotonic() < deadline
        time.sleep(1)
    assert out(folder, "leaf-1", f"sudo cut -d' ' -f2 {LAST}") == "restored"
    assert apply(folder, {"leaf-1": documents("leaf-1")})["leaf-1"].changes == ()


def test_a_power_cut_changes_nothing(folder: Path, runs: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """Addresses, daemons and kernel settings are back by the host's own boot, not by another run.

    What no new login had confirmed is as before, from the start: one is let in.
    """
    monkeypatch.setattr(site_roles, "settled", lambda access, window, result: result)  # as if it had died
    assert apply(folder, {"srv-1": shut("srv-1")}, seconds=900)["srv-1"].status == "ok"
    for host in ("srv-1", "srv-2"):
        twin.power(folder, host, "cycle")
    for host in ("srv-1", "srv-2"):
        until_it_answers(folder, host)

    assert "172.16.1.10/24" in out(folder, "srv-1", "ip -4 addr show eth1")
    assert out(folder, "srv-1", "systemctl is-active igoudar-gateway.timer") == "active"
    assert "172.16.2.10/32" in out(folder, "srv-2", "ip -4 addr show lo")
    assert "4201019999" in out(folder, "srv-2", "sudo vtysh -c 'show bgp summary'")
    results = apply(folder, {name: documents(name) for name in ("srv-1", "srv-2")})
    assert {h: (r.status, [str(c) for c in r.changes]) for h, r in results.items()} == {
        "srv-1": ("ok", []),
        "srv-2": ("ok", []),
    }
    journal = out(folder, "srv-1", "sudo journalctl -b -o cat")
    assert "restored when it was started anew" in journal
    assert "ordering cycle" not in journal


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
