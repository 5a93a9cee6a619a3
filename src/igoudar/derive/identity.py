"""What a switch is called on the wire: it follows from where the switch stands (`igoudar.numbering`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from igoudar.design import Plan
from igoudar.errors import Finding
from igoudar.intent import Loopback
from igoudar.model import Device, Role
from igoudar.numbering import loopback4, loopback6, switch_asn

LAST_PRIVATE_ASN = 4294967294  # RFC 6996


@dataclass(frozen=True, slots=True)
class Identity:
    """`low16` are the last two octets of the IPv4 loopback, for router ids of VRFs."""

    device: Device
    loopback: Loopback
    low16: str
    asn: int
    router_mac: str


def identities(plan: Plan, devices: Iterable[Device]) -> tuple[dict[str, Identity], list[Finding]]:
    """By switch; findings where coordinates do not fit the pools, or fit two switches at once."""
    found: dict[str, Identity] = {}
    findings: list[Finding] = []
    for device in devices:
        try:
            found[device.name] = _identity(plan, device)
        except ValueError as error:
            expected = "coordinates (building, hall, role, number) that the loopback and ASN schemes can hold"
            findings.append(Finding("no-number", device.where, str(error), expected))
    findings += _clashes(found)
    findings += _automatic(plan, found)
    return found, findings


def _identity(plan: Plan, device: Device) -> Identity:
    site, hall = plan.design.inventory.site, plan.design.inventory.halls[device.hall]
    ipv4, ipv6 = loopback4(site, hall, device), loopback6(site, hall, device)
    asn = switch_asn(site, hall, device)
    if asn > LAST_PRIVATE_ASN:
        raise ValueError(f"the ASN of {device.name} would be {asn}, above {LAST_PRIVATE_ASN}")
    octets = ipv4.words
    return Identity(
        device=device,
        loopback=Loopback(str(ipv4), str(ipv6)),
        low16=f"{octets[2]}.{octets[3]}",
        asn=asn,
        router_mac="02:00:" + ":".join(f"{octet:02x}" for octet in octets),
    )


def _clashes(found: dict[str, Identity]) -> Iterator[Finding]:
    """Spines of a pod share an ASN on purpose; anything else is given once."""
    first: dict[str | int, Identity] = {}
    for identity in found.values():
        device = identity.device
        facts: list[tuple[str, str | int]] = [("loopback", identity.loopback.ipv4)]
        if device.role is not Role.SPINE:
            facts.append(("ASN", identity.asn))
        for label, value in facts:
            other = first.setdefault(value, identity)
            if other is not identity:
                said = f"the {label} {value} follows from the coordinates of {other.device.name} too"
                yield Finding(
                    "number-twice", device.where, said, "its own building, hall and number", "renumber one"
                )


def _automatic(plan: Plan, found: dict[str, Identity]) -> Iterator[Finding]:
    """An explicit route target that equals a device's own automatic one (ASN mod 65536 : VNI) may be lost."""
    site = plan.design.inventory.site
    for identity in found.values():
        if identity.asn % 65536 == site.fabric_as:
            said = f"{identity.asn}, the ASN of {identity.device.name}, ends in fabric_as by 16 bits"
            expected = "a fabric_as that no switch makes route targets of by itself"
            yield Finding("fabric-as", site.where.at("fabric_as"), said, expected)
    if site.public_as % 65536 == site.fabric_as:
        said = "fabric_as and public_as make the same route targets"
        yield Finding("fabric-as", site.where.at("fabric_as"), said, "a private 2-byte AS of its own")
