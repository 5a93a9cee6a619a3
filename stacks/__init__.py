"""What we want of a site, layer by layer. Later layers may read earlier designs, never the other way round.

    hall -> networks -> uplinks -> tenants -> servers

Each module has `describe`, pure, and the component that registers the layer's resources.
"""

from __future__ import annotations

from pathlib import Path

import pulumi

from igoudar import resources
from igoudar.compiler import Compiled
from igoudar.design import Design
from igoudar.model import Inventory
from igoudar.tree import find_root
from stacks import hall, networks, servers, tenants, uplinks

LAYERS = ("hall", "networks", "uplinks", "tenants", "servers")
TEXTS = "networks"  # the layer that brings texts, and the secrets in them, to switches
ROLES = "servers"  # the one that brings roles, and the secrets in their files, to hosts


def describe(inventory: Inventory) -> Design:
    """The whole design of a site."""
    rows = hall.describe(inventory)
    fabric = networks.describe(inventory)
    edge = uplinks.describe(inventory)
    vpcs = tenants.describe(inventory, fabric)
    return Design(inventory, rows, fabric, edge, vpcs, servers.describe(inventory, rows, vpcs))


def register(compiled: Compiled, layers: frozenset[str]) -> None:
    """Resources of the chosen layers: the world, what switches need, the switches, then all the rest."""
    before: list[pulumi.Resource] = [resources.world_of(compiled, find_root(Path.cwd()))]
    if "servers" in layers:
        before = [servers.SwitchHosts(compiled, before)]
    if "networks" in layers:
        before = [networks.Networks(compiled, before)]
    for layer, component in (
        ("hall", hall.Halls),
        ("uplinks", uplinks.Uplinks),
        ("tenants", tenants.Tenants),
        ("servers", servers.Servers),
    ):
        if layer in layers:
            component(compiled, before)
