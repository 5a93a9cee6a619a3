"""`igoudar draw`: files that say what they are, SVG on stdout, images with words in them."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from igoudar.drawing import png
from igoudar.drawing.paper import Box, Hand, Ink, Page, blank, document, page_for
from igoudar.errors import Missing
from tests.errors import checkout, run
from tests.unit.sheets import drawn, groups, words

DAY = "2026-11-24"  # of `run`


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return checkout(tmp_path)


@pytest.mark.parametrize(
    ("said", "file"),
    [
        ("rack lab a03", "lab-rack-a03.svg"),
        ("hall lab", "lab-hall-h1.svg"),
        ("power lab h1", "lab-power-h1.svg"),
        ("cables lab --out walls.SVG", "walls.SVG"),
    ],
)
def test_a_file_says_what_it_is(said: str, file: str, root: Path) -> None:
    assert run(f"draw {said}", root) == f"{file}\nexit 0\n"
    assert DAY in [text.said for text in words(drawn((root / file).read_text("utf-8")))]


def test_stdout_is_the_sheet_and_nothing_else(root: Path) -> None:
    svg = run("draw rack lab a01 --out -", root).removesuffix("exit 0\n")

    assert groups(drawn(svg), "device", name="srv-1")
    assert {path.name for path in root.glob("*.svg")} == set()
    run("draw rack lab a01", root)
    assert (root / "lab-rack-a01.svg").read_text("utf-8") == svg


def test_the_same_site_gives_the_same_bytes(root: Path) -> None:
    """In processes of their own, whose hashes differ."""
    command = "from igoudar.cli import main; main()"
    made = {
        subprocess.run(
            [sys.executable, "-c", command, *["draw", "cables", "lab", "--out", "-"]],
            cwd=root,
            env={**os.environ, "PYTHONHASHSEED": seed, "SOURCE_DATE_EPOCH": "1795521600"},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }

    assert len(made) == 1


def test_a_file_that_cannot_be_written(root: Path) -> None:
    assert run("draw hall lab --out no/h1.svg", root) == (
        "Error: Could not open file 'no/h1.svg': no such file or directory\nexit 2\n"
    )


def dots(image: bytes) -> tuple[int, int, bytes]:
    """Width, height and the bytes of lines of a PNG."""
    assert image.startswith(b"\x89PNG\r\n\x1a\n")
    wide, high = struct.unpack(">II", image[16:24])
    data, at = b"", 8
    while at < len(image):
        (length,) = struct.unpack(">I", image[at : at + 4])
        if image[at + 4 : at + 8] == b"IDAT":
            data += image[at + 8 : at + 8 + length]
        at += length + 12
    return wide, high, zlib.decompress(data)


def test_an_image_is_the_page_in_dots() -> None:
    sheet = blank(Page("small", 25.4, 50.8), "small")
    sheet.rect(Box(0, 0, 25.4, 25.4), Ink(fill="#000000"))
    wide, high, lines = dots(png.to_png(document(sheet), 100))

    assert (wide, high) == (100, 200)
    assert len({*lines}) > 1


def test_an_image_of_a_large_page_stays_small() -> None:
    wide, high, _ = dots(png.to_png(document(blank(Page("to measure", 4000, 20), "long"))))

    assert (wide, high) == (8000, 40)


def test_a_machine_without_fonts_is_told(monkeypatch: pytest.MonkeyPatch, root: Path) -> None:
    """As it is where none of the families is there."""
    monkeypatch.setattr("igoudar.drawing.paper.FAMILIES", "No Such Family")
    with pytest.raises(Missing, match="fonts"):
        png.to_png(document(blank(Page("small", 20, 20), "small")))


def test_pages_are_as_small_as_they_can_be() -> None:
    assert page_for(190, 200) == Page("A4", 210, 297)
    assert page_for(200, 190) == Page("A4", 297, 210)
    assert page_for(200, 200).name == "A3"
    assert page_for(200, 190, lying=False).name == "A3"
    assert page_for(2000, 100) == Page("to measure", 2016, 116)


def test_words_that_are_markup_stay_words() -> None:
    sheet = blank(Page("small", 50, 50), "a & b")
    sheet.label(Box(10, 10, 30, 5), "<b>&\"'", Hand(2))

    assert [text.said for text in words(drawn(document(sheet)))] == ["<b>&\"'"]


@pytest.mark.parametrize("said", ["rack lab a01", "hall lab h1"])
def test_a_hall_of_several_is_drawn_as_if_it_were_alone(said: str, root: Path) -> None:
    """A campus is not counted out for one rack."""
    alone = run(f"draw {said} --out -", root)
    more = "halls:\n  h2: {building: 1, number: 2, power: 100 kW, cooling: air-indirect}\n"
    more += (
        "racks:\n  b01: {hall: h2, row: b, position: 1, height: 47 U, feeds: {A: busway-a, B: busway-b}}\n"
    )
    (root / "inventory/lab/more.yaml").write_text(more, "utf-8")

    assert run(f"draw {said} --out -", root) == alone
    assert run("draw rack lab b01", root) == "lab-rack-b01.svg\nexit 0\n"
    assert "has no rack 'c01'" in run("draw rack lab c01", root)
