"""Servers: which roles run where. Switches are hosts too; they and the management hosts come first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from igoudar import log_secrets, resources
from igoudar.compiler import Compiled
from igoudar.design import HallDesign, ServerDesign, ServerGroupDesign, TenantDesign
from igoudar.model import SWITCH_ROLES, Attachment, Device, Inventory, Role, SecretName, Status
from igoudar.site import Site

MANAGERS, SWITCHES = "management", "switches"
FIRST = (MANAGERS, SWITCHES)  # what a change of the switches needs, over the out-of-band network only
# Not `nftables`, which a device has by its `roles`: Debian's user-mode Linux is built without the families
# `inet` and `ip`, so hosts of a twin refuse its text.
EVERYWHERE = ("base", "lldpd", "chrony")
# service of the site -> the roles of its members; those of everywhere do the rest
BY_SERVICE: dict[str, tuple[str, ...]] = {
    "dns": ("dns_authoritative", "unbound"),
    "ntp": (),
    "dhcp": ("kea",),
    "logs": (),
    "metrics": ("prometheus",),
    "bastion": ("bastion",),
    "packages": ("package_mirror",),
}
# everywhere where the site has it: a service that every host uses, or an authority of SSH
BY_USE: dict[str, str] = {"logs": "logs", "metrics": "node_exporter", "packages": "packages"}
OF_CERTIFICATES = "ssh_ca"
BY_ATTACHMENT = {Attachment.ACCESS: "host_net", Attachment.ROUTED: "bgp_host"}


def describe(inventory: Inventory, hall: HallDesign, tenants: TenantDesign) -> ServerDesign:
    """The management hosts, the switches, then the servers of each row."""
    attachment = {s: p.subnet.attachment for p in tenants.subnets for s in p.subnet.servers}
    devices = inventory.devices.values()
    managers = [d for d in devices if d.role is Role.MANAGEMENT]
    switches = [d for d in devices if d.role in SWITCH_ROLES]
    by_kind = {d.name: _roles(d, attachment, inventory.site) for d in devices}
    roles = {d.name: tuple(dict.fromkeys((*by_kind[d.name], *d.roles))) for d in devices}
    secrets = inventory.secrets
    groups = [_group(MANAGERS, managers, roles, secrets), _group(SWITCHES, switches, roles, secrets)]
    for row in hall.rows:
        standing = [inventory.devices[name] for rack in row.racks for name in row.devices[rack]]
        servers = [d for d in standing if d.role is Role.SERVER]
        groups.append(_group(f"{row.hall}-{row.row}", servers, roles, secrets))
    return ServerDesign(tuple(g for g in groups if g.hosts), BY_SERVICE)


def _group(
    name: str, devices: list[Device], roles: dict[str, tuple[str, ...]], secrets: Mapping[str, SecretName]
) -> ServerGroupDesign:
    live = [d for d in devices if d.status in (Status.ACTIVE, Status.STAGED, Status.DECOMMISSIONING)]
    live.sort(key=lambda d: d.name)
    return ServerGroupDesign(
        name=name,
        hosts=tuple(d.name for d in live),
        roles={d.name: roles[d.name] for d in live},
        settings={d.name: _settings(d, roles[d.name], secrets) for d in live},
    )


def _settings(
    device: Device, roles: tuple[str, ...], secrets: Mapping[str, SecretName]
) -> Mapping[str, Mapping[str, Any]]:
    """What is written at the device goes before what its site says for it."""
    role = log_secrets.ROLE
    if role not in roles:
        return device.settings
    known = log_secrets.settings_of(device.name, secrets)
    return {**device.settings, role: {**known, **device.settings.get(role, {})}}


def _roles(device: Device, attachment: dict[str, Attachment], site: Site) -> tuple[str, ...]:
    used = tuple(role for service, role in BY_USE.items() if service in site.services)
    everywhere = (*EVERYWHERE, *used, OF_CERTIFICATES) if site.ssh_ca else (*EVERYWHERE, *used)
    if device.role is Role.MANAGEMENT:
        served = [s for s, service in site.services.items() if device.name in service.members]
        own = dict.fromkeys(role for service in served for role in BY_SERVICE.get(service, ()))
        witness = ("witness",) if device.name in site.witnesses else ()
        return (*everywhere, *own, *witness)
    if device.name in attachment:
        return (*everywhere, BY_ATTACHMENT[attachment[device.name]])
    return everywhere


class SwitchHosts(pulumi.ComponentResource):
    """What a change of the switches needs: management hosts with their registers, agents on the switches."""

    def __init__(self, compiled: Compiled, after: Sequence[pulumi.Resource]) -> None:
        super().__init__(
            "igoudar:stacks:SwitchHosts", compiled.site, None, pulumi.ResourceOptions(depends_on=list(after))
        )
        for group in compiled.design.servers.groups:
            if group.name in FIRST:
                opts = pulumi.ResourceOptions(parent=self, depends_on=list(after))
                resources.server_group(compiled, group, opts)
        self.register_outputs({})


class Servers(pulumi.ComponentResource):
    """A `ServerGroup` for each row."""

    def __init__(self, compiled: Compiled, after: Sequence[pulumi.Resource]) -> None:
        super().__init__(
            "igoudar:stacks:Servers", compiled.site, None, pulumi.ResourceOptions(depends_on=list(after))
        )
        for group in compiled.design.servers.groups:
            if group.name not in FIRST:
                opts = pulumi.ResourceOptions(parent=self, depends_on=list(after))
                resources.server_group(compiled, group, opts)
        self.register_outputs({})
