"""More than a limit: a finding that tells how much there is, which waivers are held against."""

from __future__ import annotations

from dataclasses import dataclass

from igoudar.errors import Finding, Where
from igoudar.quantities import Kind, shown

Told = tuple[Where, Where | None]


@dataclass(frozen=True, slots=True)
class Excess:
    """`amount` above `limit`, both in the base unit of `kind`."""

    kind: Kind
    amount: float
    limit: float

    def of(self, subject: str, code: str, where: Where | Told, said: str, more: str = "") -> Finding:
        """`more`: what follows the limit in what is expected. `where` may come with another place to see."""
        expected = f"at most {shown(self.kind, self.limit)}{more}"
        at, see = (where, None) if isinstance(where, Where) else where
        about, unit = subject, self.kind.base
        return Finding(code, at, said, expected, see=see, subject=about, amount=self.amount, unit=unit)
