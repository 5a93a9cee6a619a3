"""What is laid: a cable or a power cord with its way, its article and its stocked length."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from igoudar.cabling.fit import Choice, Misfit
from igoudar.cabling.goods import PowerCord
from igoudar.cabling.route import Route
from igoudar.errors import Finding, Where
from igoudar.model import Cable


@dataclass(frozen=True, slots=True)
class Pull:
    """`length_m` is the stocked one; None where its way is not known. `host`: the port broken out.

    `choice` is of data, `power` of a power cord. Of a link through panels its modules alone are bought, and
    `length_m` and `loss_db` are of all its pieces; of a piece the cord alone, whose loss has the pairs in it
    that the piece brings to its link.
    """

    cable: Cable
    route: Route | None
    choice: Choice | None
    length_m: float | None
    loss_db: float | None = None
    host: str = ""
    power: PowerCord | None = None
    modules_only: bool = False
    cord_only: bool = False

    @property
    def article(self) -> str:
        """As a shop would call it, without its length; empty where nothing fits."""
        if self.power:
            return self.power.name
        return self.choice.article if self.choice else ""


@dataclass(frozen=True, slots=True)
class Pulls:
    by_key: Mapping[str, Pull]
    findings: tuple[Finding, ...]


def wrong(cable: Cable, misfit: Misfit, other: Cable | None = None, where: Where | None = None) -> Finding:
    """What is wrong with a cable, as it is told."""
    see = other.where if other else None
    said = misfit.said if cable.key in misfit.said else f"{cable.key}: {misfit.said}"
    return Finding(misfit.code, where or cable.where, said, misfit.expected, misfit.hint, see=see,
                   subject=f"cable {cable.key}", amount=misfit.amount, unit=misfit.unit)  # fmt: skip
