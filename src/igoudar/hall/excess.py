"""More than a limit: a finding that tells how much there is, which waivers are held against."""

from __future__ import annotations

from dataclasses import dataclass

from igoudar.errors import Finding, Where
from igoudar.quantities import Kind, shown


@dataclass(frozen=True, slots=True)
class Excess:
    """`amount` above `limit`, both in the base unit of `kind`."""

    kind: Kind
    amount: float
    limit: float

    def of(self, subject: str, code: str, where: Where, said: str, more: str = "") -> Finding:
        """`more`: what follows the limit in what is expected."""
        expected = f"at most {shown(self.kind, self.limit)}{more}"
        return Finding(code, where, said, expected, subject=subject, amount=self.amount, unit=self.kind.base)
