"""Texts of servers that no site has, and wrong ones, before the oracles of the switches."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from igoudar.roles import Declaration
from igoudar.validate import validator
from igoudar.validate.sandbox import Complaint
from tests.roles.test_roles_golden import ALL, declared
from tests.roles.views import CASES
from tests.vendors.test_oracles import NOS

pytestmark = pytest.mark.image
VALIDATORS = {file.path: file.validator for nos in NOS.values() for file in nos.files}
CONF, INTERFACES = "/etc/frr/frr.conf", "/etc/network/interfaces"


def files(told: Declaration) -> dict[str, str]:
    """Those of a role that a switch has too."""
    return {file.path: file.text or "" for file in told.files if file.path in VALIDATORS}


def complaints(image: Path, host: str, texts: dict[str, str]) -> Iterator[tuple[str, Complaint]]:
    for path, text in texts.items():
        for complaint in validator(VALIDATORS[path])(image, host, text):
            yield f"{host}:{path}:{complaint.line}", complaint


NAMES = {f"{role}-{case}": CASES[role][case][1].name for role, case in ALL}
MADE = {f"{role}-{case}": texts for role, case in ALL if (texts := files(declared(role, case)))}


@pytest.mark.parametrize("case", MADE)
def test_every_case_of_a_role_is_valid_and_canonical(case: str, image: Path) -> None:
    """Among them what no site has: IPv6 alone, timers that are not FRR's own."""
    assert not list(complaints(image, NAMES[case], MADE[case]))


def test_both_kinds_of_servers_are_among_them() -> None:
    assert {path for texts in MADE.values() for path in texts} == set(VALIDATORS)
    assert {case.partition("-")[0] for case in MADE} == {"bgp_host", "host_net"}


@pytest.mark.parametrize(
    ("case", "path", "mistake", "said"),
    [
        ("bgp_host-both", CONF, (" bgp router-id ", " bgp routerid "), "Unknown command"),
        ("bgp_host-both", CONF, ("detect-multiplier 4", "detect-multiplier 3"), "FRR prints"),
        ("bgp_host-both", INTERFACES, ("    mtu 9000", "    mtu 99999"), "out range"),
        ("host_net-access", INTERFACES, ("    gateway ", "    gatway "), "'gatway'"),
    ],
)
def test_the_oracles_refuse(case: str, path: str, mistake: tuple[str, str], said: str, image: Path) -> None:
    text = MADE[case][path]
    assert mistake[0] in text
    wrong = {path: text.replace(*mistake, 1)}
    assert any(said in complaint.said for _, complaint in complaints(image, NAMES[case], wrong))
