"""Sessions with routed servers: exactly their own addresses in, a default route out."""

from __future__ import annotations

from igoudar.derive.fabric import BFD
from igoudar.derive.policies import DEFAULT, DEFAULT_LISTS, host_list
from igoudar.design import Plan
from igoudar.intent import Family, FamilyPolicy, Neighbor, Policies, Port, PortUse, PrefixList
from igoudar.numbering import server_asn

# Room for a mistake to be seen in the log before the session ends; a server has one prefix a family.
MAX_PREFIXES, WARN_PERCENT, RESTART_MINUTES = 8, 50, 5


def list_name(server: str) -> str:
    return f"SERVER-{server}"


def sessions(plan: Plan, ports: tuple[Port, ...], vrf: str) -> tuple[Neighbor, ...]:
    """One unnumbered session for each routed port of the VRF."""
    return tuple(_session(plan, port) for port in ports if port.use is PortUse.ROUTED and port.vrf == vrf)


def _session(plan: Plan, port: Port) -> Neighbor:
    inventory = plan.design.inventory
    server = inventory.devices[port.remote_device]
    return Neighbor(
        key=port.name,
        unnumbered=True,
        remote_asn=server_asn(inventory.site, inventory.halls[server.hall], server),
        remote_device=port.remote_device,
        remote_port=port.remote_port,
        description=port.description,
        families=tuple(
            FamilyPolicy(
                family=family_of(host),
                prefix_list_in=list_name(port.remote_device),
                prefix_list_out=DEFAULT,
                max_prefixes=MAX_PREFIXES,
                warn_percent=WARN_PERCENT,
                restart_minutes=RESTART_MINUTES,
                default_originate=True,
            )
            for host in port.hosts
        ),
        bfd=BFD,
    )


def family_of(address: str) -> Family:
    return Family.IPV6 if ":" in address else Family.IPV4


def policies(ports: tuple[Port, ...]) -> Policies:
    """A list a server and family, and the default route; nothing on a switch without routed servers."""
    lists: dict[tuple[str, Family], PrefixList] = {}
    for port in ports:
        if port.use is PortUse.ROUTED:
            for host in port.hosts:
                made = host_list(list_name(port.remote_device), family_of(host), host)
                lists[made.name, made.family] = made
    return Policies(prefix_lists=(*lists.values(), *DEFAULT_LISTS)) if lists else Policies()
