"""Whatever stands in the files of a site, `check` answers with findings and a status, never with a traceback.

`IGOUDAR_FUZZ=N` sets the number of mutations, `IGOUDAR_FUZZ_FROM` the first seed.
"""

from __future__ import annotations

import json
import os
import random
import shutil
from pathlib import Path
from typing import Any

import pytest

from igoudar.yaml_source import read_source
from tests.errors import ROOT, checkout, run
from tests.fuzz import Files, mutated

COUNT = int(os.environ.get("IGOUDAR_FUZZ", "100"))
FIRST = int(os.environ.get("IGOUDAR_FUZZ_FROM", "0"))
PARTS = 4
LAB = ROOT / "inventory" / "lab"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return checkout(tmp_path_factory.mktemp("fuzz"))


def lab_files() -> Files:
    return {str(p.relative_to(LAB)): p.read_bytes() for p in sorted(LAB.rglob("*.yaml"))}


def write(root: Path, files: Files) -> None:
    folder = root / "inventory" / "lab"
    shutil.rmtree(folder)
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def answer(root: Path, command: str) -> tuple[str, int]:
    *said, last = run(command, root).splitlines()
    return "\n".join(said), int(last.removeprefix("exit "))


def judge(root: Path) -> None:
    """Status 0, 2 or 3; each finding has a file, and a line where the file can be parsed."""
    said, status = answer(root, "check lab --json")
    assert status in (0, 2, 3), said
    found: list[dict[str, Any]] = json.loads(said)
    errors = [f for f in found if f["severity"] == "error"]
    assert bool(errors) is (status != 0)
    for finding in found:
        assert finding["file"], finding
        assert finding["code"], finding
        assert finding["message"], finding
        path = root / finding["file"]
        if path.is_file() and not read_source(path, "x").findings and path.suffix == ".yaml":
            assert finding["line"] > 0, finding
            assert finding["line"] <= path.read_bytes().count(b"\n") + 1, finding
    if status == 0:
        said, status = answer(root, "plan lab --dry-run")
        assert status == 0, said


@pytest.mark.parametrize("part", range(PARTS))
def test_no_mutation_of_the_lab_makes_a_traceback(root: Path, part: int) -> None:
    files = lab_files()
    for seed in range(FIRST + part, FIRST + COUNT, PARTS):
        changed, how = mutated(files, random.Random(seed))
        write(root, changed)
        try:
            judge(root)
        except AssertionError as error:
            raise AssertionError(f"seed {seed}: {how}: {error}") from error
