"""`load`: the folder of a site, and the hardware types beside it, as one frozen `Inventory`.

Reads files and nothing else. Three phases, each of which says all that is wrong in it before it stops:
the files are YAML; the entries have the right shape; the names in them lead somewhere.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from igoudar import schema
from igoudar.assemble import Documents, assemble
from igoudar.errors import BadInput, Finding, Where, step_path
from igoudar.model import Inventory
from igoudar.references import broken_references
from igoudar.yaml_source import Source, locate, read_source

LEDGER = "ledger.yaml"
_Model = TypeVar("_Model", bound=BaseModel)


def load(folder: Path, root: Path) -> Inventory:
    """The site in `folder`; hardware types come from `types/` beside it, else from `root/inventory/types`.

    Findings carry paths relative to `root` where the folder lies inside it. Raises BadInput.
    """
    holds_sites = root.is_relative_to(folder.absolute()) or folder.absolute() == root / "inventory"
    if not folder.is_dir() or holds_sites:
        where = Where(shown(folder, root))
        said = "sites lie in this folder, it is none" if holds_sites else "there is no such folder"
        known = sorted(p.parent.name for p in (root / "inventory").glob("*/site.yaml"))
        expected = f"one of {', '.join(known)}, or the path of a folder" if known else "the folder of a site"
        raise BadInput([Finding("no-such-site", where, said, expected)])
    documents, findings = _documents(folder, root)
    if findings:
        raise BadInput(locate(findings, root))
    inventory, findings = assemble(documents, shown(folder, root))
    if inventory is None or findings:
        raise BadInput(locate(findings, root))
    if findings := broken_references(inventory):
        raise BadInput(locate(findings, root))
    return inventory


def shown(path: Path, root: Path) -> str:
    """How a path is named in findings."""
    absolute = path.absolute()
    return str(absolute.relative_to(root)) if absolute.is_relative_to(root) else str(absolute)


def site_files(folder: Path) -> Iterator[Path]:
    """Every YAML file of a site but the ledger, in order of name; hidden files are left alone."""
    for path in sorted(folder.rglob("*.y*ml")):
        inside = path.relative_to(folder)
        if path.suffix in (".yaml", ".yml") and str(inside) != LEDGER and not _hidden(inside):
            yield path


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def types_folder(folder: Path, root: Path) -> Path:
    beside = folder.parent / "types"
    return beside if beside.is_dir() else root / "inventory" / "types"


def _documents(folder: Path, root: Path) -> tuple[Documents, list[Finding]]:
    documents, findings = Documents(), list[Finding]()
    for path in site_files(folder):
        source = read_source(path, shown(path, root))
        findings += source.findings
        tenant = path.relative_to(folder).parts[0] == "tenants"
        kind = schema.TenantFile if tenant else schema.SiteFile
        entry, wrong = validated(source, kind)
        findings += wrong
        if isinstance(entry, schema.TenantFile):
            documents.tenants.append((source.file, entry))
        elif isinstance(entry, schema.SiteFile):
            documents.sites.append((source.file, entry))
    for path in sorted(types_folder(folder, root).rglob("*.y*ml")):
        source = read_source(path, shown(path, root))
        hardware, wrong = validated(source, schema.DeviceTypeFile)
        findings += (*source.findings, *wrong)
        if hardware is not None:
            documents.types.append((source.file, hardware))
    return documents, findings


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
            return Finding("unknown-key", where, f"the key {name!r} is not known here", hint=hint)
        case "missing":
            expected = _wanted(steps, kind) or "an entry with a value"
            return Finding("missing-key", where, f"the key {name!r} is missing", expected)
        case "value_error":
            return Finding("wrong-value", where, f"{given} does not fit", str(item["ctx"]["error"]))
        case "too_short":
            return Finding("empty", where, f"{name!r} is empty", "at least one entry")
        case "string_pattern_mismatch" if _is_label(item):
            return Finding("wrong-name", where, f"{given} is not a name", _LABEL_TEXT)
        case code:
            word = "wrong-type" if code.endswith(("_type", "_parsing")) else "wrong-value"
            return Finding(
                word, where, f"{given} does not fit", _EXPECTED.get(code) or _in_words(item["msg"])
            )


_EXPECTED = {
    "bool_type": "true or false",
    "int_type": "a whole number",
    "string_type": "text, in quotes if it looks like a number",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
}


def _in_words(message: str) -> str:
    """pydantic's sentence as what was expected."""
    said = message[0].lower() + message[1:]
    said = said.removeprefix("input should be ").removeprefix("input should ")
    return f"a number {said}" if said.startswith(("greater", "less")) else said


_LABEL_TEXT = "a DNS label: a-z, 0-9 and -, at most 63 characters, no - at either end"


def _is_label(item: ErrorDetails) -> bool:
    return str(item.get("ctx", {}).get("pattern", "")) == f"^{schema.LABEL}$"


def _short(value: Any) -> str:
    """As it would stand in YAML."""
    plain = {None: "an empty value", True: "true", False: "false"}
    text = plain[value] if value is None or isinstance(value, bool) else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _did_you_mean(name: str, data: Any, steps: list[int | str], kind: type[BaseModel]) -> str:
    known = _keys_at(steps, kind)
    near = difflib.get_close_matches(name, known, n=1)
    if near:
        return f"did you mean {near[0]!r}?"
    return f"known keys: {', '.join(known)}" if known else ""


def _wanted(steps: list[int | str], kind: type[BaseModel]) -> str:
    """The words that a missing key may have, where they are few."""
    choices = _type_at(steps, kind)
    return (
        f"one of {', '.join(choices)}" if isinstance(choices, type) and issubclass(choices, StrEnum) else ""
    )


def _keys_at(steps: list[int | str], kind: type[BaseModel]) -> list[str]:
    """Field names of the entry that `steps` leads to."""
    entry = _type_at(steps, kind)
    return sorted(entry.model_fields) if isinstance(entry, type) and issubclass(entry, BaseModel) else []


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
