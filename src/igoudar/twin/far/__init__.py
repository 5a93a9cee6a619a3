"""Routers at the far ends of submarine cables: other networks, which a twin brings and no stack configures.

Each announces its prefixes and, to who buys transit of it, a default route. It takes whatever our border
sends, so that what must not be announced would be seen. Far routers of different networks are joined to each
other, as the rest of the world joins them: with one cable cut everything is reached by the other. One that
has no session with us yet has the length of its cables, and no BGP: who it is, is not known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined
from netaddr import IPAddress, IPNetwork

from igoudar.model import Inventory, SessionRole, Wave

US_PER_KM = 4.9  # one way in fibre: a refractive index of 1.468
OUR_ROLE = {SessionRole.TRANSIT: "provider", SessionRole.PEER: "peer", SessionRole.CUSTOMER: "customer"}
FIRST_TABLE = 100
ENABLE = ("far-router.service", "frr.service")


@dataclass(frozen=True, slots=True)
class Cable:
    """One port with a wave. `addresses` with prefix length; `delay_us` one way; `ifb` holds what arrives.

    `borders` are our ends; `table` is the kernel's table whose default route leads there.
    """

    port: str
    ifb: str
    addresses: tuple[str, ...]
    borders: tuple[IPAddress, ...]
    table: int
    length_km: float
    delay_us: int
    mtu: int


@dataclass(frozen=True, slots=True)
class Peer:
    """Our border, seen from there; one session a family."""

    version: int
    address: str
    asn: int
    description: str
    password: str
    local_role: str
    default_route: bool


@dataclass(frozen=True, slots=True)
class Far:
    """`exchange`: ports to other far routers. `loopbacks`: one in each announced prefix, with length.

    Without `peers` there is no `asn` and no `router_id`.
    """

    name: str
    asn: int
    router_id: str
    announces: tuple[IPNetwork, ...]
    loopbacks: tuple[str, ...]
    cables: tuple[Cable, ...]
    peers: tuple[Peer, ...]
    exchange: tuple[str, ...]


def host_in(prefix: IPNetwork) -> str:
    """The address that answers pings in an announced prefix: the first after the network's own."""
    return str(prefix[1 if prefix.size > 1 else 0])


def far_router(inventory: Inventory, name: str, exchange: Sequence[str], passwords: Mapping[str, str]) -> Far:
    """The router `name` of the inventory. `passwords`: name in secrets.yaml -> value. Raises KeyError."""
    waves = [w for w in inventory.waves.values() if w.far.device == name]
    sessions = [(w, s) for w in waves for s in inventory.sessions.values() if s.wave == w.name]
    upstreams = [inventory.upstreams[s.upstream] for _, s in sessions]
    announces = tuple(dict.fromkeys(prefix for u in upstreams for prefix in u.announces))
    peers = []
    for _, session in sessions:
        role = inventory.upstreams[session.upstream].role
        for version, ours in ((4, session.ours4), (6, session.ours6)):
            peers.append(
                Peer(
                    version=version,
                    address=str(ours.ip),
                    asn=inventory.site.public_as,
                    description=session.name,
                    password=passwords[session.password],
                    local_role=OUR_ROLE[role],
                    default_route=role is SessionRole.TRANSIT,
                )
            )
    return Far(
        name=name,
        asn=upstreams[0].asn if upstreams else 0,
        router_id=str(sessions[0][1].theirs4) if sessions else "",
        announces=announces,
        loopbacks=tuple(f"{host_in(p)}/{32 if p.version == 4 else 128}" for p in announces),
        cables=tuple(_cable(inventory, number, wave) for number, wave in enumerate(waves)),
        peers=tuple(peers),
        exchange=tuple(exchange),
    )


def _cable(inventory: Inventory, number: int, wave: Wave) -> Cable:
    length = inventory.systems[wave.system].length_km
    sessions = [s for s in inventory.sessions.values() if s.wave == wave.name]
    addresses = [
        f"{theirs}/{ours.prefixlen}"
        for s in sessions
        for theirs, ours in ((s.theirs4, s.ours4), (s.theirs6, s.ours6))
    ]
    return Cable(
        port=wave.far.port,
        ifb=f"arrive{number}",
        addresses=tuple(addresses),
        borders=tuple(ours.ip for s in sessions for ours in (s.ours4, s.ours6)),
        table=FIRST_TABLE + number,
        length_km=length,
        delay_us=round(length * US_PER_KM),
        mtu=inventory.site.fabric_mtu,
    )


def files(far: Far) -> tuple[tuple[str, str], ...]:
    """Path -> text, what the router has on its first boot."""
    environment = Environment(
        loader=PackageLoader("igoudar.twin.far", "."),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    folder = resources.files("igoudar.twin.far")
    return (
        ("/etc/frr/frr.conf", environment.get_template("frr.conf.j2").render(far=far)),
        ("/etc/frr/daemons", folder.joinpath("daemons").read_text("utf-8")),
        ("/etc/igoudar/router.sh", environment.get_template("router.sh.j2").render(far=far)),
        (
            "/usr/lib/systemd/system/far-router.service",
            folder.joinpath("far-router.service").read_text("utf-8"),
        ),
    )
