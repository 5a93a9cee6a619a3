"""Histories of a site for `test_ledger_histories`: people add, remove, rename, reorder and merge branches.

A `World` is one branch: what people wrote (VPCs with subnets with servers, each known by an identity that no
rename changes), the ledger that `plan` left, and which numbers were released when. All pools are small, so
that owners meet. `World.plan` does what `igoudar plan` does and checks what must hold after it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

from netaddr import IPNetwork

from igoudar.allocate import allocation_of, requests
from igoudar.design import PlacedSubnet
from igoudar.errors import Where
from igoudar.ledger import (
    REST,
    Ledger,
    clashes,
    dump_ledger,
    parse_ledger,
    renamed,
    updated,
    without_clashes,
)
from igoudar.model import Attachment, Subnet, Vpc

AT = Where("made.yaml", 1)
NETWORK = IPNetwork("172.16.0.0/29")
POOLS = SimpleNamespace(l2vni=(1, 9), l3vni=(1, 6), vlan=(1, 14), index=(1, 14))
WORDS = ("a", "b", "c", "d", "e")
Number = tuple[str, str]  # kind, identity of its owner


@dataclass(slots=True)
class Thing:
    """A VPC, a subnet or a server as people wrote it."""

    identity: str
    name: str
    was: str = ""
    planned: str = ""
    renamed: bool = False
    routed: bool = False
    inside: dict[str, Thing] = field(default_factory=dict)

    def named(self, name: str) -> bool:
        return any(t.name == name for t in self.inside.values())


@dataclass(slots=True)
class World:
    """`released`: kind, identity of the scope and number -> when, of every number that rests.

    `gone`: names (in a parent) of what was removed since the last plan; who has one again is the same.
    """

    today: date = date(2026, 1, 1)
    top: Thing = field(default_factory=lambda: Thing("site", "site"))
    ledger: Ledger = field(default_factory=Ledger)
    numbers: dict[Number, int] = field(default_factory=dict)
    released: dict[tuple[str, str, int], date] = field(default_factory=dict)
    gone: set[tuple[str, str]] = field(default_factory=set)
    branch: bool = False

    def copy(self) -> World:
        return deepcopy(self)

    def fork(self) -> World:
        made = self.copy()
        made.branch = True
        return made

    def subnets(self) -> Iterator[tuple[Thing, Thing]]:
        for vpc in self.top.inside.values():
            for subnet in vpc.inside.values():
                yield vpc, subnet

    def things(self) -> Iterator[Thing]:
        for vpc in self.top.inside.values():
            yield vpc
            for subnet in vpc.inside.values():
                yield subnet
                yield from subnet.inside.values()

    def fit(self) -> bool:
        """What `load` sees to: a server stands once in the site, and `was` names what is gone, once."""
        groups = [list(t.inside.values()) for t in (self.top, *self.things())]
        groups.append([t for _, s in self.subnets() for t in s.inside.values()])
        for group in groups:
            names, was = [t.name for t in group], [t.was for t in group if t.was]
            if len({*names, *was}) < len(names) + len(was):
                return False
        return True

    def design(self) -> Any:
        """As much of a design as `requests` looks at."""
        vpcs: dict[str, Vpc] = {}
        devices: dict[str, Any] = {}
        placed: list[PlacedSubnet] = []
        for vpc in self.top.inside.values():
            made = Vpc("t", vpc.name, (), AT, vpc.was)
            vpcs[vpc.name] = made
            for thing in vpc.inside.values():
                kind = Attachment.ROUTED if thing.routed else Attachment.ACCESS
                servers = tuple(s.name for s in thing.inside.values())
                subnet = Subnet(thing.name, NETWORK, None, kind, False, servers, AT, thing.was)
                placed.append(PlacedSubnet(subnet, made, vpc.name, ()))
                devices |= {s.name: SimpleNamespace(was=s.was) for s in thing.inside.values()}
        site = SimpleNamespace(pools=POOLS, where=AT)
        inventory = SimpleNamespace(site=site, vpcs=vpcs, devices=devices, cabling=None)
        return SimpleNamespace(
            inventory=inventory,
            tenants=SimpleNamespace(vrfs={f"t/{name}": name for name in vpcs}, subnets=tuple(placed)),
        )

    def owners(self) -> dict[Number, str]:
        """Every number that is wanted, and its owner's name today."""
        out: dict[Number, str] = {}
        for vpc in self.top.inside.values():
            out |= {(kind, vpc.identity): f"vrf:t/{vpc.name}" for kind in ("l3vni", "index", "vlan")}
        for vpc, subnet in self.subnets():
            name = f"t/{vpc.name}/{subnet.name}"
            if not subnet.routed:
                out |= {(kind, subnet.identity): name for kind in ("l2vni", "index", "vlan")}
            out |= {("host", s.identity): f"{name}/{s.name}" for s in subnet.inside.values()}
        return out

    def scope(self, number: Number) -> str:
        """The identity that the number is unique in."""
        if number[0] != "host":
            return ""
        return next(
            s.identity for _, s in self.subnets() if any(t.identity == number[1] for t in s.inside.values())
        )

    def plan(self, dice: random.Random, base: World | None = None) -> bool:
        """False, and nothing written, where a pool has no number left."""
        if not self.fit():
            return False
        design = self.design()
        wanted = list(requests(design))
        before = renamed(self.ledger, wanted)
        if clashes(before, wanted):
            assert base is not None, "only a merge makes clashes"
            before = without_clashes(before, base.ledger, wanted)
            assert clashes(before, wanted) == [], "branches that planned cannot both have applied one number"
        allocation = allocation_of(design, before, self.today)
        if allocation.findings:
            return False
        shuffled = self._shuffled(dice)
        assert allocation_of(shuffled.design(), before, self.today).numbers == allocation.numbers
        self.ledger = updated(allocation, self.today)
        assert parse_ledger(dump_ledger(self.ledger), "ledger.yaml") == self.ledger
        assert clashes(self.ledger) == []
        self._settle(base)
        return True

    def _shuffled(self, dice: random.Random) -> World:
        other = replace(self)
        vpcs = list(self.top.inside.values())
        dice.shuffle(vpcs)
        other.top = Thing("site", "site", inside={v.identity: v for v in vpcs})
        return other

    def _settle(self, base: World | None) -> None:
        """Compare with what was known of every number, then take it as known."""
        now = {number: self.ledger.numbers[number[0]][owner] for number, owner in self.owners().items()}
        scopes = {number: self.scope(number) for number in now}
        applied = base.numbers if base else self.numbers
        for number, value in now.items():
            if number in applied:
                assert value == applied[number], f"{number} was renumbered from {applied[number]} to {value}"
            elif number not in self.numbers or self.numbers[number] != value:  # given today
                rested = self.released.get((number[0], scopes[number], value))
                assert rested is None or self.today - rested >= REST, f"{number} got {value}, which rests"
        held = [(number[0], scopes[number], value) for number, value in now.items()]
        assert len(held) == len(set(held)), "a number is held twice"
        self.numbers = now
        for thing in self.things():
            thing.planned = thing.name
        self.gone = set()


def release(world: World, gone: Thing) -> None:
    """Remember what the numbers of `gone`, and of all inside it, were."""
    identities = {gone.identity} | {t.identity for t in gone.inside.values()}
    identities |= {t.identity for inner in gone.inside.values() for t in inner.inside.values()}
    for number, value in world.numbers.items():
        if number[1] in identities:
            scope = world.scope(number)
            world.released[number[0], scope, value] = world.today


def add(world: World, dice: random.Random, identity: str) -> None:
    """A server where there is room, else a subnet, else a VPC."""
    parents = [world.top, *world.top.inside.values(), *(s for _, s in world.subnets() for _ in range(2))]
    parent = dice.choice(parents)
    taken = {t.name for _, s in world.subnets() for t in s.inside.values()}
    in_subnet = any(s is parent for _, s in world.subnets())
    words = [f"srv-{w}" for w in WORDS if f"srv-{w}" not in taken] if in_subnet else list(WORDS[:4])
    free = [w for w in words if not parent.named(w) and (parent.identity, w) not in world.gone]
    if free:
        routed = parent in world.top.inside.values() and dice.random() < 0.3
        parent.inside[identity] = Thing(identity, dice.choice(free), routed=routed)


def remove(world: World, dice: random.Random, identity: str) -> None:
    parent, thing = _any(world, dice)
    if parent is not None and thing is not None:
        release(world, thing)
        world.gone.add((parent.identity, thing.name))
        del parent.inside[thing.identity]


def rename(world: World, dice: random.Random, identity: str) -> None:
    """With `was`, the name that the last plan knew; an older `was` is overwritten, as it is in a file.

    Once a branch: `was` holds one name, and what the other branch puts into it has the name before the first.
    """
    parent, thing = _any(world, dice)
    if parent is None or thing is None or (world.branch and thing.renamed):
        return
    taken = {t.name for _, s in world.subnets() for t in s.inside.values()}
    server = thing.name.startswith("srv-")
    words = [f"srv-{w}" for w in WORDS if f"srv-{w}" not in taken] if server else list(WORDS)
    free = [w for w in words if not parent.named(w)]
    if free:
        thing.name, thing.renamed = dice.choice(free), world.branch
        if thing.planned:
            thing.was = "" if thing.planned == thing.name else thing.planned


def tidy(world: World, dice: random.Random, identity: str) -> None:
    """Somebody takes a `was` out: after the plan that used it, and after its branch was merged."""
    _, thing = _any(world, dice)
    if thing is not None and thing.planned == thing.name and not thing.renamed:
        thing.was = ""


def reorder(world: World, dice: random.Random, identity: str) -> None:
    parent = dice.choice([world.top, *world.top.inside.values()])
    items = list(parent.inside.items())
    dice.shuffle(items)
    parent.inside = dict(items)


def wait(world: World, dice: random.Random, identity: str) -> None:
    world.today += timedelta(days=dice.choice((1, 10, 29, 30, 45)))


def _any(world: World, dice: random.Random) -> tuple[Thing | None, Thing | None]:
    pairs = [(world.top, v) for v in world.top.inside.values()]
    pairs += [(v, s) for v, s in world.subnets()]
    pairs += [(s, t) for _, s in world.subnets() for t in s.inside.values()]
    return dice.choice(pairs) if pairs else (None, None)


STEPS: tuple[Callable[[World, random.Random, str], None], ...] = (
    add, add, add, add, remove, rename, rename, tidy, reorder, wait,
)  # fmt: skip


def work(world: World, dice: random.Random, prefix: str, steps: int) -> World:
    """Some steps, each with its plan; a step for which no number is left is taken back."""
    for n in range(steps):
        before = world.copy()
        for k in range(dice.choice((1, 1, 2))):
            dice.choice(STEPS)(world, dice, f"{prefix}{n}.{k}")
        if not world.plan(dice):
            world = before
    return world


def merged(base: World, ours: World, theirs: World) -> World | None:
    """The merge of git: entry by entry, in what people wrote and in the ledger. None where git would not."""
    top = _merge_thing(base.top, ours.top, theirs.top)
    if top is None:
        return None
    out = World(max(ours.today, theirs.today), top)
    numbers = {}
    kinds = {*ours.ledger.numbers, *theirs.ledger.numbers}
    for kind in kinds:
        three = [w.ledger.numbers.get(kind, {}) for w in (base, ours, theirs)]
        if (rows := _merge(*three)) is None:
            return None
        numbers[kind] = rows
    resting = {}
    for kind in {*ours.ledger.resting, *theirs.ledger.resting}:
        days = [w.ledger.resting.get(kind, {}) for w in (base, ours, theirs)]
        if (slots := _merge(*days)) is None:
            return None
        resting[kind] = slots
    out.ledger = Ledger(numbers, {k: v for k, v in resting.items() if v})
    out.numbers = theirs.numbers | ours.numbers
    for branch in (ours, theirs):
        for slot, day in branch.released.items():
            out.released[slot] = max(day, out.released.get(slot, day))
    return out


def _merge(
    base: Mapping[str, Any], ours: Mapping[str, Any], theirs: Mapping[str, Any]
) -> dict[str, Any] | None:
    out: dict[str, Any] = {}
    for key in {*ours, *theirs}:
        a, b, c = base.get(key), ours.get(key), theirs.get(key)
        if _differ(a, b, c):
            return None
        if (value := c if b == a else b) is not None:
            out[key] = value
    return out


def _merge_thing(base: Thing | None, ours: Thing | None, theirs: Thing | None) -> Thing | None:
    """By identity, as the lines of a file; None where two people changed one thing, or used one name."""
    if ours is None or theirs is None:
        return None
    facts = [None if t is None else (t.name, t.was) for t in (base, ours, theirs)]
    if _differ(*facts):
        return None
    kept = theirs if facts[1] == facts[0] else ours
    out = Thing(ours.identity, kept.name, kept.was, kept.planned, routed=ours.routed)
    old = base.inside if base else {}
    for key in sorted({*ours.inside, *theirs.inside}):
        a, b, c = old.get(key), ours.inside.get(key), theirs.inside.get(key)
        if a is not None and (b is None or c is None):
            if (b or c) != a:
                return None  # removed here, changed there
            continue
        both = (b or c) if a is None else _merge_thing(a, b, c)
        if both is None:
            return None
        out.inside[key] = deepcopy(both)
    return out


def _differ(base: Any, ours: Any, theirs: Any) -> bool:
    """Both sides changed it, and not to the same."""
    return base not in (ours, theirs) and ours != theirs
