"""The store of secrets: what is in it, and what is said when something is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from igoudar.errors import BadInput
from igoudar.secrets import secret_values

STORE = "file:store.yaml"


def store(folder: Path, text: str, mode: int = 0o600) -> None:
    (folder / "store.yaml").write_text(text, "utf-8")
    (folder / "store.yaml").chmod(mode)


def said(folder: Path, *marks: str, reference: str = STORE) -> list[str]:
    with pytest.raises(BadInput) as caught:
        secret_values(reference, marks, folder)
    return [str(f) for f in caught.value.findings]


def test_every_value_is_the_text_that_stands_there(tmp_path: Path) -> None:
    written = {"a@1": "0123", "b@1": "1.50", "c@1": "yes", "d@1": "12:30:00", "e@1": "1_000", "f@2": "0x10"}
    store(tmp_path, "".join(f"{name}: {value}\n" for name, value in written.items()))

    values = secret_values(STORE, [f"secret:{name}" for name in written], tmp_path)

    assert values == {f"secret:{name}": value for name, value in written.items()}


def test_all_that_have_no_value_are_named_at_once(tmp_path: Path) -> None:
    store(tmp_path, "bgp-north@1: one\n")

    wanted = ("bgp-north@2", "bgp-south@1")
    assert said(tmp_path, "secret:bgp-north@1", *(f"secret:{name}" for name in wanted)) == [
        f"store.yaml: there is no value for the secret {name}; expected one; add the line `{name}: VALUE`"
        for name in wanted
    ]


def test_nothing_wanted_asks_no_store(tmp_path: Path) -> None:
    assert secret_values("", [], tmp_path) == {}


@pytest.mark.parametrize(
    ("text", "mode", "start"),
    [
        ("a@1: one two\n", 0o600, "store.yaml: the value of a@1 has a blank"),
        ("a@1: one\n", 0o640, "store.yaml: others may read the store"),
        ("- a\n", 0o600, "store.yaml: the store is not a mapping"),
        ("a: [\n", 0o600, "store.yaml: the store cannot be read: it is not YAML"),
    ],
)
def test_a_store_that_cannot_be_used(tmp_path: Path, text: str, mode: int, start: str) -> None:
    store(tmp_path, text, mode)

    assert said(tmp_path, "secret:a@1")[0].startswith(start)


def test_a_store_that_is_not_there_or_not_named(tmp_path: Path) -> None:
    assert "no such file" in said(tmp_path, "secret:a@1")[0].lower()
    assert "no store of secrets is named" in said(tmp_path, "secret:a@1", reference="")[0]


def test_a_command_is_asked_by_name(tmp_path: Path) -> None:
    program = tmp_path / "vault"
    program.write_text('#!/bin/sh\n[ "$1" = a@1 ] && echo one; exit 0\n')
    program.chmod(0o755)

    assert secret_values(f"exec:{program}", ["secret:a@1"], tmp_path) == {"secret:a@1": "one"}
    assert "no value for the secret b@1" in said(tmp_path, "secret:b@1", reference=f"exec:{program}")[0]
