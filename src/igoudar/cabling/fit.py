"""How two ports can be joined: medium, connectors, gender, polish, polarity, breakout, reach and loss."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field

from igoudar.cabling.goods import Adapter, Cord, Goods, Link, Medium, Plug, PortKind
from igoudar.errors import nearest
from igoudar.quantities import DISTANCE, LOSS, shown

OPPOSITE = {"male": "female", "female": "male"}


@dataclass(frozen=True, slots=True)
class Wish:
    """What people say of a cable themselves; empty, 0 or None where they say nothing.

    `mated` pairs of connectors lie between both ends, such as those of panels.
    """

    medium: str = ""
    cord: str = ""
    length_m: float | None = None
    mated: int = 0


@dataclass(frozen=True, slots=True)
class Ends:
    """Two ports, of which `host` is broken out into `tails` where these are more than 1, or is the first."""

    host: PortKind
    far: PortKind
    tails: int = 1
    adapters: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """What joins them. `far_link` is the same as `link` where nothing is broken out."""

    medium: Medium
    ends: Ends
    link: Link
    far_link: Link
    cord: Cord | None

    @property
    def stock_m(self) -> tuple[float, ...]:
        return self.cord.stock_m if self.cord else self.medium.stock_m

    @property
    def reach_m(self) -> float:
        return min(self.link.reach_m, self.far_link.reach_m)

    @property
    def article(self) -> str:
        """As a shop would call it, without its length."""
        if self.cord:
            return self.cord.name
        return f"{self.medium.name} {_plain(self)}"

    @property
    def wire_map(self) -> str:
        return self.cord.wire_map if self.cord else self.medium.wire_map

    def loss_db(self, length_m: float, mated: int, goods: Goods) -> float | None:
        if self.cord is None:
            return None
        return round(length_m / 1000 * self.cord.loss_db_km + mated * goods.mated_db, 4)

    @property
    def budget_db(self) -> float | None:
        budgets = [link.budget_db for link in (self.link, self.far_link) if link.budget_db is not None]
        return min(budgets) if budgets else None


def _plain(choice: Choice) -> str:
    """`25G sfp28`, `100G qsfp28 to 4 sfp28`."""
    host, far = choice.ends.host, choice.ends.far
    if choice.ends.adapters:
        return f"{far.rate:g}G {far.connector}"
    if choice.ends.tails > 1:
        return f"{host.rate:g}G {host.connector} to {choice.ends.tails} {far.connector}"
    other = "" if host.connector == far.connector else f" to {far.connector}"
    return f"{host.rate:g}G {host.connector}{other}"


@dataclass(frozen=True, slots=True)
class Misfit:
    """Why not: a word for `code` of a finding, and a sentence in its two halves; how much, in `unit`."""

    code: str
    said: str
    expected: str = ""
    hint: str = ""
    amount: float | None = None
    unit: str = ""


def join(a: PortKind, b: PortKind, goods: Goods) -> Ends | Misfit:
    """Two whole ports: of one rate, or the larger one takes the smaller plug by an adapter."""
    if a.rate == b.rate and a.pluggable == b.pluggable:
        return Ends(a, b)
    big, small = (a, b) if a.rate >= b.rate else (b, a)
    for adapter in goods.adapters:
        if _adapts(adapter, big, small):
            return Ends(big, small, 1, (adapter.name,))
    said = f"one end is {a.name}, the other {b.name}"
    return Misfit("rate-mismatch", said, "two ports of one rate and kind", "or a breakout: `swp1s0`")


def _adapts(adapter: Adapter, big: PortKind, small: PortKind) -> bool:
    return (adapter.port, adapter.takes) == (big.connector, small.connector)


def break_out(host: PortKind, far: PortKind) -> Ends | Misfit:
    """One of the tails of `host`, which has as many as its rate is times that of the far end."""
    tails = host.rate / far.rate
    if tails != int(tails) or tails < 2 or not (host.pluggable and far.pluggable):
        said = f"{host.name} cannot be broken out to {far.name}"
        return Misfit("no-breakout", said, "a port of an even part of its rate")
    return Ends(host, far, int(tails))


def choices(ends: Ends, wish: Wish, goods: Goods) -> tuple[list[Choice], list[Misfit]]:
    """All that fits, in order of preference; where nothing does, why what is wished for does not."""
    for kind, name, known in (("medium", wish.medium, goods.media), ("cord", wish.cord, goods.cords)):
        if name and name not in known:
            said, expected = f"there is no {kind} {name!r}", f"one of {', '.join(sorted(known))}"
            return [], [Misfit(f"unknown-{kind}", said, expected, nearest(name, sorted(known)))]
    media = [goods.media[wish.medium]] if wish.medium else [*goods.media.values()]
    found: list[Choice] = []
    wrong: list[Misfit] = []
    for medium in media:
        made = _with_medium(ends, medium, wish.cord, goods)
        found += [choice for choice in made if isinstance(choice, Choice)]
        wrong += [misfit for misfit in made if isinstance(misfit, Misfit)]
    if not found and not wish.medium:
        said = f"no medium joins {ends.host.name} and {ends.far.name}"
        said += f" broken out into {ends.tails}" if ends.tails > 1 else ""
        said += f" by the cord {wish.cord}" if wish.cord else ""
        wrong = [Misfit("no-medium", said, "one in inventory/data/cabling.yaml")]
    return found, wrong


def _with_medium(ends: Ends, medium: Medium, cord: str, goods: Goods) -> list[Choice | Misfit]:
    host = ends.far if ends.adapters else ends.host  # what is plugged in is of the smaller kind
    for port in (host, ends.far):
        fits = port.connector in medium.connectors if medium.connectors else port.pluggable
        if not fits:
            takes = ", ".join(medium.connectors) or "a port for modules"
            said = f"{medium.name} does not go into {port.connector}, a {port.name}"
            return [Misfit("wrong-connector", said, takes)]
    link, far_link = medium.links.get(host.rate), medium.links.get(ends.far.rate)
    if link is None or far_link is None:
        known = ", ".join(f"{rate:g}" for rate in sorted(medium.links))
        missing = host.rate if link is None else ends.far.rate
        return [Misfit("wrong-rate", f"{medium.name} has no {missing:g} Gbit/s", f"one of {known} Gbit/s")]
    if ends.tails > 1 and ends.tails not in link.tails:
        said = f"{medium.name} of {link.rate:g} Gbit/s cannot be broken out into {ends.tails}"
        known = " or ".join(str(n) for n in link.tails) or "no breakout"
        return [Misfit("no-breakout", said, known)]
    if link.plug is None:
        if cord:
            said = f"{medium.name} is one piece, and has no cord {cord!r}"
            return [Misfit("cord-without-optics", said, "no `cord`, or a medium of optics")]
        return [Choice(medium, ends, link, far_link, None)]
    if cord:
        wrong = list(_cord_misfits(link, far_link, goods.cords[cord], ends))
        return [*wrong] or [Choice(medium, ends, link, far_link, goods.cords[cord])]
    fitting = (c for c in goods.cords.values() if not any(_cord_misfits(link, far_link, c, ends)))
    one = next(fitting, None)
    if one is None:
        said = f"no cord fits {link.module}"
        return [Misfit("no-cord", said, f"one with {link.plug.connector} in inventory/data/cabling.yaml")]
    return [Choice(medium, ends, link, far_link, one)]


def _cord_misfits(link: Link, far_link: Link, cord: Cord, ends: Ends) -> Iterator[Misfit]:
    if cord.tails != ends.tails:
        yield Misfit("wrong-tails", f"the cord {cord.name} has {cord.tails} tails", f"{ends.tails} tails")
    said: set[str] = set()
    for module, plug in ((link, cord.near), (far_link, cord.far)):
        if module.plug is None:
            continue
        for code, found, wanted in _differences(module.plug, plug, direct=ends.tails == 1):
            if code not in said:
                said.add(code)
                what = code.removeprefix("wrong-")
                text = f"the cord {cord.name} has the {what} {found or 'none'}, and meets {module.module}"
                yield Misfit(code, text, wanted)


def _differences(module: Plug, cord: Plug, *, direct: bool) -> Iterator[tuple[str, str, str]]:
    """Where a cord does not meet a module: word, what the cord has, what it should have."""
    wanted = OPPOSITE.get(module.gender, "")
    if cord.connector != module.connector:
        yield "wrong-connector", cord.connector, module.connector
        return  # gender and polish of another connector say nothing
    if cord.fibre != module.fibre:
        yield "wrong-fibre", cord.fibre, module.fibre
    if cord.polish != module.polish:
        yield "wrong-polish", cord.polish, module.polish
    if wanted and cord.gender != wanted:
        yield "wrong-gender", cord.gender, wanted
    if direct and cord.polarity != module.polarity:
        yield "wrong-polarity", cord.polarity, module.polarity


def stocked(choice: Choice, need_m: float, wish: Wish, goods: Goods) -> float | Misfit:
    """The length to take: the next stocked one, within reach and within what may be lost."""
    length = long_enough(choice.stock_m, choice.article, need_m, wish)
    if isinstance(length, Misfit):
        return length
    if length > choice.reach_m:
        said = f"{_m(length)} of {choice.article} are beyond its reach at {choice.link.rate:g} Gbit/s"
        most = f"at most {_m(choice.reach_m)}"
        return Misfit("over-reach", said, most, amount=length, unit=DISTANCE.base)
    loss, budget = choice.loss_db(length, wish.mated, goods), choice.budget_db
    if loss is not None and budget is not None and loss > budget:
        pairs = f" and {wish.mated} mated pairs" if wish.mated else ""
        said = f"{_m(length)} of {choice.article}{pairs} lose {shown(LOSS, loss)}"
        expected = f"at most {shown(LOSS, budget)}, what {choice.link.module} bears"
        return Misfit("over-budget", said, expected, amount=loss, unit=LOSS.base)
    return length


def long_enough(stock: tuple[float, ...], article: str, need_m: float, wish: Wish) -> float | Misfit:
    """The next stocked length, or the one that people say, if it is one."""
    at = bisect_left(stock, need_m)
    if at == len(stock):
        said = f"it needs {_m(need_m)}, and no {article} is as long"
        most = f"at most {_m(stock[-1])}, the longest that is stocked"
        return Misfit("longer-than-stock", said, most, amount=round(need_m, 3), unit=DISTANCE.base)
    if wish.length_m is None:
        return stock[at]
    if wish.length_m < need_m:
        said = f"it is {_m(wish.length_m)} long, and its way is {_m(need_m)}"
        missing, longer = round(need_m - wish.length_m, 3), f"{_m(stock[at])}, the next stocked length"
        return Misfit("too-short", said, longer, amount=missing, unit=DISTANCE.base)
    if wish.length_m not in stock:
        nearby = stock[min(bisect_left(stock, wish.length_m), len(stock) - 1)]
        said = f"no {article} of {_m(wish.length_m)} is stocked"
        return Misfit("not-stocked", said, f"{_m(nearby)}")
    return wish.length_m


@dataclass(slots=True)
class Fitter:
    """Chooses; answers about the same two kinds of ports are kept, since they repeat."""

    goods: Goods
    known: dict[tuple[str, ...], tuple[list[Choice], list[Misfit]]] = field(default_factory=dict)

    def choose(self, ends: Ends, need_m: float, wish: Wish) -> tuple[Choice, float] | list[Misfit]:
        """The first that fits and its length, else why not.

        Of several that are too short it is said of the one that comes farthest.
        """
        key = (ends.host.name, ends.far.name, str(ends.tails), wish.medium, wish.cord)
        if key not in self.known:
            self.known[key] = choices(ends, wish, self.goods)
        found, wrong = self.known[key]
        failed: list[tuple[float, Misfit]] = []
        for choice in found:
            length = stocked(choice, need_m, wish, self.goods)
            if not isinstance(length, Misfit):
                return choice, length
            failed.append((min(choice.stock_m[-1], choice.reach_m), length))
        if not failed:
            return wrong
        said = next((misfit for _, misfit in failed if misfit.code in ("too-short", "not-stocked")), None)
        farthest = max(range(len(failed)), key=lambda n: (failed[n][0], -n))
        return [said or failed[farthest][1]]


def _m(length: float) -> str:
    return shown(DISTANCE, length)
