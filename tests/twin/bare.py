"""Hosts of a twin without roles: a switch with FRR and the agent, a management host with a register."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from igoudar import twin
from igoudar.agent.install import agent_files
from igoudar.agent.switch import DAEMONS_FILE, FRR_FILE, INTERFACES_FILE
from igoudar.transport import Access, Relay
from igoudar.transport.access import twin_keys
from igoudar.twin import TwinHost, TwinPort
from igoudar.witness.install import witness_files

ROOT = Path(__file__).parents[2]
T = TypeVar("T")
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


def oob(number: int) -> str:
    return f"192.0.2.{number}"


def switch_host(
    name: str, number: int, ports: Sequence[str], texts: Mapping[str, str], memory_mb: int = 192
) -> TwinHost:
    """`number`: the last byte of its out-of-band address. It needs SWITCH_SETUP once it is up."""
    made = tuple(
        TwinPort(port, f"02:00:00:{at:02x}:01:{number:02x}", 9216) for at, port in enumerate(ports, 1)
    )
    files = (*((path, text) for path, (text, _) in agent_files().items()), *texts.items())
    mac = f"02:00:00:00:00:{number:02x}"
    return TwinHost(name, memory_mb, f"{oob(number)}/24", mac, f"S-{name}", made, files=files)


def witness_host(name: str, number: int) -> TwinHost:
    """What the role `witness` puts there; it needs WITNESS_SETUP once it is up."""
    templates = ROOT / "roles" / "witness" / "templates"
    sshd = (templates / "sshd.conf.j2").read_text("utf-8").replace("{{ login }}", "igoudar")
    files = (
        *((path, text) for path, (text, _) in witness_files().items()),
        ("/etc/ssh/sshd_config.d/20-igoudar-witness.conf", sshd),
        ("/etc/tmpfiles.d/igoudar-witness.conf", (templates / "tmpfiles.conf.j2").read_text("utf-8")),
    )
    mac = f"02:00:00:00:00:{number:02x}"
    return TwinHost(name, 128, f"{oob(number)}/24", mac, f"S-{name}", files=files, management=True)


def fabric_texts(number: int, name: str, asn: int, ports: Sequence[str], told: str) -> dict[str, str]:
    """BGP unnumbered on all ports. `told`: the description of each neighbour."""
    loopback = f"10.255.0.{number}"
    neighbors = "".join(
        f" neighbor {p} interface remote-as external\n neighbor {p} description {told}\n" for p in ports
    )
    stanzas = "".join(f"\nauto {p}\niface {p}\n    mtu 9216\n" for p in ports)
    return {
        DAEMONS_FILE: "bgpd=yes\nbfdd=no\nvtysh_enable=yes\n",
        FRR_FILE: f"frr defaults datacenter\nhostname {name}\nservice integrated-vtysh-config\n!\n"
        f"router bgp {asn}\n bgp router-id {loopback}\n{neighbors} !\n"
        " address-family ipv4 unicast\n  redistribute connected\n exit-address-family\nexit\n!\nend\n",
        INTERFACES_FILE: f"auto lo\niface lo inet loopback\n    address {loopback}/32\n"
        f"\nauto eth0\niface eth0\n    address {oob(number)}/24\n{stanzas}",
    }


def access(folder: Path, name: str, number: int) -> Access:
    keys, address = twin_keys(folder), oob(number)
    return Access(name, address, "igoudar", keys.login, keys.hosts[address], via=Relay(folder))


def at_all(names: Iterable[str], work: Callable[[str], T]) -> list[T]:
    """Of each name, several at once."""
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(work, names))


def sh(folder: Path, name: str, script: str, seconds: float = 60.0) -> str:
    """Output of a root shell on a host, which must not fail."""
    done = twin.run(folder, name, f"sudo sh -c {shlex.quote(script)}", seconds)
    assert done.status == 0, f"{name}: {script}: {done.err.decode()}"
    return done.out.decode().strip()
