"""The data of a file as one of our pydantic models, or every finding about its shape, in our words."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from igoudar.errors import BadInput, Finding, Where, nearest, step_path
from igoudar.yaml_source import Source, locate, read_source

LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"  # of DNS
NAME_PATTERN = r"([a-z0-9-]|\{[a-z]+\})+"  # a name with words in braces
PLAIN_SECRET = "plain_secret"  # an error of ours; what was given may be a password and is not printed
SECRET_KEY = re.compile(r"passw|passphrase|secret|token|private.?key", re.IGNORECASE)
NOT_HERE = (
    "take it out and give it another value, for this file is in git; people log in with keys, and a role "
    "takes the mark secret:<name>@<version> in a setting that is there for it"
)
_Model = TypeVar("_Model", bound=BaseModel)


def validated(source: Source, kind: type[_Model]) -> tuple[_Model | None, list[Finding]]:
    """The entries of a file, or every finding about their shape."""
    if source.data is None:
        return None, []
    if not isinstance(source.data, dict):
        where = Where(source.file, 1)
        return None, [
            Finding("wrong-type", where, "the file holds a list or a single value", "a mapping of sections")
        ]
    try:
        return kind.model_validate(source.data), []
    except ValidationError as error:
        return None, [_finding(item, source, kind) for item in error.errors(include_url=False)]


def data_file(root: Path, file: str, kind: type[_Model]) -> tuple[_Model | None, list[Finding]]:
    """A file of the checkout that may be absent; None where it is, or is wrong."""
    if not (root / file).is_file():
        return None, []
    source = read_source(root / file, file)
    entry, wrong = validated(source, kind)
    return entry, [*source.findings, *wrong]


def needed_file(root: Path, file: str, kind: type[_Model]) -> _Model:
    """A file of the checkout that must be there. Raises BadInput."""
    source = read_source(root / file, file)
    entry, wrong = validated(source, kind)
    if entry is None:
        raise BadInput(locate([*source.findings, *wrong], root))
    return entry


def _finding(item: ErrorDetails, source: Source, kind: type[BaseModel]) -> Finding:
    steps = [step for step in item["loc"] if step != "[key]"]
    path = ""
    for step in steps:
        path = step_path(path, step)
    where, name = Where(source.file, 0, path), str(steps[-1]) if steps else ""
    given = _short(item.get("input"))
    match item["type"]:
        case "extra_forbidden":
            hint = _did_you_mean(name, source.data, steps[:-1], kind)
            said = f"the key {name!r} is not known here"
            if SECRET_KEY.search(name) and not hint.startswith("did you mean"):
                return Finding("plain-secret", where, f"{said}, and may hold a secret", hint=NOT_HERE)
            return Finding("unknown-key", where, said, hint=hint)
        case "missing":
            expected = _wanted(steps, kind) or "an entry with a value"
            return Finding("missing-key", where, f"the key {name!r} is missing", expected)
        case _ if item["type"] == PLAIN_SECRET:
            said, expected = "no mark of a secret, perhaps the secret itself", "secret:<name>@<version>"
            hint = "name it in secrets.yaml; its value goes into the store, a new one if this was it"
            return Finding("plain-secret", where, said, expected, hint)
        case "value_error":
            return Finding("wrong-value", where, f"{given} does not fit", str(item["ctx"]["error"]))
        case "too_short":
            least = item["ctx"]["min_length"]
            if least > 1:
                said = f"{name!r} has {item['ctx']['actual_length']} entries"
                return Finding("wrong-value", where, said, f"{least} entries")
            return Finding("empty", where, f"{name!r} is empty", "at least one entry")
        case "string_pattern_mismatch" if _is_label(item):
            return Finding("wrong-name", where, f"{given} is not a name", LABEL_TEXT)
        case "list_type" | "tuple_type" if isinstance(item["input"], str | int):
            said = f"{given} does not fit"
            return Finding("wrong-type", where, said, "a list", f"one entry is a list too: [{given}]")
        case code:
            word = "wrong-type" if code.endswith(("_type", "_parsing")) else "wrong-value"
            return Finding(
                word, where, f"{given} does not fit", _EXPECTED.get(code) or _in_words(item["msg"])
            )


_EXPECTED = {
    "bool_type": "true or false",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "ip_any_address": "an IPv4 or IPv6 address",
    "string_type": "text, in quotes if it looks like a number",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
}


def _in_words(message: str) -> str:
    """pydantic's sentence as what was expected."""
    said = message[0].lower() + message[1:]
    said = said.removeprefix("input should be ").removeprefix("input should ")
    said = said.replace("string should match pattern ", "text of the form ")
    return f"a number {said}" if said.startswith(("greater", "less")) else said


LABEL_TEXT = "a DNS label: a-z, 0-9 and -, at most 63 characters, no - at either end"


def _is_label(item: ErrorDetails) -> bool:
    return str(item.get("ctx", {}).get("pattern", "")) == f"^{LABEL}$"


def _short(value: Any) -> str:
    """As it would stand in YAML."""
    plain = {None: "an empty value", True: "true", False: "false"}
    text = plain[value] if value is None or isinstance(value, bool) else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _did_you_mean(name: str, data: Any, steps: list[int | str], kind: type[BaseModel]) -> str:
    known = _keys_at(steps, kind)
    return nearest(name, known) or (f"known keys: {', '.join(known)}" if known else "")


def _wanted(steps: list[int | str], kind: type[BaseModel]) -> str:
    """The words that a missing key may have, where they are few."""
    choices = _type_at(steps, kind)
    return (
        f"one of {', '.join(choices)}" if isinstance(choices, type) and issubclass(choices, StrEnum) else ""
    )


def _keys_at(steps: list[int | str], kind: type[BaseModel]) -> list[str]:
    """Field names of the entry that `steps` leads to."""
    entry = _type_at(steps, kind)
    if not isinstance(entry, type) or not issubclass(entry, BaseModel):
        return []
    return sorted(field.alias or name for name, field in entry.model_fields.items())


def _type_at(steps: list[int | str], kind: type[BaseModel]) -> Any:
    """What `steps` leads to, found by walking the annotations."""
    current: Any = kind
    for step in steps:
        if isinstance(current, type) and issubclass(current, BaseModel):
            field = current.model_fields.get(str(step))
            current = field.annotation if field else None
        else:
            current = _inner(current)
        current = _without_none(current)
    return current


def _inner(annotation: Any) -> Any:
    arguments = getattr(annotation, "__args__", ())
    return arguments[-1] if arguments else None


def _without_none(annotation: Any) -> Any:
    choices = [a for a in getattr(annotation, "__args__", ()) if isinstance(a, type)]
    models = [a for a in choices if issubclass(a, BaseModel)]
    is_container = getattr(annotation, "__origin__", None) in (dict, list)
    return models[0] if models and not is_container else annotation
