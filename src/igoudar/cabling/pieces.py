"""What the pieces of a link through panels are: one medium from end to end, a cord or cable for each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from igoudar.cabling.fit import Choice, Ends, Misfit, Wish, join, long_enough
from igoudar.cabling.goods import Cord, Goods, Link, Medium, PortKind
from igoudar.cabling.laid import Pull
from igoudar.cabling.route import Route
from igoudar.model import Cable
from igoudar.quantities import DISTANCE, LOSS, shown

Connectors = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Piece:
    """`ends`: connector of the panel at each end, empty at a device. `need_m` is its way.

    `mated`: pairs of connectors that it brings to its link.
    """

    cable: Cable
    ends: Connectors
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
            if wrong is None or found.code in ("over-reach", "over-budget", "longer-than-stock", "too-short"):
                wrong = found
        return wrong or Misfit("no-medium", "no medium joins its ends", "one in inventory/data/cabling.yaml")

    def _with(
        self, link: Cable, how: tuple[Ends, Medium], pieces: Sequence[Piece]
    ) -> tuple[Pull, dict[str, Pull]] | Misfit:
        ends, medium = how
        made = medium.links.get(ends.host.rate)
        if made is None:
            return Misfit("wrong-rate", f"{medium.name} has no {ends.host.rate:g} Gbit/s", "another medium")
        total, loss, own = 0.0, 0.0, dict[str, Pull]()
        for piece in pieces:
            found = self.pulls.get(piece.cable.key) or self._piece(piece, (ends, medium, made))
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

    def _piece(self, piece: Piece, how: tuple[Ends, Medium, Link]) -> Pull | Misfit:
        ends, medium, link = how
        cord: Cord | None = None
        if link.plug is None:
            strange = [c for c in piece.ends if c and c not in medium.connectors]
            if strange or not medium.connectors or ends.host.connector not in medium.connectors:
                what = strange[0] if strange else "panels"
                return Misfit("wrong-connector", f"{medium.name} does not go into {what}", "another medium")
            choice, stock = Choice(medium, ends, link, link, None), medium.stock_m
        else:
            wanted = tuple(connector or link.plug.connector for connector in piece.ends)
            cord = next(self._cords(link, (wanted[0], wanted[1]), piece.cable.cord), None)
            if cord is None:
                said = f"no cord of {link.plug.fibre} joins {wanted[0]} to {wanted[1]}"
                said = (
                    f"{piece.cable.key}: {said}" if not piece.cable.cord else f"{said} by {piece.cable.cord}"
                )
                return Misfit("no-cord", said, "one in inventory/data/cabling.yaml")
            choice, stock = Choice(medium, ends, link, link, cord), cord.stock_m
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
