"""Patches: what is made from two texts leads from one to the other, and nothing else does."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from igoudar.patches import DoesNotApply, FilePatch, Unreadable, apply, make, parse

# lines that look like a patch's own, and characters at which others end a line
LINES = [
    "a",
    "b",
    "",
    " x",
    "-- q",
    "++ r",
    "--- a/x",
    "+++ b/x",
    "@@ -1 +1 @@",
    "\\ No newline at end of file",
]
LINES += ["c\r", "\x0cd", "e\x1c", "\u2028f", "-", "+", "\\"]
TEXTS = st.lists(st.sampled_from(LINES), max_size=40).flatmap(
    lambda lines: st.sampled_from(["\n".join(lines), "\n".join(lines) + "\n"])
)


def one(patch: str) -> FilePatch:
    (found,) = parse(patch)
    return found


@settings(max_examples=400, deadline=None)
@given(st.one_of(TEXTS, st.text()), st.one_of(TEXTS, st.text()))
def test_a_patch_of_two_texts_leads_from_one_to_the_other(a: str, b: str) -> None:
    made = make(a, b, "leaf-1:/etc/f")
    if a == b:
        assert made == ""
        return
    patch = one(made)
    assert patch.name == "leaf-1:/etc/f"
    assert apply(patch, a) == b


@settings(max_examples=200, deadline=None)
@given(TEXTS, TEXTS, TEXTS)
def test_it_applies_to_another_text_only_where_its_lines_stand(a: str, b: str, other: str) -> None:
    """Whatever it is put on, nothing is lost but what it takes away itself."""
    if a == b:
        return
    patch = one(make(a, b, "x"))
    try:
        after = apply(patch, other)
    except DoesNotApply:
        return
    gone = sum(len(h.old) for h in patch.hunks) - sum(len(h.new) for h in patch.hunks)
    assert len(other.split("\n")) - len(after.split("\n")) in (gone - 1, gone, gone + 1)
    assert all("".join(h.new) in after and "".join(h.old) in other for h in patch.hunks)


def test_two_files_one_after_the_other() -> None:
    both = make("a\n", "b\n", "leaf-1:/x") + make("c\n", "", "leaf-1:/y")
    first, second = parse(both)
    assert (first.name, second.name) == ("leaf-1:/x", "leaf-1:/y")
    assert (apply(first, "a\n"), apply(second, "c\n")) == ("b\n", "")
    assert (first.changed, second.changed) == (2, 1)


TEXT = "".join(f"line {n}\n" for n in range(1, 21))
PATCH = make(TEXT, TEXT.replace("line 10\n", "line ten\n"), "x")


def test_a_hunk_moves_with_its_lines() -> None:
    moved = "new\n" * 3 + TEXT
    assert apply(one(PATCH), moved) == moved.replace("line 10\n", "line ten\n")


def test_a_hunk_that_would_fit_twice_fits_nowhere() -> None:
    with pytest.raises(DoesNotApply, match="stand in 2 places, and not where it says"):
        apply(one(PATCH), "new\n" + TEXT + TEXT)


@pytest.mark.parametrize("changed", ["line 7\n", "line 10\n", "line 13\n"])
def test_another_line_in_the_context_stops_it(changed: str) -> None:
    with pytest.raises(DoesNotApply, match=f"of the text is '{changed.strip()} !', the patch has") as raised:
        apply(one(PATCH), TEXT.replace(changed, f"{changed.strip()} !\n"))
    assert raised.value.line == 3


@pytest.mark.parametrize(
    ("patch", "line"),
    [
        ("just a text\n", 1),
        ("--- a/x\n+++ b/y\n@@ -1 +1 @@\n-a\n+b\n", 1),
        ("--- a/x\n+++ b/x\n", 2),
        ("--- a/x\n+++ b/x\n@@ one @@\n-a\n", 3),
        ("--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n", 3),
        ("--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n+c\n", 6),
        ("--- a/x\n+++ b/x\n@@ -1,2 +1 @@\n-a\n*b\n", 5),
        ("<<<<<<< HEAD\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n", 1),
        ("--- a/x\n+++ b/x\n@@ -1,1 +1,2 @@\n a\n-b\n+b\n+c\n", 3),
    ],
)
def test_what_is_no_patch_is_said_at_its_line(patch: str, line: int) -> None:
    with pytest.raises(Unreadable) as raised:
        parse(patch)
    assert raised.value.line == line
