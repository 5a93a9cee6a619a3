"""What `igoudar cables lab` prints is what stands here."""

from __future__ import annotations

import csv
import json

import pytest

from tests.errors import ROOT, run
from tests.lists import FOLDER, LISTS, text


@pytest.mark.parametrize("what", LISTS)
def test_the_list_is_the_golden_one(what: str) -> None:
    assert text(what) == (FOLDER / f"lab.{what}.csv").read_text("utf-8"), "python -m tests.lists"


@pytest.mark.parametrize("what", LISTS)
def test_json_says_the_same(what: str) -> None:
    rows = json.loads(run(f"cables lab --{what} --json", ROOT).removesuffix("exit 0\n"))
    with (FOLDER / f"lab.{what}.csv").open(encoding="utf-8") as file:
        written = list(csv.DictReader(file))

    assert [{k: "" if v is None else f"{v:g}" if isinstance(v, float) else str(v) for k, v in row.items()}
            for row in rows] == [dict(sorted(row.items())) for row in written]  # fmt: skip
