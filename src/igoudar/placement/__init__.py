"""Where new devices go: rack and U under limits of power, cooling, weight, ports and anti-affinity.

problem     racks with what they have left, classes of devices, the answer: frozen values
space       U together: what fits into what is free on both faces
limits      limits of a rack as sums, and the power that a filling strands
fillings    racks that are alike, the fillings of one, a first placement
solver      HiGHS
pricing     the best filling of a rack at given prices
master      the program over fillings, and what prices prove
search      column generation and whole racks, goal by goal
answer      racks, U and numbers; what does not fit, with `reasons`
request     what people ask for; `sound`: what is wrong with it
fitted      devices of the request with modules in their bays
known       what the inventory and the request know of racks and of what stands in them
seating     U and phases together
phases      which phase a U has, by the rules of cords
feeds       what a feed of a rack alone does not keep on
carried     a proposal that what racks share carries; `shared`: that as limits of the search
site        from an inventory and a request to a problem; `written`: the placement as a file

Devices that stand are never moved. The same problem gives the same placement on every run, unless a search
is stopped by time, which the placement says.
"""

from __future__ import annotations

from igoudar.placement.answer import placement_of
from igoudar.placement.problem import Effort, Placement, Problem
from igoudar.placement.search import Search


def place(problem: Problem, effort: Effort | None = None) -> Placement:
    """Fewest devices left out, then fewest racks opened, then least power stranded."""
    return placement_of(Search(problem, effort or Effort()))


__all__ = ["Effort", "Placement", "Problem", "place"]
