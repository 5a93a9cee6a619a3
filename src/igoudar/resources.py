"""What the stacks register: one class for all our resources, and their properties from the compiled site.

Texts stand once, in the inputs, as plain strings: so the engine prints the changed lines itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pulumi

from igoudar.cabling.labels import end_text
from igoudar.cabling.numbers import LABEL
from igoudar.compiler import Compiled
from igoudar.design import Circuit, EdgeSession, Plan, ServerGroupDesign
from igoudar.facility.flows import drawn_and_given_off
from igoudar.facility.graph import Racks
from igoudar.group_inputs import server_group_inputs
from igoudar.hall.draw import weight_of
from igoudar.hall.levels import digits
from igoudar.host_waves import course
from igoudar.model import Attachment, CableStatus, Device, Face, Inventory, Vpc
from igoudar.quantities import DISTANCE, MASS, POWER, Kind, shown
from igoudar.waves import relieved, waves
from igoudar.world import world


class Record(pulumi.CustomResource):
    """A resource of the provider `igoudar`; `token` says which."""

    def __init__(
        self, token: str, name: str, props: Mapping[str, Any], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(token, name, dict(props), opts)


def store() -> str:
    """Where values of secrets are looked up when switches or hosts change: a reference, not a secret."""
    return pulumi.Config("igoudar").get("secrets") or ""


def world_of(compiled: Compiled, root: Path) -> Record:
    """What comes before everything else."""
    return Record("igoudar:site:World", compiled.site, {"world": world(compiled.site, root)})


def switches_inputs(compiled: Compiled, stack: str, secrets: str) -> dict[str, Any]:
    """One property a switch, `{path: text}`; `_apply` says how, and cannot be a switch's name.

    `secrets` names the store of values, never a value.
    """
    others = relieved(compiled.design)
    site, devices = compiled.design.inventory.site, compiled.design.inventory.devices
    marks = {
        name: {
            "serial": devices[name].serial,
            "nos": devices[name].nos,
            "status": "offline" if devices[name].left_alone else str(devices[name].status),
            "adopt": devices[name].adopt,
            "base": dict(compiled.base[name]),
            "peers": _peers(compiled, name),
            "relieved": name in others,
        }
        for name in compiled.switches
    }
    texts: dict[str, Any] = {name: dict(files) for name, files in compiled.switches.items()}
    texts["_apply"] = {
        "site": compiled.folder,
        "stack": stack,
        "secrets": secrets,
        "window": site.window_s,
        "restore": site.restore_s,
        "waves": waves(compiled.design, compiled.switches),
        "marks": marks,
    }
    return texts


def _peers(compiled: Compiled, name: str) -> dict[str, str]:
    """BGP neighbour in the fabric -> device at its other end."""
    fabric = compiled.intents[name].fabric
    return {n.key: n.remote_device for n in fabric.neighbors} if fabric else {}


def server_group(compiled: Compiled, group: ServerGroupDesign, opts: pulumi.ResourceOptions) -> Record:
    devices = compiled.design.inventory.devices
    hosts = {name: compiled.hosts[name] for name in group.hosts}
    serials = {name: devices[name].serial for name in group.hosts}
    over, cordoned = course(compiled.design, group.hosts), [n for n in group.hosts if devices[n].cordoned]
    props = server_group_inputs(
        compiled.folder, group.name, hosts, serials, store(), over=over, cordoned=cordoned
    )
    return Record("igoudar:server:ServerGroup", group.name, props, opts)


def rack_record(racks: Racks, rack: str, devices: Sequence[str]) -> dict[str, Any]:
    """Its feeds, what it draws and weighs of what it may, its heat, and what stands at which U and face."""
    inventory = racks.inventory
    found = inventory.racks[rack]
    standing = [inventory.devices[name] for name in devices]
    draws = [racks.draw_w(device) for device in standing]
    masses = [weight_of(inventory, device) for device in standing]
    return {
        "height": found.height,
        **({"unit": found.unit} if found.unit != "U" else {}),
        **({"first": found.first} if found.first != 1 else {}),
        **({"counts": "down"} if found.descending else {}),
        "feeds": dict(found.feeds),
        "power": _of(POWER, draws, found.power_w),
        **drawn_and_given_off(racks, rack, standing),
        "mass": _of(MASS, masses, found.load_kg),
        "units": {_place(device): _standing(inventory, device) for device in standing},
    }


def _of(kind: Kind, known: Sequence[float | None], limit: float | None) -> str:
    """`1.33 kW of 12.5 kW`; what nobody says is said."""
    total = shown(kind, sum(amount or 0 for amount in known))
    unknown = sum(amount is None for amount in known)
    more = f" and {unknown} unknown" if unknown else ""
    return f"{total}{more}" + (f" of {shown(kind, limit)}" if limit is not None else "")


def _place(device: Device) -> str:
    """Beside the U there may be several, and in a device at one."""
    face = " rear" if device.face is Face.REAR else ""  # two at one place are an error of check
    place = f"u{digits(device.u)}{face}"
    return f"{place} {device.bay}" if device.bay else place if device.u else f"u00 {device.name}"


def _standing(inventory: Inventory, device: Device) -> dict[str, Any]:
    """`height` where it is not one U, `bay` and `modules` where the device says them."""
    kind = inventory.types[device.type]
    return {
        "device": device.name,
        "type": kind.bare,
        "serial": device.serial,
        "status": str(device.status),
        **({"height": f"{kind.units:g} U"} if kind.units not in (0, 1) else {}),
        **({"bay": str(device.bay)} if device.bay else {}),
        **({"modules": dict(device.modules)} if device.modules else {}),
    }


def cabling_records(compiled: Compiled) -> dict[str, dict[str, Any]]:
    """Hall of the stack -> key of the cable -> what is pulled; label 0 where the site hands out none.

    A cable between two halls is of that of its first end.
    """
    inventory, labels = compiled.design.inventory, compiled.plan.numbers.get(LABEL, {})
    halls = {row.hall for row in compiled.design.hall.rows}
    pulls = compiled.design.hall.pulls.by_key
    found: dict[str, dict[str, Any]] = {}
    for key, cable in sorted((cable.key, cable) for cable in inventory.laid()):
        hall = inventory.devices[min(cable.a, cable.b).device].hall
        if hall not in halls or cable.status is CableStatus.PLANNED:
            continue
        pull = pulls.get(key)
        near, far = sorted((cable.a, cable.b))
        found.setdefault(hall, {})[key] = {
            "label": labels.get(key, 0),
            "ends": f"{end_text(inventory, near)}/{end_text(inventory, far)}",
            "article": pull.article if pull else "",
            "length": shown(DISTANCE, pull.length_m) if pull and pull.length_m is not None else "",
            "status": str(cable.status),
        }
    return found


def circuit_record(inventory: Inventory, circuit: Circuit) -> dict[str, Any]:
    wave = circuit.wave
    return {
        "system": wave.system,
        "station": wave.station,
        "duct": wave.duct,
        "border": str(wave.border),
        "far": str(wave.far),
        "classes": list(wave.classes),
        "riskGroups": list(circuit.risk_groups),
        "lengthKm": inventory.systems[wave.system].length_km,
        "drained": wave.drained,
    }


def session_record(edge: EdgeSession) -> dict[str, Any]:
    session = edge.session
    return {
        "wave": session.wave,
        "border": edge.border,
        "port": edge.port,
        "upstream": {"name": edge.upstream.name, "asn": edge.upstream.asn, "role": str(edge.upstream.role)},
        "ipv4": {"ours": str(session.ours4), "theirs": str(session.theirs4), "limit": session.max_prefixes4},
        "ipv6": {"ours": str(session.ours6), "theirs": str(session.theirs6), "limit": session.max_prefixes6},
        "localPref": session.local_pref,
    }


def vpc_record(plan: Plan, vpc: Vpc) -> dict[str, Any]:
    """A VPC with its numbers; a public subnet has those of the VRF `world`."""
    tenants = plan.design.tenants
    owner = f"{vpc.tenant}/{vpc.name}"
    record: dict[str, Any] = {"tenant": vpc.tenant, "subnets": {}}
    if owner in tenants.vrfs:
        record |= {"vrf": tenants.vrfs[owner], "l3vni": plan.number("l3vni", f"vrf:{owner}")}
    for placed in tenants.subnets:
        if placed.vpc is not vpc:
            continue
        subnet = placed.subnet
        bridged = subnet.attachment is Attachment.ACCESS
        record["subnets"][subnet.name] = {
            "vrf": placed.vrf,
            "ipv4": str(subnet.ipv4 or ""),
            "ipv6": str(subnet.ipv6 or ""),
            "attachment": str(subnet.attachment),
            **({"l2vni": plan.number("l2vni", placed.owner)} if bridged else {}),
            "leaves": list(placed.leaves),
            "servers": {s: plan.number("host", f"{placed.owner}/{s}") for s in subnet.servers},
        }
    return record
