"""How each host of a site is reached: on hardware from the inventory, on a twin through its relay.

A host is reached with exactly one login key and exactly one host key. Nothing is trusted on first use.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from igoudar.errors import BadInput, DeviceFailed, Finding
from igoudar.model import Device, Inventory
from igoudar.world import holds_twin, twin_folder
from igoudar.yaml_source import locate

KEY_VARIABLE = "IGOUDAR_SSH_KEY"
KEY_NAMES = ("id_ed25519", "id_ecdsa", "id_rsa")
SSH_PORT = 22


@dataclass(frozen=True, slots=True)
class Relay:
    """The way into a running twin; `folder` is the twin's run folder."""

    folder: Path


@dataclass(frozen=True, slots=True)
class Bastion:
    """The way through a management host."""

    access: Access


@dataclass(frozen=True, slots=True)
class Access:
    """`host_key` is an OpenSSH public key line; `via` is None where the address is reached directly."""

    host: str
    address: str
    user: str
    key_path: Path
    host_key: str
    port: int = SSH_PORT
    via: Relay | Bastion | None = None

    def __str__(self) -> str:
        return f"{self.host} ({self.user}@{self.address}:{self.port})"


@dataclass(frozen=True, slots=True)
class TwinKeys:
    """What a twin wrote for its hosts: the login key, and the public key line of each host."""

    login: Path
    hosts: dict[str, str] = field(default_factory=dict)


def access_map(inventory: Inventory, root: Path) -> dict[str, Access]:
    """host -> Access, for every device with an out-of-band address. Reads files and opens nothing."""
    folder = twin_folder(inventory.site.name, root)
    devices = [d for d in inventory.devices.values() if d.oob is not None]
    if holds_twin(folder):
        keys = twin_keys(folder)
        return {d.name: _in_twin(d, inventory, folder, keys) for d in devices}
    bastion = inventory.devices.get(inventory.site.bastion)
    via = Bastion(_on_hardware(bastion, inventory, None)) if bastion and bastion.oob is not None else None
    return {d.name: _on_hardware(d, inventory, None if d is bastion else via) for d in devices}


def require_host_keys(names: Iterable[str], inventory: Inventory, root: Path) -> None:
    """Raises BadInput for all of these hosts, and the bastion on their way, whose host key is not known."""
    reach = access_map(inventory, root)
    ways = [reach[name] for name in names if name in reach]
    ways += [way.via.access for way in ways if isinstance(way.via, Bastion)]
    unpinned = sorted({way.host for way in ways if not way.host_key})
    expected = "`host_key`: the line in its /etc/ssh/ssh_host_ed25519_key.pub"
    hint = f"on a twin they are known once it runs: igoudar twin up {inventory.site.name}"
    findings = []
    for name in unpinned:
        said = f"no host key of {name} is known, so that anybody may answer in its place"
        findings.append(Finding("no-host-key", inventory.devices[name].where, said, expected, hint))
    if findings:
        raise BadInput(locate(findings, root))


def twin_keys(folder: Path) -> TwinKeys:
    """`known_hosts` of a twin: a line is name, key type and key. Raises DeviceFailed."""
    try:
        lines = (folder / "known_hosts").read_text("utf-8").splitlines()
    except OSError as error:
        raise DeviceFailed(
            f"the twin in {folder} has no known_hosts ({error.strerror}); start it anew"
        ) from error
    split = [line.split(maxsplit=1) for line in lines if line.strip() and not line.startswith("#")]
    hosts = {name: key for names, key in split for name in names.split(",")}
    return TwinKeys(folder / "id_ed25519", hosts)


def _in_twin(device: Device, inventory: Inventory, folder: Path, keys: TwinKeys) -> Access:
    assert device.oob is not None
    address = str(device.oob.ip)
    host_key = keys.hosts.get(device.name) or keys.hosts.get(address, "")
    return Access(device.name, address, inventory.site.login, keys.login, host_key, via=Relay(folder))


def _on_hardware(device: Device, inventory: Inventory, via: Bastion | None) -> Access:
    assert device.oob is not None
    return Access(
        device.name, str(device.oob.ip), inventory.site.login, login_key(), device.host_key, via=via
    )


def login_key() -> Path:
    """The file that IGOUDAR_SSH_KEY names, else the first usual key in ~/.ssh, there or not."""
    if named := os.environ.get(KEY_VARIABLE):
        return Path(named).expanduser()
    folder = Path.home() / ".ssh"
    return next((folder / n for n in KEY_NAMES if (folder / n).is_file()), folder / KEY_NAMES[0])
