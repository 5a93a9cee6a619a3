"""By which secrets log servers and the hosts that send to them know each other. Pure.

Each value is a whole file in PEM. A site that keeps logs has these names at version 1 without a line for
each of its hosts; secrets.yaml says a later one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from igoudar.model import HOST_ROLES, SWITCH_ROLES, Device, SecretName
from igoudar.site import Site

ROLE = SERVICE = "logs"
AUTHORITY = "authority-logs"  # its certificate; beside it, while it is rolled, that of the next


def identity_of(host: str) -> str:
    """Its certificate and the key of it."""
    return f"logs-{host}"


def implied(site: Site, devices: Iterable[Device]) -> dict[str, SecretName]:
    """What a site has by keeping logs, none where it keeps none."""
    service = site.services.get(SERVICE)
    if service is None:
        return {}
    hosts = [device.name for device in devices if device.role in SWITCH_ROLES | HOST_ROLES]
    return {n: SecretName(n, 1, service.where) for n in (AUTHORITY, *map(identity_of, hosts))}


def settings_of(host: str, secrets: Mapping[str, SecretName]) -> dict[str, str]:
    """What the site says for a host that sends logs; nothing where it has no log servers."""
    named = {"authority": AUTHORITY, "identity": identity_of(host)}
    return {key: secrets[name].mark for key, name in named.items() if name in secrets}
