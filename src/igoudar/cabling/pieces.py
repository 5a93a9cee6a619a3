"""What the pieces of a link through panels are: one medium from end to end, a cord or cable for each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice, product

from igoudar.cabling.chain import misfit, steps_of
from igoudar.cabling.fit import Choice, Ends, Misfit, Wish, join, long_enough
from igoudar.cabling.goods import Cord, Goods, Link, Medium, PortKind
from igoudar.cabling.laid import Pull
from igoudar.cabling.route import Route
from igoudar.model import Cable
from igoudar.quantities import DISTANCE, LOSS, shown

Connectors = tuple[str, str]
NEAREST = ("over-reach", "over-budget", "longer-than-stock", "too-short", "wrong-gender", "wrong-polarity")
"""What is said of a medium that all but joins its ends, rather than of one that does not."""
MOST = 4096  # ways to choose cords for one link that are looked at


@dataclass(frozen=True, slots=True)
class Piece:
    """`ends`: NetBox's type of the panel's port at each end, empty at a device. `need_m` is its way.

    `mated`: pairs of connectors that it brings to its link.
    """

    cable: Cable
    ends: tuple[str, str]
    route: Route | None
    need_m: float
    mated: int


@dataclass(slots=True)
class Pieces:
    """Pulls of the pieces of all links; a trunk that several links share is chosen once."""

    goods: Goods
    pulls: dict[str, Pull] = field(default_factory=dict)

    def link(self, link: Cable, ports: tuple[PortKind, PortKind], pieces: Sequence[Piece]) -> Pull | Misfit:
        """The link's own pull: its medium, the length and the loss of all pieces."""
        joined = join(*ports, self.goods)
        if isinstance(joined, Misfit):
            return joined
        if joined.adapters:
            return Misfit(
                "rate-mismatch", "an adapter does not reach through panels", "two ports of one rate"
            )
        if link.medium and link.medium not in self.goods.media:
            known = ", ".join(sorted(self.goods.media))
            return Misfit("unknown-medium", f"there is no medium {link.medium!r}", f"one of {known}")
        media = [self.goods.media[link.medium]] if link.medium else [*self.goods.media.values()]
        wrong: Misfit | None = None
        for medium in media:
            found = self._with(link, (joined, medium), pieces)
            if not isinstance(found, Misfit):
                pull, own = found
                self.pulls.update(own)
                return pull
            if wrong is None or found.code in NEAREST:
                wrong = found
        return wrong or Misfit("no-medium", "no medium joins its ends", "one in inventory/data/cabling.yaml")

    def _with(
        self, link: Cable, how: tuple[Ends, Medium], pieces: Sequence[Piece]
    ) -> tuple[Pull, dict[str, Pull]] | Misfit:
        ends, medium = how
        made = medium.links.get(ends.host.rate)
        if made is None:
            return Misfit("wrong-rate", f"{medium.name} has no {ends.host.rate:g} Gbit/s", "another medium")
        cords = self._cords_of(link, made, pieces)
        if isinstance(cords, Misfit):
            return cords
        total, loss, own = 0.0, 0.0, dict[str, Pull]()
        for piece, cord in zip(pieces, cords, strict=True):
            known = self.pulls.get(piece.cable.key)
            found = known or self._piece(piece, Choice(medium, ends, made, made, cord))
            if isinstance(found, Misfit):
                return found
            own[piece.cable.key] = found
            total += found.length_m or 0.0
            loss += found.loss_db or 0.0
        if total > made.reach_m:
            said = f"{shown(DISTANCE, total)} of {medium.name} in {len(pieces)} pieces are beyond its reach"
            expected, unit = f"at most {shown(DISTANCE, made.reach_m)}", DISTANCE.base
            return Misfit("over-reach", said, expected, amount=round(total, 3), unit=unit)
        if made.plug is None:
            return Pull(link, None, Choice(medium, ends, made, made, None), total, modules_only=True), own
        loss = round(loss, 4)
        if made.budget_db is not None and loss > made.budget_db:
            said = f"{shown(DISTANCE, total)} in {len(pieces)} pieces and {link.mated} mated pairs lose"
            expected = f"at most {shown(LOSS, made.budget_db)}, what {made.module} bears"
            said = f"{said} {shown(LOSS, loss)}"
            return Misfit("over-budget", said, expected, amount=loss, unit=LOSS.base)
        return Pull(link, None, Choice(medium, ends, made, made, None), total, loss, modules_only=True), own

    def _cords_of(self, link: Cable, made: Link, pieces: Sequence[Piece]) -> tuple[Cord | None, ...] | Misfit:
        """A cord for each piece of optics: of those that fit each, the first that are a link together."""
        if made.plug is None:
            return (None,) * len(pieces)
        fitting: list[list[Cord]] = []
        for piece in pieces:
            known = self.pulls.get(piece.cable.key)
            own = known.choice.cord if known and known.choice else None
            wanted = self._connectors(piece, made.plug.connector)
            fits = self._cords(made, wanted, piece.cable.cord)
            fitting.append([cord for cord in fits if own in (None, cord)])
            if not fitting[-1]:
                said = f"no cord of {made.plug.fibre} joins {wanted[0]} to {wanted[1]}"
                name = piece.cable.cord or (own.name if own else "")
                said = f"{said} by {name}" if name else f"{piece.cable.key}: {said}"
                return Misfit("no-cord", said, "one in inventory/data/cabling.yaml")
        steps = steps_of(link.a, [(piece.cable, piece.ends) for piece in pieces])
        wrong: Misfit | None = None
        for cords in islice(product(*fitting), MOST):
            found = misfit(steps, cords, made, self.goods)
            if found is None:
                return cords
            wrong = wrong or found
        assert wrong is not None
        return wrong

    def _connectors(self, piece: Piece, module: str) -> Connectors:
        panels = self.goods.panels
        near, far = ((panels[port].connector if port in panels else port) or module for port in piece.ends)
        return near, far

    def _piece(self, piece: Piece, choice: Choice) -> Pull | Misfit:
        medium, stock = choice.medium, choice.stock_m
        if choice.cord is None:
            ends = [end for end in self._connectors(piece, "") if end]
            strange = [c for c in ends if c not in medium.connectors]
            if strange or not medium.connectors or choice.ends.host.connector not in medium.connectors:
                what = strange[0] if strange else "panels"
                return Misfit("wrong-connector", f"{medium.name} does not go into {what}", "another medium")
        length = long_enough(stock, choice.article, piece.need_m, Wish(length_m=piece.cable.length_m))
        if isinstance(length, Misfit):
            return replace(length, said=f"{piece.cable.key}: {length.said}")
        loss = choice.loss_db(length, piece.mated, self.goods)
        return Pull(piece.cable, piece.route, choice, length, loss, cord_only=True)

    def _cords(self, link: Link, wanted: Connectors, name: str) -> Iterator[Cord]:
        """Of the fibre of the link, with the polish that its modules want where they are plugged in."""
        assert link.plug is not None
        for cord in self.goods.cords.values():
            ends = sorted((cord.near.connector, cord.far.connector))
            named = (not name or cord.name == name) and cord.tails == 1
            alike = (cord.near.fibre, cord.near.polish) == (link.plug.fibre, link.plug.polish)
            if named and alike and ends == sorted(wanted):
                yield cord
