"""The small YAML: what is data, what is refused, and on which line."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igoudar.errors import Finding, Where
from igoudar.yaml_source import MAX_BYTES, locate, parse_source, read_source


def refused(text: str) -> list[tuple[str, int]]:
    source = parse_source(text, "f.yaml")
    assert source.data is None
    assert all(f.where.file == "f.yaml" for f in source.findings)
    return [(f.code, f.where.line) for f in source.findings]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1:30", "1:30"),
        ("12:30:45", "12:30:45"),
        ("no", "no"),
        ("yes", "yes"),
        ("on", "on"),
        ("True", "True"),
        ("true", True),
        ("false", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("08", "08"),
        ("010", "010"),
        ("0", 0),
        ("-7", -7),
        ("+7", 7),
        ("1_000", "1_000"),
        ("0x1f", "0x1f"),
        ("0o17", "0o17"),
        ("1.5", 1.5),
        (".5", ".5"),
        ("1e3", 1000.0),
        ("1e999", "1e999"),
        (".inf", ".inf"),
        (".nan", ".nan"),
        ("2026-11-25", "2026-11-25"),
        ("9" * 39, int("9" * 39)),
        ("9" * 5000, "9" * 5000),
        ("'7'", "7"),
        ('"true"', "true"),
        ("02:00:5e:00:01:01", "02:00:5e:00:01:01"),
        ("2001:db8::/32", "2001:db8::/32"),
        ("|\n  two\n  lines\n", "two\nlines\n"),
        ("[1, {b: no}]", [1, {"b": "no"}]),
    ],
)
def test_scalars(text: str, value: Any) -> None:
    source = parse_source(f"a: {text}\n", "f.yaml")

    assert source.findings == ()
    assert source.data == {"a": value}
    assert type(source.data["a"]) is type(value)


@pytest.mark.parametrize("text", ["", "# only a comment\n", "---\n", "---\n# nothing\n...\n", "~\n"])
def test_nothing_is_an_empty_mapping(text: str) -> None:
    assert parse_source(text, "f.yaml").data == {}


@pytest.mark.parametrize("text", ["\ufeffa: 1\n", "---\na: 1\n...\n", "a: 1\r\n", "a:   1   # said\n"])
def test_one_mapping_written_in_several_ways(text: str) -> None:
    assert parse_source(text, "f.yaml").data == {"a": 1}


def test_keys_are_text() -> None:
    assert parse_source("1: a\ntrue: b\nno: c\n", "f.yaml").data == {"1": "a", "true": "b", "no": "c"}


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("a: 1\nb: 2\na: 3\n", [("duplicate-name", 3)]),
        ("a: {b: 1, b: 2}\nc: 1\nc: 2\n", [("duplicate-name", 1), ("duplicate-name", 3)]),
        ("1: a\n'1': b\n", [("duplicate-name", 2)]),
        ("a: 1\nb: !!str 2\n", [("yaml-tag", 2)]),
        ("a: !!set {x}\n", [("yaml-tag", 1)]),
        ("a: !vault |\n  x\n", [("yaml-tag", 1)]),
        ("a: ! x\n", [("yaml-tag", 1)]),
        ("a: !!python/object/apply:os.system [x]\n", [("yaml-tag", 1)]),
        ("a: &x 1\nb: 2\n", [("yaml-alias", 1)]),
        ("a: &x 1\n\nb: *x\n", [("yaml-alias", 1), ("yaml-alias", 3)]),
        ("b: 1\na:\n  <<: {b: 1}\n", [("yaml-alias", 3)]),
        ("? [a]\n: 1\n", [("yaml-key", 1)]),
        ("a: 1\n---\nb: 2\n", [("yaml-syntax", 2)]),
        ("a: {\n", [("yaml-syntax", 2)]),
        ("a: 1\n\tb: 2\n", [("yaml-syntax", 2)]),
        ("a: *x\n", [("yaml-alias", 1)]),
        ("a: 1\nb: \x07\n", [("yaml-control", 2)]),
        ('a: 1\nb: "\\0"\n', [("yaml-control", 2)]),
        ('a: 1\n"b\\e": 1\n', [("yaml-control", 2)]),
        ("a: \x85x\n", [("yaml-control", 1)]),
    ],
)
def test_what_is_beyond_plain_data_is_refused_at_its_line(text: str, codes: list[tuple[str, int]]) -> None:
    assert refused(text) == codes


@pytest.mark.parametrize("marker", ["<<<<<<< HEAD", "=======", ">>>>>>> topic", "||||||| base", "<<<<<<<"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_merge_conflict_is_called_one(marker: str, end: str) -> None:
    assert refused(f"a: 1{end}{marker}{end}b: 2{end}") == [("merge-conflict", 2)]


@pytest.mark.parametrize(
    "text", ["a: |\n  <<<<<<< x\n  =======\n", "a: 1\n# <<<<<<< x\n", "a: '======='\n", "========: 1\n"]
)
def test_what_only_looks_like_a_conflict_is_text(text: str) -> None:
    assert parse_source(text, "f.yaml").findings == ()


@pytest.mark.parametrize("levels", [42, 400, 5000, 300_000])
@pytest.mark.parametrize("pair", ["[]", "{a: }"])
def test_deep_nesting_is_refused_and_crashes_nothing(levels: int, pair: str) -> None:
    half = len(pair) - 1

    codes = {code for code, _ in refused(pair[:half] * levels + pair[half:] * levels)}

    assert codes == {"yaml-depth"}


def test_deep_indentation_is_refused_too() -> None:
    assert {c for c, _ in refused("".join(f"{' ' * n}a:\n" for n in range(1500)))} == {"yaml-depth"}


def test_an_alias_bomb_is_refused_at_once() -> None:
    lines = ["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 40)]

    assert len(refused("\n".join(lines))) == 40 + 39


def test_a_sentence_of_the_parser_says_where_the_thing_begins() -> None:
    (finding,) = parse_source("a: [1,\n  2}\nb: 1\n", "f.yaml").findings

    assert str(finding).startswith("f.yaml:2: this is not YAML: did not find expected ',' or ']'")
    assert str(finding).endswith("that begins on line 1")


def test_files_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "folder.yaml").mkdir()
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "loop.yaml").symlink_to("loop.yaml")
    (tmp_path / "zero.yaml").symlink_to("/dev/zero")
    codes = {
        name: read_source(tmp_path / name, name).findings[0].code
        for name in ("folder.yaml", "pipe.yaml", "zero.yaml", "loop.yaml")
    }

    assert codes == {
        "folder.yaml": "not-a-file",
        "pipe.yaml": "not-a-file",
        "zero.yaml": "not-a-file",
        "loop.yaml": "unreadable",
    }


def test_bytes_that_are_no_text_are_refused_at_their_line(tmp_path: Path) -> None:
    (tmp_path / "f.yaml").write_bytes(b"a: 1\nb: \xe9t\xe9\n")
    (finding,) = read_source(tmp_path / "f.yaml", "f.yaml").findings

    assert (finding.code, finding.where.line) == ("not-utf8", 2)


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "f.yaml").open("wb") as file:
        file.truncate(MAX_BYTES + 1)

    assert read_source(tmp_path / "f.yaml", "f.yaml").findings[0].code == "too-large"


TREE = """\
# said
devices:
  leaf-1: {u: 1,
           oob: x}
  'odd "name"':
    - a
    - b: 1
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("devices", 2),
        ("devices.leaf-1", 3),
        ("devices.leaf-1.oob", 4),
        ("devices.leaf-1.missing", 3),
        ('devices["odd \\"name\\""]', 5),
        ('devices["odd \\"name\\""][0]', 6),
        ('devices["odd \\"name\\""][1].b', 7),
        ('devices["odd \\"name\\""][9].b', 5),
        ("missing.deeper", 2),
        ("", 2),
    ],
)
def test_a_path_leads_to_its_line(tmp_path: Path, path: str, line: int) -> None:
    (tmp_path / "f.yaml").write_text(TREE)
    (found,) = locate([Finding("x", Where("f.yaml", 0, path), "m")], tmp_path)

    assert found.where == Where("f.yaml", line, path)


def test_both_places_of_a_finding_are_located_and_known_lines_stay(tmp_path: Path) -> None:
    (tmp_path / "f.yaml").write_text(TREE)
    finding = Finding("x", Where("f.yaml", 99, "devices"), "m", see=Where("f.yaml", 0, "devices.leaf-1"))
    (found,) = locate([finding], tmp_path)

    assert str(found) == "f.yaml:99: devices: m; see f.yaml:3: devices.leaf-1"


def test_of_a_file_that_is_gone_or_is_none_no_line_is_known(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    findings = [Finding("x", Where(name, 0, "a"), "m") for name in ("gone.yaml", "pipe.yaml")]

    assert [f.where.line for f in locate(findings, tmp_path)] == [0, 0]


@given(st.text(max_size=200))
def test_any_text_gives_data_or_findings(text: str) -> None:
    source = parse_source(text, "f.yaml")

    assert (source.data is None) is bool(source.findings)


PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**37), 10**37)
    | st.text(st.characters(categories=["L", "N", "P", "Zs"])),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(st.characters(categories=["L"])), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.text(st.characters(categories=["L"]), min_size=1), PLAIN, min_size=1))
def test_plain_data_comes_back_as_it_was(data: dict[str, Any]) -> None:
    assert parse_source(json.dumps(data, ensure_ascii=False), "f.yaml").data == data  # JSON is YAML
