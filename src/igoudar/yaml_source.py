"""Reading the YAML that people write: plain data out, findings for everything that is not plain data.

The accepted language is small on purpose: mappings, lists and scalars of YAML 1.2's core schema. Tags,
anchors, aliases, merge keys, several documents and repeated keys are refused, each with its line. A plain
scalar is null, true, false, a decimal integer or float, else text: `no`, `1:30` and `08` stay text.
Lines are looked up again only when a finding needs one (`locate`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

import yaml

from igoudar.errors import Finding, Where, step_path

MAX_BYTES = 16 * 1024 * 1024
MAX_DEPTH = 40

_INT = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_CONFLICT = re.compile(r"^(<{7}|={7}|>{7}|\|{7})( |$)", re.MULTILINE)
_STEP = re.compile(r'\.?([A-Za-z0-9_-]+)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]')

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Source:
    """A file as data. `data` is None where a finding says why."""

    file: str
    data: Any
    findings: tuple[Finding, ...]


def read_source(path: Path, shown: str) -> Source:
    """Read one file; `shown` is the name that findings carry. Never raises for what a file may hold."""
    try:
        raw = path.read_bytes() if path.stat().st_size <= MAX_BYTES else None
    except OSError as error:
        reason = (error.strerror or "cannot be read").lower()
        return _refused(shown, "unreadable", f"the file cannot be read: {reason}", "a readable file")
    if raw is None:
        size = path.stat().st_size // (1024 * 1024)
        return _refused(
            shown,
            "too-large",
            f"the file has {size} MB",
            f"at most {MAX_BYTES // (1024 * 1024)} MB",
            "split it: all YAML files of the folder are read",
        )
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        return _refused(
            shown, "not-utf8", "this byte is not UTF-8", "UTF-8 text", "save the file as UTF-8", line=line
        )
    return parse_source(text, shown)


def parse_source(text: str, shown: str) -> Source:
    """The same for text in hand."""
    if conflict := _CONFLICT.search(text):
        line = text.count("\n", 0, conflict.start()) + 1
        return _refused(
            shown,
            "merge-conflict",
            f"a merge conflict marker stands here: {conflict.group(1)}",
            "a merged file",
            "resolve the conflict and remove the markers",
            line=line,
        )
    try:
        root = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        return _refused(shown, "yaml-syntax", _problem(error), "YAML", line=mark.line + 1 if mark else 0)
    except (yaml.YAMLError, ValueError) as error:
        return _refused(shown, "yaml-syntax", str(error).splitlines()[0], "YAML")
    except RecursionError:
        return _refused(shown, "yaml-depth", "values are nested too deeply", f"at most {MAX_DEPTH} levels")
    builder = _Builder(shown)
    data = builder.value(root, "", 0) if root is not None else {}
    return Source(shown, None if builder.findings else data, tuple(builder.findings))


def locate(findings: Iterable[Finding], root: Path) -> tuple[Finding, ...]:
    """Findings that know a path but no line, with the line; files are relative to `root` or absolute."""
    return tuple(
        f
        if f.where.line
        else replace(f, where=replace(f.where, line=_line(root / f.where.file, f.where.path)))
        for f in findings
    )


def _refused(shown: str, code: str, *said: str, line: int = 0) -> Source:
    """`said`: message, expected, hint."""
    message, expected, hint = (*said, "", "")[:3]
    return Source(shown, None, (Finding(code, Where(shown, line), message, expected, hint),))


def _problem(error: yaml.MarkedYAMLError) -> str:
    parts = [str(part) for part in (error.context, error.problem) if part]
    return " ".join(parts) or "this is not YAML"


class _Builder:
    """Turns composed nodes into plain data and gathers what is refused."""

    def __init__(self, shown: str) -> None:
        self.shown = shown
        self.findings: list[Finding] = []
        self.seen: set[int] = set()

    def refuse(self, node: yaml.Node, path: str, code: str, *said: str) -> None:
        where = Where(self.shown, node.start_mark.line + 1, path)
        message, expected = said
        self.findings.append(Finding(code, where, message, expected))

    def value(self, node: yaml.Node, path: str, depth: int) -> Any:
        if id(node) in self.seen:
            self.refuse(node, path, "yaml-alias", "an alias (*name) is used", "values written out")
            return None
        self.seen.add(id(node))
        if depth > MAX_DEPTH:
            self.refuse(
                node, path, "yaml-depth", "values are nested too deeply", f"at most {MAX_DEPTH} levels"
            )
            return None
        if not node.tag.startswith("tag:yaml.org,2002:") or node.tag.count("python"):
            self.refuse(node, path, "yaml-tag", f"the tag {node.tag} is used", "plain values without tags")
            return None
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, path, depth)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, f"{path}[{i}]", depth + 1) for i, item in enumerate(node.value)]
        return _scalar(cast(yaml.ScalarNode, node))

    def mapping(self, node: yaml.MappingNode, path: str, depth: int) -> dict[str, Any]:
        out: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self.refuse(key_node, path, "yaml-key", "a key is a list or a mapping", "a word as key")
                continue
            key = str(key_node.value)
            here = step_path(path, key)
            if key == "<<" and not key_node.style:
                self.refuse(key_node, path, "yaml-alias", "a merge key (<<) is used", "values written out")
            elif key in out:
                self.refuse(
                    key_node,
                    here,
                    "duplicate-name",
                    f"{key!r} stands twice in the same mapping",
                    "each name once",
                )
            out[key] = self.value(value_node, here, depth + 1)
        return out


def _scalar(node: yaml.ScalarNode) -> Any:
    text = str(node.value)
    if node.style:
        return text
    if text in ("", "~", "null"):
        return None
    if text in ("true", "false"):
        return text == "true"
    if _INT.fullmatch(text) and len(text) < 40:
        return int(text)
    if _FLOAT.fullmatch(text) and len(text) < 40:
        return float(text)
    return text


@lru_cache(maxsize=64)
def _composed(path: Path, stamp: int) -> Any:
    return yaml.compose(path.read_text("utf-8"), Loader=_Loader)


def _line(path: Path, steps: str) -> int:
    """The line of the deepest part of `steps` that the file has; 0 where the file cannot be composed."""
    try:
        node = _composed(path, path.stat().st_mtime_ns)
    except (OSError, ValueError, yaml.YAMLError):
        return 0
    line = node.start_mark.line if node is not None else 0
    for match in _STEP.finditer(steps):
        word, position, quoted = match.groups()
        if isinstance(node, yaml.SequenceNode) and position is not None and int(position) < len(node.value):
            node = node.value[int(position)]
            line = node.start_mark.line
            continue
        key = word if word is not None else yaml.safe_load(quoted) if quoted else None
        pair = _pair(node, key)
        if pair is None:
            break
        line, node = pair[0].start_mark.line, pair[1]
    return int(line) + 1


def _pair(node: Any, key: str | None) -> tuple[yaml.Node, yaml.Node] | None:
    if not isinstance(node, yaml.MappingNode) or key is None:
        return None
    return next(((k, v) for k, v in node.value if str(k.value) == key), None)
