"""A small fabric on a twin: two leaves over two spines, BGP unnumbered, and three management hosts."""

from __future__ import annotations

import shlex
import threading
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from igoudar import twin, vendors
from igoudar.agent.install import agent_files
from igoudar.apply.change import FRR, INTERFACES, Texts, Wanted
from igoudar.apply.driver import Disguise, Driver, FrrDriver
from igoudar.apply.operator import Operator, Plan
from igoudar.apply.witnesses import SshWitnesses, Witnesses
from igoudar.runs import Report
from igoudar.transport import Access, Relay
from igoudar.transport.access import twin_keys
from igoudar.twin import TwinHost, TwinPort, TwinSpec, TwinWire
from igoudar.witness.install import witness_files

ROOT = Path(__file__).parents[3]
DAEMONS = "/etc/frr/daemons"
SWITCHES = {"lf-1": 11, "lf-2": 12, "sp-1": 21, "sp-2": 22}
WITNESSES = {"mgmt-1": 2, "mgmt-2": 3, "mgmt-3": 4}
PEERS = {
    "lf-1": {"swp1": "sp-1", "swp2": "sp-2"},
    "lf-2": {"swp1": "sp-1", "swp2": "sp-2"},
    "sp-1": {"swp1": "lf-1", "swp2": "lf-2"},
    "sp-2": {"swp1": "lf-1", "swp2": "lf-2"},
}
PROBED = "10.255.0.12"  # the loopback of lf-2, asked from that of lf-1
WINDOW, RESTORE = 8.0, 8.0
STACK = "small"
SWITCH_SETUP = """
sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
printf 'net.ipv4.ip_forward=1\\nnet.ipv6.conf.all.forwarding=1\\n' > /etc/sysctl.d/90-forward.conf
mkdir -p /run/network /etc/iproute2/rt_tables.d
chmod 755 /usr/sbin/igoudar-agent
chown frr:frr /etc/frr/frr.conf /etc/frr/daemons && chmod 640 /etc/frr/frr.conf /etc/frr/daemons
systemctl daemon-reload && systemctl enable igoudar-agent-boot.service networking.service frr.service
ifreload -a; systemctl restart frr
"""
WITNESS_SETUP = """
useradd --create-home --shell /bin/sh igoudar-witness
chmod 755 /usr/sbin/igoudar-witness
systemd-tmpfiles --create /etc/tmpfiles.d/igoudar-witness.conf
systemctl reload ssh
"""


def texts(version: int) -> dict[str, dict[str, str]]:
    """What all switches run; each version has its own descriptions of neighbours."""
    return {name: _text(name, version) for name in SWITCHES}


def _text(name: str, version: int) -> dict[str, str]:
    number = SWITCHES[name]
    ports, asn = ("swp1", "swp2"), 65000 + min(number, 20)
    neighbors = "".join(
        f" neighbor {p} interface remote-as external\n neighbor {p} description version {version}\n"
        for p in ports
    )
    stanzas = "".join(f"\nauto {p}\niface {p}\n    mtu 9216\n" for p in ports)
    return {
        DAEMONS: "bgpd=yes\nbfdd=no\nvtysh_enable=yes\n",
        FRR: f"frr defaults datacenter\nhostname {name}\nservice integrated-vtysh-config\n!\n"
        f"router bgp {asn}\n bgp router-id 10.255.0.{number}\n{neighbors} !\n"
        " address-family ipv4 unicast\n  redistribute connected\n exit-address-family\nexit\n!\nend\n",
        INTERFACES: f"auto lo\niface lo inet loopback\n    address 10.255.0.{number}/32\n"
        f"\nauto eth0\niface eth0\n    address 192.0.2.{number}/24\n{stanzas}",
    }


def spec() -> TwinSpec:
    switches = tuple(_switch(name, number) for name, number in SWITCHES.items())
    wires = tuple(
        TwinWire(f"{leaf}-{spine}", (leaf, port), (spine, back))
        for leaf, back in (("lf-1", "swp1"), ("lf-2", "swp2"))
        for port, spine in PEERS[leaf].items()
    )
    hosts = (*switches, *(_witness(name, number) for name, number in WITNESSES.items()))
    return TwinSpec("faults", "igoudar", "192.0.2.254/24", hosts, wires)


def _switch(name: str, number: int) -> TwinHost:
    ports = tuple(
        TwinPort(p, f"02:00:00:00:0{at}:{number:02x}", 9216) for at, p in enumerate(("swp1", "swp2"), 1)
    )
    files = (*((path, text) for path, (text, _) in agent_files().items()), *_text(name, 1).items())
    return TwinHost(
        name, 192, f"192.0.2.{number}/24", f"02:00:00:00:00:{number:02x}", f"S-{name}", ports, files=files
    )


def _witness(name: str, number: int) -> TwinHost:
    """A management host with what the role `witness` puts there."""
    templates = ROOT / "roles" / "witness" / "templates"
    sshd = (templates / "sshd.conf.j2").read_text("utf-8").replace("{{ login }}", "igoudar")
    files = (
        *((path, text) for path, (text, _) in witness_files().items()),
        ("/etc/ssh/sshd_config.d/20-igoudar-witness.conf", sshd),
        ("/etc/tmpfiles.d/igoudar-witness.conf", (templates / "tmpfiles.conf.j2").read_text("utf-8")),
    )
    mac = f"02:00:00:00:00:{number:02x}"
    return TwinHost(name, 128, f"192.0.2.{number}/24", mac, f"S-{name}", files=files, management=True)


def bring_up(folder: Path) -> None:
    twin.up(spec(), folder, twin.find_image(ROOT), lambda _: None)
    at_all(SWITCHES, lambda name: sh(folder, name, SWITCH_SETUP))
    at_all(WITNESSES, lambda name: sh(folder, name, WITNESS_SETUP))


def at_all(names: Iterable[str], work: object) -> list[object]:
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(work, names))  # type: ignore[arg-type]


def sh(folder: Path, name: str, script: str) -> str:
    """Output of a root shell on a host, which must not fail."""
    done = twin.run(folder, name, f"sudo sh -c {shlex.quote(script)}")
    assert done.status == 0, f"{name}: {script}: {done.err.decode()}"
    return done.out.decode().strip()


def access(folder: Path, name: str) -> Access:
    keys = twin_keys(folder)
    address = f"192.0.2.{(SWITCHES | WITNESSES)[name]}"
    return Access(name, address, "igoudar", keys.login, keys.hosts[address], via=Relay(folder))


def witnesses(folder: Path) -> SshWitnesses:
    return SshWitnesses([access(folder, name) for name in WITNESSES])


def live(folder: Path) -> dict[str, Texts]:
    """What each runs: files, and `running-config` only where its daemons run something else."""
    found: dict[str, Texts] = {}
    for name in SWITCHES:
        driver = FrrDriver(access(folder, name))
        found[name] = driver.read((DAEMONS, FRR, INTERFACES), Disguise()).texts
        driver.close()
    return found


@dataclass(frozen=True, slots=True)
class Run:
    """A change from one version to another: its id, its stack, and the texts of both."""

    id: str
    record: Mapping[str, Texts]
    target: Mapping[str, Texts]
    stack: str = STACK


def operator(folder: Path, run: Run, drivers: Mapping[str, Driver], voters: Witnesses) -> Operator:
    """A change of all switches, with the window of the faults."""
    wants = {
        name: Wanted(
            name, f"S-{name}", run.target[name], run.record[name], {}, adopt=False, peers=PEERS[name]
        )
        for name in SWITCHES
    }
    keys = {name: access(folder, name).host_key for name in SWITCHES}
    waves = [sorted(SWITCHES)]  # one: what a fault may hit is the same, and it is quicker
    rules = dict.fromkeys(wants, vendors.load(ROOT / "templates")["frr"].impact)
    plan = Plan(
        run.id, run.stack, wants, waves, WINDOW, RESTORE, {}, dict.fromkeys(wants, ()), keys, rules=rules
    )
    report = Report(run.id, run.stack)
    return Operator(plan, drivers, voters, report, lambda *_: None, threading.Event(), verify_seconds=25.0)
