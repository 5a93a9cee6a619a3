"""The cables of a hall counted: from which rack or row to which, what they are, how long, how near limits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from igoudar.cabling.laid import Pull
from igoudar.cabling.pulls import pulls_of
from igoudar.derive.ports import natural
from igoudar.drawing.use import NEAR, ROUNDING, amount, racks_of
from igoudar.model import Cable, CableStatus, Inventory
from igoudar.quantities import DISTANCE

MOST_RACKS = 24  # more are drawn by row
UNSTATED = "medium not stated"


@dataclass(slots=True)
class Bundle:
    """Cables between two ends, or inside one; `cords` for power are not among them.

    `articles`: as they are bought, or the medium where no article is known. `near`: how many come close to
    their reach or to the loss that their modules bear.
    """

    media: Counter[str] = field(default_factory=Counter)
    articles: Counter[str] = field(default_factory=Counter)
    statuses: Counter[CableStatus] = field(default_factory=Counter)
    lengths_m: list[float] = field(default_factory=list)
    near: int = 0
    cords: int = 0

    def add(self, cable: Cable, pull: Pull | None, *, near: bool) -> None:
        choice = pull.choice if pull else None
        medium = (choice.medium.name if choice else cable.medium) or UNSTATED
        self.media[medium] += 1
        self.articles[(pull.article if pull else "") or medium] += 1
        self.statuses[cable.status] += 1
        if pull and pull.length_m is not None:
            self.lengths_m.append(pull.length_m)
        self.near += near

    @property
    def total(self) -> int:
        return self.media.total()

    def told(self, *, of_one_kind: bool) -> str:
        """What they are, unless all of the sheet are of one kind; how long; what is not connected."""
        kinds = sorted(self.articles.items())
        parts = [] if of_one_kind else [f"{many} {article}" for article, many in kinds]
        statuses = sorted(self.statuses.items())
        parts += [f"{many} {status}" for status, many in statuses if status is not CableStatus.CONNECTED]
        parts += [_span(self.lengths_m)] if self.lengths_m else []
        parts += [f"{self.near} near the limit"] if self.near else []
        return ", ".join(parts)


def _span(lengths_m: Sequence[float]) -> str:
    least, most = min(lengths_m), max(lengths_m)
    return amount(DISTANCE, most) if least == most else f"{least:g} to {amount(DISTANCE, most)}"


@dataclass(frozen=True, slots=True)
class Matrix:
    """`ends` in their order on the sheet; bundles by two of them, the later one first. `what`: rack or row.

    `own`: the ends that are of the hall itself.
    """

    what: str
    own: frozenset[str]
    ends: Sequence[str]
    bundles: Mapping[tuple[str, str], Bundle]

    @property
    def of_one_kind(self) -> bool:
        return len({article for bundle in self.bundles.values() for article in bundle.articles}) <= 1


def matrix_of(inventory: Inventory, hall: str) -> Matrix:
    """Of all that is pulled; a link through panels counts as its pieces."""
    racks = racks_of(inventory, hall)
    by_rack = len(racks) <= MOST_RACKS
    of_rack = {rack.name: rack.name if by_rack else f"row {rack.row}" for rack in racks}
    ends = list(dict.fromkeys(of_rack.values()))
    own = frozenset(ends)
    pulls = pulls_of(inventory).by_key
    near = {*_near(inventory, pulls)}

    def end_of(device: str) -> str:
        box = inventory.devices[device]
        return of_rack.get(box.rack) or f"hall {box.hall}"

    pairs: dict[frozenset[str], Bundle] = {}
    for cable in inventory.laid():
        joined = frozenset((end_of(cable.a.device), end_of(cable.b.device)))
        if not joined & own:
            continue
        bundle = pairs.setdefault(joined, Bundle())
        if cable.key in inventory.cords:
            bundle.cords += 1
        else:
            bundle.add(cable, pulls.get(cable.key), near=cable.key in near)
    ends += sorted({end for pair in pairs for end in pair} - set(ends), key=natural)
    order = {end: at for at, end in enumerate(ends)}
    bundles = {}
    for pair, bundle in pairs.items():
        later, earlier = max(pair, key=order.__getitem__), min(pair, key=order.__getitem__)
        bundles[later, earlier] = bundle
    return Matrix("rack" if by_rack else "row", own, ends, bundles)


def _near(inventory: Inventory, pulls: Mapping[str, Pull]) -> Iterator[str]:
    """Keys of cables above the share of their reach or budget that stands out; of a link, all its pieces."""
    for key, cable in inventory.cables.items():
        if (pull := pulls.get(key)) is not None and _share(pull) > NEAR + ROUNDING:
            yield from cable.via or (key,)


def _share(pull: Pull) -> float:
    choice = pull.choice
    if choice is None:
        return 0.0
    length = (pull.length_m or 0.0) / choice.reach_m
    loss = pull.loss_db / choice.budget_db if pull.loss_db and choice.budget_db else 0.0
    return max(length, loss)
