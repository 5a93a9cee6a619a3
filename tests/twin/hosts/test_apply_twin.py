"""The transaction over two real switches: applied, refused, drifted, abandoned, cut off in the middle."""

from __future__ import annotations

import shlex
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from igoudar import twin, vendors
from igoudar.agent.install import UNITS, VERSIONS
from igoudar.apply.change import Texts, Wanted
from igoudar.apply.driver import Candidate, Disguise, FrrDriver
from igoudar.apply.operator import Operator, Plan
from igoudar.apply.witnesses import SshWitnesses
from igoudar.errors import DeviceFailed, Drift
from igoudar.runs import Report, new_id
from igoudar.transport import Access
from igoudar.twin import TwinSpec, TwinWire
from tests.twin import bare

pytestmark = [pytest.mark.image, pytest.mark.timeout(900)]
ROOT = Path(__file__).parents[3]
FRR, DAEMONS, INTERFACES = "/etc/frr/frr.conf", "/etc/frr/daemons", "/etc/network/interfaces"
NUMBERS = {"sw-1": 11, "sw-2": 12}
WITNESS = "mgmt-1"
PATTERN = r"^ *(no )?neighbor \S+ password (?P<secret>.+)$"
MARK, SECRET = "secret:fabric@1", "sw0rdfish"
NEXT_MARK, NEXT_SECRET = "secret:fabric@2", "mackerel"
RESTORE = 30.0  # seconds, at most: what a switch on a busy machine needs for its interfaces


def base(name: str) -> dict[str, str]:
    return {
        DAEMONS: "bgpd=no\nbfdd=no\nvtysh_enable=yes\n",
        FRR: f"frr defaults datacenter\nhostname {name}\nservice integrated-vtysh-config\n!\nend\n",
        INTERFACES: "auto lo\niface lo inet loopback\n\n"
        f"auto eth0\niface eth0\n    address 192.0.2.{NUMBERS[name]}/24\n",
    }


def target(name: str, loopbacks: int = 1) -> dict[str, str]:
    """Two switches with a password between them; each more loopback is one more line."""
    number = NUMBERS[name]
    addresses = "".join(f"    address 10.255.{n}.{number}/32\n" for n in range(loopbacks))
    return {
        DAEMONS: "bgpd=yes\nbfdd=no\nvtysh_enable=yes\n",
        FRR: f"""frr defaults datacenter
hostname {name}
service integrated-vtysh-config
!
router bgp {65000 + number}
 bgp router-id 10.255.0.{number}
 neighbor swp1 interface remote-as external
 neighbor swp1 password {MARK}
 !
 address-family ipv4 unicast
  redistribute connected
 exit-address-family
exit
!
end
""",
        INTERFACES: f"auto lo\niface lo inet loopback\n{addresses}\n"
        f"auto eth0\niface eth0\n    address 192.0.2.{number}/24\n\nauto swp1\niface swp1\n    mtu 9216\n",
    }


def spec() -> TwinSpec:
    switches = (bare.switch_host(name, number, ("swp1",), base(name)) for name, number in NUMBERS.items())
    wire = TwinWire("fabric", ("sw-1", "swp1"), ("sw-2", "swp1"))
    return TwinSpec("apply", "igoudar", "192.0.2.254/24", (*switches, bare.witness_host(WITNESS, 2)), (wire,))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("twin")
    twin.up(spec(), path, twin.find_image(ROOT), lambda _: None)
    for name in NUMBERS:
        bare.sh(path, name, bare.SWITCH_SETUP)
    bare.sh(path, WITNESS, bare.WITNESS_SETUP)
    yield path
    twin.down(path, wipe=True)


def access(folder: Path, name: str) -> Access:
    return bare.access(folder, name, NUMBERS.get(name, 2))


def drivers(folder: Path) -> dict[str, FrrDriver]:
    return {name: FrrDriver(access(folder, name)) for name in NUMBERS}


def witnesses(folder: Path) -> SshWitnesses:
    return SshWitnesses([access(folder, WITNESS)])


def operator(
    folder: Path, record: Mapping[str, Texts] | None, new: Mapping[str, Texts], window: float = 60.0
) -> Operator:
    wants = {
        name: Wanted(
            name, f"S-{name}", new[name], record[name] if record else None, base(name), False, {"swp1": other}
        )
        for name, other in zip(NUMBERS, reversed(NUMBERS), strict=True)
    }
    id_ = new_id()
    plan = Plan(
        id_,
        "twin",
        wants,
        [sorted(wants)],
        window,
        RESTORE,
        {MARK: SECRET, NEXT_MARK: NEXT_SECRET},
        dict.fromkeys(wants, (PATTERN,)),
        {name: access(folder, name).host_key for name in wants},
        rules=dict.fromkeys(wants, vendors.load(ROOT / "templates")["frr"].impact),
    )
    report, stop = Report(id_, "twin"), threading.Event()
    return Operator(plan, drivers(folder), witnesses(folder), report, lambda *_: None, stop, 120.0)


def targets(loopbacks: int = 1) -> dict[str, dict[str, str]]:
    return {name: target(name, loopbacks) for name in NUMBERS}


def live(folder: Path) -> dict[str, Texts]:
    """Masked live texts, without `running-config` only where the daemons run them."""
    found = {}
    for name, driver in drivers(folder).items():
        known = Disguise(tuple(target(name).values()), {MARK: SECRET}, (PATTERN,))
        found[name] = driver.read(tuple(sorted(base(name))), known).texts
        driver.close()
    return found


def out(folder: Path, name: str, command: str) -> str:
    return twin.run(folder, name, command).out.decode().strip()


def pids(folder: Path, name: str) -> str:
    return out(folder, name, "cat /run/frr/zebra.pid /run/frr/bgpd.pid")


def open_there(folder: Path, name: str) -> str:
    return out(folder, name, "echo '{}' | sudo igoudar-agent status")


def settled(folder: Path) -> None:
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline:
        try:
            if all('"open": null' in open_there(folder, name) for name in NUMBERS):
                return
        except DeviceFailed:
            pass
        time.sleep(1)
    raise AssertionError("a transaction stayed open")


def test_from_base_text_to_a_session(folder: Path) -> None:
    report = operator(folder, None, targets()).run()
    assert report.states == {"sw-1": "new", "sw-2": "new"}
    assert live(folder) == targets()
    for name in NUMBERS:
        assert SECRET in out(folder, name, f"sudo cat {FRR}")
        assert out(folder, name, f"sudo stat -c '%U:%G %a' {FRR}") == "frr:frr 640"
        kept = out(folder, name, f"sudo grep -rlF {SECRET} /var/lib/igoudar || true").split()
        assert kept == ["/var/lib/igoudar/confirmed.json"], "the one copy, for masking, for root's eyes only"


def test_a_change_reloads_and_keeps_the_daemons(folder: Path) -> None:
    driver = drivers(folder)["sw-1"]
    deadline = time.monotonic() + 120
    while "Established" not in driver.read((FRR,), Disguise()).sessions.values():
        assert time.monotonic() < deadline, "the session never came up"
        time.sleep(1)
    driver.close()
    before = {name: pids(folder, name) for name in NUMBERS}
    report = operator(folder, targets(), targets(2)).run()
    assert report.states == {"sw-1": "new", "sw-2": "new"}
    assert {name: pids(folder, name) for name in NUMBERS} == before
    assert "10.255.1.11/32" in out(folder, "sw-1", "ip address show lo")


def test_a_refused_candidate_changes_nothing(folder: Path) -> None:
    new = targets(3)
    new["sw-2"] = {**new["sw-2"], FRR: new["sw-2"][FRR].replace("redistribute connected", "redistrbute all")}
    run = operator(folder, targets(2), new)
    with pytest.raises(DeviceFailed, match=r"sw-2: /etc/frr/frr.conf: .*Unknown command"):
        run.run()
    assert run.report.outcome == "not started"
    assert live(folder) == targets(2)


def test_wrong_interfaces_are_refused_too(folder: Path) -> None:
    new = targets(3)
    new["sw-1"] = {**new["sw-1"], INTERFACES: new["sw-1"][INTERFACES] + "    address 300.1.1.1/99\n"}
    with pytest.raises(DeviceFailed, match=r"sw-1: /etc/network/interfaces: .*300\.1\.1\.1"):
        operator(folder, targets(2), new).run()
    assert live(folder) == targets(2)


def test_a_change_that_breaks_a_session_is_put_back(folder: Path) -> None:
    new = targets(2)
    new["sw-1"] = {**new["sw-1"], FRR: new["sw-1"][FRR].replace(MARK, NEXT_MARK)}
    run = operator(folder, targets(2), new)
    run.verify_seconds = 15.0
    with pytest.raises(DeviceFailed, match="sessions down: default swp1"):
        run.run()
    assert run.report.states == {"sw-1": "restored", "sw-2": "recorded"}
    assert live(folder) == targets(2)


ABANDONED = """
import sys
from pathlib import Path
from igoudar.apply.driver import FrrDriver
from tests.twin.hosts.test_apply_twin import operator, targets
def hang(*rest, **more):
    import os, time
    os.write(1, b"applied\\n")  # at once: both switches are asked side by side
    time.sleep(600)
FrrDriver.verify = hang
operator(Path(sys.argv[1]), targets(2), targets(3), 20.0).run()
"""


def test_a_killed_operator_is_undone_by_the_switches(folder: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", ABANDONED, str(folder)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "applied\n"
    assert '"state": "applied"' in open_there(folder, "sw-1")
    process.kill()
    process.wait()
    assert "10.255.2.11" in out(folder, "sw-1", f"sudo cat {INTERFACES}")
    settled(folder)
    assert live(folder) == targets(2)
    assert "10.255.2.11" not in out(folder, "sw-1", "ip address show lo")
    assert '"outcome": "restored"' in open_there(folder, "sw-1")


def test_a_switch_may_ask_the_register_and_nothing_else(folder: Path) -> None:
    for words in ("list", "enrol", "cat /etc/shadow", "propose ../x commit", "propose x maybe", ""):
        ask = "sudo ssh -F none -o StrictHostKeyChecking=accept-new -i /etc/ssh/ssh_host_ed25519_key"
        done = twin.run(folder, "sw-1", f"{ask} igoudar-witness@192.0.2.2 {shlex.quote(words)}")
        assert done.status != 0, words
        assert done.out == b"", words


def test_a_killed_watcher_is_started_again(folder: Path) -> None:
    driver = drivers(folder)["sw-1"]
    seen = driver.read(tuple(sorted(base("sw-1"))), Disguise())
    driver.stage("watched", "twin", Candidate(target("sw-1", 4), {MARK: SECRET}, (PATTERN,)))
    driver.arm("watched", seen.digest, 15, 10)
    driver.close()
    out(folder, "sw-1", f"sudo systemctl kill -s KILL {UNITS[1]}")
    assert '"open": null' not in open_there(folder, "sw-1"), "its window has not ended yet"
    settled(folder)
    assert '"outcome": "dropped"' in open_there(folder, "sw-1")


def test_an_upgraded_agent_ends_the_window_of_the_one_before(folder: Path) -> None:
    driver = drivers(folder)["sw-1"]
    seen = driver.read(tuple(sorted(base("sw-1"))), Disguise())
    driver.stage("upgraded", "twin", Candidate(target("sw-1", 4), {MARK: SECRET}, (PATTERN,)))
    driver.arm("upgraded", seen.digest, 30, 10)
    assert driver.apply("upgraded", "reload") == ""
    journal = "/var/lib/igoudar/txn/upgraded/journal.json"
    older = f"import json; p = open('{journal}'); j = json.load(p); del j['restore']; j['gone'] = 1"
    for script in (
        f"python3 -c \"{older}; json.dump(j, open('{journal}', 'w'))\"",
        f"for file in {VERSIONS}/*/agent/*.py; do echo '# another version' >> $file; done",
    ):
        out(folder, "sw-1", f"sudo sh -c {shlex.quote(script)}")
    assert driver.read(tuple(sorted(base("sw-1"))), Disguise()).open is not None
    driver.close()
    settled(folder)
    assert live(folder) == targets(2)


def test_drift_stops_the_change_and_is_shown(folder: Path) -> None:
    out(folder, "sw-1", "sudo vtysh -c 'configure terminal' -c 'ip route 198.51.100.0/24 blackhole'")
    with pytest.raises(Drift, match=r"\+ip route 198\.51\.100\.0/24 blackhole"):
        operator(folder, targets(2), targets(3)).run()
    out(folder, "sw-1", "sudo vtysh -c 'configure terminal' -c 'no ip route 198.51.100.0/24 blackhole'")
    out(folder, "sw-2", f"echo '! by hand' | sudo tee -a {FRR}")
    with pytest.raises(Drift, match=r"sw-2 runs something else[\s\S]*\+! by hand"):
        operator(folder, targets(2), targets(3)).run()
    assert "10.255.2.11" not in out(folder, "sw-1", f"sudo cat {INTERFACES}")
