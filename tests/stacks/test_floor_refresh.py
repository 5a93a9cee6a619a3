"""`pulumi refresh` of racks and cables under the real engine: with no device there, and with stand-ins."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from tests.stacks.checkout import ROOT, Checkout, make, seen_in_a_diff
from tests.stacks.stand_in import stand_in

pytestmark = [pytest.mark.engine, pytest.mark.timeout(600)]
SWAP = "swapped pair: exchange the plugs in spine-1/swp1 and spine-1/swp2"
COMES, GOES = seen_in_a_diff(SWAP)
REFRESH = ("refresh", "--yes", "--skip-preview", "--diff")
MINE = {"srv-1": "LAB00013", "leaf-1": "LAB00009"}


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """All of the hall is recorded."""
    made = make(tmp_path)
    made.run("config", "set", "igoudar:layers", "hall")
    made.run("up", "--yes", "--skip-preview")
    return made


def orders(checkout: Checkout) -> dict[str, str]:
    files = (checkout.folder / ".igoudar/work-orders").glob("*.md")
    return {file.name: file.read_text("utf-8") for file in files}


def test_devices_that_do_not_answer_are_named_and_keep_their_record(checkout: Checkout) -> None:
    said = checkout.run(*REFRESH, "--expect-no-changes")

    assert "19 devices did not answer, what is recorded of them is kept: border-1, border-2, leaf-1" in said
    assert "border-1 (igoudar@192.0.2.41:22): no host key is known" in said


def test_another_box_and_a_swapped_pair_are_shown_and_become_work(checkout: Checkout) -> None:
    path = f"{checkout.folder / 'stand-in'}:{ROOT}"
    asked = replace(checkout, environment={**checkout.environment, "PYTHONPATH": path})
    before = orders(checkout)
    stand_in(checkout.folder, "swapped-pair", {**MINE, "srv-1": "LAB90013"}, ["srv-8"])

    preview = checkout.run("preview", "--expect-no-changes")
    assert "swapped" not in preview
    said = asked.run(*REFRESH)
    box = "srv-1 | generic-server-2 | {} | active"
    recorded, other = (box.format(serial) for serial in ("LAB00013", "LAB90013"))
    assert f'"{recorded}" => "{other}"' in said
    assert len(re.findall(COMES, said)) == 2
    assert "1 device did not answer, what is recorded of them is kept: srv-8; srv-8: no answer" in said
    asked.run(*REFRESH, "--expect-no-changes")

    back = checkout.run("preview", "--diff")
    assert f'"{other}" => "{recorded}"' in back
    assert len(re.findall(GOES, back)) == 2
    checkout.run("up", "--yes", "--skip-preview")
    made = [text for name, text in orders(checkout).items() if name not in before]
    exchange = "**srv-1**, generic-server-2, serial LAB00013; the old one has the serial LAB90013"
    assert sum(exchange in text for text in made) == 1
    assert sum(text.count(SWAP) for text in made) == 1

    assert len(re.findall(COMES, asked.run(*REFRESH))) == 2, "the order was written, and nobody followed it"
    stand_in(checkout.folder, "as-planned", MINE, [])
    assert len(re.findall(GOES, asked.run(*REFRESH))) == 2
    asked.run(*REFRESH, "--expect-no-changes")
