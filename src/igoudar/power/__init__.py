"""The graph of power, cooling and water: loads, failures, schemes and design figures. Pure, and without YAML.

graph        frozen values: units, racks, loops; `Fault`, what is wrong with one of them
faults       what makes a graph unreadable
racks        racks merged by what they hang on, and what they draw while feeds are dead
flow         loads of the whole graph, changed by one failed thing at a time
series       units whose failures are alike
last_metre   feeds and PSUs of a rack
pushes       what a rack that draws otherwise is on the meters above it
failures     every single and double failure that shares a load
crowds       and those that push load on one meter
report       what of it is said
severity     what the availability class makes of it
loads        the graph whole: by unit, feed, phase and loop, and what is wrong with it
schemes      whether it has the redundancy that is declared
phases       which of them is too full while something is out
outages      what may be taken out, and what must then not fail
supply       what loops are cooled to, by outside temperature
energy       design PUE and WUE, renewable share
"""

from __future__ import annotations

from collections.abc import Set

from igoudar.power.crowds import crowds
from igoudar.power.energy import (
    Declared,
    Design,
    Profile,
    Rule,
    Share,
    design,
    design_faults,
    renewable_share,
)
from igoudar.power.failures import Analysis
from igoudar.power.faults import faults
from igoudar.power.flow import State
from igoudar.power.graph import Device, Fault, Graph, Input, Loop, Psu, Rack, Source, Unit
from igoudar.power.loads import FeedLoad, Loads, Settled, feed_loads, load_faults, loads, settle
from igoudar.power.outages import Outage, outage
from igoudar.power.report import Crowd, Double, Element, Overload, Report, Single, lines
from igoudar.power.schemes import Scheme, scheme_faults
from igoudar.power.severity import Rated, rated

__all__ = [
    "Crowd",
    "Declared",
    "Design",
    "Device",
    "Double",
    "Element",
    "Fault",
    "FeedLoad",
    "Graph",
    "Input",
    "Loads",
    "Loop",
    "Outage",
    "Overload",
    "Profile",
    "Psu",
    "Rack",
    "Rated",
    "Report",
    "Rule",
    "Scheme",
    "Settled",
    "Share",
    "Single",
    "Source",
    "State",
    "Unit",
    "analyse",
    "design",
    "design_faults",
    "faults",
    "feed_loads",
    "lines",
    "load_faults",
    "loads",
    "outage",
    "rated",
    "renewable_share",
    "scheme_faults",
    "settle",
]


def analyse(
    graph: Graph, state: State | None = None, *, doubles: bool = True, beside: Set[str] = frozenset()
) -> Report:
    """Every single failure, and with `doubles` every double one. Raises ValueError for one that has `faults`.

    `state`: the graph's, with all alive, where it is there already; it is so again afterwards.
    `beside`: units and racks whose failures are not looked at.
    """
    analysis = Analysis(graph, state, beside)
    singles = tuple(analysis.singles())
    alone = analysis.evaluated
    things = sum(effect.element.things for effect in analysis.effects)
    things += sum(local.element().things for own in analysis.locals for local in own)
    if not doubles:
        return Report(singles, (), (), things, (alone, 0))
    shared = analysis.shared()
    pairs = tuple(analysis.doubles(shared))
    counted = (alone, analysis.evaluated - alone)
    return Report(singles, pairs, tuple(crowds(analysis, shared)), things, counted)
