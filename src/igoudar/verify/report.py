"""Results for people, for programs and for CI."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal
from xml.etree import ElementTree

from rich.console import Console
from rich.table import Table

from igoudar.verify.checks import Kind, Result

MEANING = {
    Kind.REACHED: "every host takes a login, its host key pinned",
    Kind.LLDP: "neighbours are those of the cable plan",
    Kind.INTERFACES: "ifquery: interfaces are as their file says",
    Kind.BFD: "BFD sessions are up",
    Kind.BGP: "BGP sessions are established, family by family",
    Kind.ANNOUNCED: "other networks are told our aggregates, all of them and nothing else",
    Kind.ROUTE_TARGET: "route targets are seen on the wire, from all who carry them",
    Kind.VTEP: "tunnels end where the same subnet is, and nowhere else",
    Kind.ROUTE: "routes are there, by the next hops that were meant",
    Kind.GATEWAY: "each server reaches its gateways",
    Kind.REACH: "servers of a VPC reach each other, the right one answers",
    Kind.MTU: "whole packets pass unfragmented, one byte more does not",
    Kind.WORLD: "the world is reached from public subnets, and reaches them",
    Kind.DNS: "names are answered",
    Kind.LEASE: "boxes are offered their own addresses, strangers none",
    Kind.NTP: "clocks follow the site's time servers",
    Kind.METRICS: "every host tells how it does, to each that is to know",
    Kind.LOGS: "what a host just said is in its own file, on each log server",
    Kind.ISOLATION: "no way where none is meant",
    Kind.DRILL: "what is redundant survives a loss",
}

_COLUMNS: tuple[tuple[str, Literal["left", "right"]], ...] = (
    ("check", "left"),
    ("passed", "right"),
    ("failed", "right"),
    ("what it proves", "left"),
)


def show(results: Sequence[Result], console: Console, every: bool = False) -> None:
    """A line a kind; then what failed, or with `every` all of them."""
    table = Table(box=None, pad_edge=False)
    for heading, side in _COLUMNS:
        table.add_column(heading, justify=side)
    for kind in Kind:
        mine = [r for r in results if r.kind is kind]
        if mine:
            bad = sum(not r.good for r in mine)
            style = "red" if bad else "green"
            table.add_row(f"[{style}]{kind}[/]", str(len(mine) - bad), str(bad or ""), MEANING[kind])
    console.print(table)
    for result in results:
        if not result.good:
            console.print(f"FAILED {result}", style="red", markup=False, soft_wrap=True)
        elif every or result.kind is Kind.DRILL:
            line = f"ok     {result.kind}: {result.host}: {result.subject}: {result.found}"
            console.print(line, markup=False, soft_wrap=True)


def summary(site: str, results: Sequence[Result]) -> str:
    bad = sum(not r.good for r in results)
    return f"{site}: {len(results) - bad} checks passed, {bad} failed"


def as_json(site: str, results: Sequence[Result], seconds: float) -> dict[str, object]:
    return {
        "site": site,
        "passed": sum(r.good for r in results),
        "failed": sum(not r.good for r in results),
        "seconds": round(seconds, 1),
        "checks": [
            {
                "kind": str(r.kind),
                "host": r.host,
                "subject": r.subject,
                "passed": r.good,
                "expected": r.expected,
                "found": r.found,
            }
            for r in results
        ],
    }


def as_junit(site: str, results: Sequence[Result], seconds: float) -> str:
    """One test suite a kind, one test case a check."""
    root = ElementTree.Element("testsuites", name=f"igoudar verify {site}", time=f"{seconds:.1f}")
    for kind in Kind:
        mine = [r for r in results if r.kind is kind]
        if not mine:
            continue
        counts: dict[str, str] = {
            "tests": str(len(mine)),
            "failures": str(sum(not r.good for r in mine)),
            "errors": "0",
        }
        suite = ElementTree.SubElement(root, "testsuite", {"name": str(kind), **counts})
        for result in mine:
            name = f"{result.host}: {result.subject}"
            case = ElementTree.SubElement(suite, "testcase", {"classname": f"{site}.{kind}", "name": name})
            if not result.good:
                said = f"expected {result.expected}, found {result.found}"
                ElementTree.SubElement(case, "failure", message=said).text = str(result)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"
