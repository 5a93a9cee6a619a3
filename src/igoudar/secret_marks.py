"""Marks of secrets in what a role writes: who brings one, where it may stand, what its value is there. Pure.

People write a mark into a field of the type `Secret`; the role puts it into the text of a file; a worker
fills it in (`igoudar.worker.host_secrets`). Elsewhere it would be written as it is, or be seen by everybody.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from enum import IntEnum
from typing import Any, Self

from pydantic import BaseModel, GetCoreSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from igoudar.agent.masks import MARK, marks
from igoudar.errors import Finding, Where, step_path, unknown
from igoudar.model import SecretName
from igoudar.validated import PLAIN_SECRET


class Shape(IntEnum):
    """What a value may be where its mark stands; of two uses the narrower counts."""

    WORD = 1  # in a text of a switch: one word, as routers take it
    LINE = 2  # in a line of a host's file
    WHOLE = 3  # all of a host's file: any lines


class Secret(str):
    """A field of a role's settings that holds the mark of a secret, `secret:<name>@<version>`, only."""

    __slots__ = ()

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(cls._read)

    @classmethod
    def _read(cls, given: Any) -> Self:
        if isinstance(given, str) and MARK.fullmatch(given):
            return cls(given)
        raise PydanticCustomError(PLAIN_SECRET, "not a mark")


def brought(settings: Any) -> Iterator[tuple[str, Secret]]:
    """Path and mark of every field of the type `Secret` that has one."""
    return ((path, leaf) for path, leaf in _leaves(settings) if isinstance(leaf, Secret))


def written(data: Any) -> Iterator[tuple[str, str]]:
    """Path and mark of every mark in plain data."""
    texts = ((path, leaf) for path, leaf in _leaves(data) if isinstance(leaf, str))
    return ((path, mark) for path, text in texts for mark in marks(text))


def _leaves(data: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Path and value of all that holds nothing else."""
    inside: Iterable[tuple[str | int, Any]]
    if isinstance(data, BaseModel):
        fields = type(data).model_fields.items()
        inside = ((field.alias or name, getattr(data, name)) for name, field in fields)
    elif isinstance(data, Mapping):
        inside = ((str(key), value) for key, value in data.items())
    elif isinstance(data, list | tuple):
        inside = enumerate(data)
    else:
        yield path, data
        return
    for step, value in inside:
        yield from _leaves(value, step_path(path, step))


def misplaced(mark: str, where: Where) -> Finding:
    """A mark that nothing fills in would reach the host as it is."""
    said = f"{mark} cannot be filled in here: the host would get the mark itself"
    expected = "a secret in a setting of the type Secret, and from there in the text of a file"
    return Finding("secret-in-role", where, said, expected)


def wrong_marks(data: Any, settings: Any, file: str, known: Mapping[str, SecretName]) -> Iterator[Finding]:
    """Marks outside of fields of the type `Secret`, and those that the site's secrets.yaml does not name.

    `data` is what was written and `settings` what came of it; paths begin there.
    """
    held = dict(brought(settings))
    yield from (misplaced(mark, Where(file, 0, path)) for path, mark in written(data) if path not in held)
    for path, mark in held.items():
        where, name = Where(file, 0, path), mark.partition(":")[2].partition("@")[0]
        if name not in known:
            yield unknown("secret", name, where, known)
        elif mark != known[name].mark:
            said = f"{mark} is not the version that the site has"
            yield Finding("secret-version", where, said, known[name].mark, see=known[name].where)


def shapes(texts: Iterable[str]) -> dict[str, Shape]:
    """What the value of each mark in the texts of hosts' files may be."""
    found: dict[str, Shape] = {}
    for text in texts:
        shape = Shape.WHOLE if MARK.fullmatch(text.rstrip("\n")) else Shape.LINE
        for mark in marks(text):
            found[mark] = min(shape, found.get(mark, shape))
    return found


def readable_by_all(mode: str) -> bool:
    """Whether everybody on the host may read a file of this octal mode."""
    return bool(int(mode, 8) & 0o004)


def not_brought(text: str, allowed: Collection[str]) -> tuple[str, ...]:
    """Marks in a text that no setting of its role brought."""
    return tuple(mark for mark in marks(text) if mark not in allowed)
