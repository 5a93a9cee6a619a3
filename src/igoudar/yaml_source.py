"""Reading the YAML that people write: plain data out, findings for everything that is not plain data.

The accepted language is small on purpose: mappings, lists and scalars of YAML 1.2's core schema. Tags,
anchors, aliases, merge keys, several documents, repeated keys and control characters are refused, each with
its line. A plain scalar is null, true, false, a decimal integer or float, else text: `no`, `1:30` and `08`
stay text.
Lines are looked up again only when a finding needs one (`locate`).
"""

from __future__ import annotations

import math
import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, cast

import yaml

from igoudar.errors import Finding, Where, step_path

MAX_BYTES = 16 * 1024 * 1024
MAX_DEPTH = 40
_TOO_DEEP = ("values are nested too deeply", f"at most {MAX_DEPTH} levels")

_INT = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_CONFLICT = re.compile(r"^(<{7}|={7}|>{7}|\|{7})([ \r]|$)", re.MULTILINE)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029]")
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
        facts = path.stat()
        if not stat.S_ISREG(facts.st_mode):  # reading a pipe or a device may never end
            return _refused(shown, "not-a-file", "this is not a file", "a file of YAML")
        if facts.st_size > MAX_BYTES:
            return _too_large(shown, facts.st_size)
        raw = path.read_bytes()
    except OSError as error:
        reason = (error.strerror or "input or output failed").lower()
        return _refused(shown, "unreadable", f"the file cannot be read: {reason}", "a readable file")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        return _refused(
            shown, "not-utf8", "this byte is not UTF-8", "UTF-8 text", "save the file as UTF-8", line=line
        )
    return parse_source(text, shown)


def _too_large(shown: str, size: int) -> Source:
    return _refused(
        shown,
        "too-large",
        f"the file has {size / 1024**2:.0f} MB",
        f"at most {MAX_BYTES // 1024**2} MB",
        "split it: all YAML files of the folder are read",
    )


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
    if control := _CONTROL.search(text):
        line = text.count("\n", 0, control.start()) + 1
        said = f"the control character U+{ord(control.group()):04X} stands here"
        return _refused(shown, "yaml-control", said, "printable text", line=line)
    try:
        if strange := tuple(_beyond_plain(text, shown)):
            return Source(shown, None, strange)
        root = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 0
        if "nesting depth" in str(error.problem):
            return _refused(shown, "yaml-depth", *_TOO_DEEP, line=line)
        if re.match(r" *\t", "".join(text.splitlines()[line - 1 : line])):
            return _refused(shown, "yaml-syntax", "a tab indents this line", "spaces", line=line)
        return _refused(shown, "yaml-syntax", _problem(error), "", _cause(error), line=line)
    except (yaml.YAMLError, ValueError) as error:
        return _refused(shown, "yaml-syntax", f"this is not YAML: {str(error).splitlines()[0]}", line=1)
    builder = _Builder(shown)
    data = builder.value(root, "", 0) if root is not None else None
    return Source(shown, None if builder.findings else {} if data is None else data, tuple(builder.findings))


def _beyond_plain(text: str, shown: str) -> Iterator[Finding]:
    """Tags, anchors and aliases. Most files have none of the three signs, and are not read twice."""
    if not any(sign in text for sign in "!&*"):
        return
    said: set[tuple[type[yaml.Event], str]] = set()  # a bomb uses a few names very often
    for event in yaml.parse(text, Loader=_Loader):
        mark = event.start_mark
        where = Where(shown, mark.line + 1 if mark else 0)
        anchor, tag = getattr(event, "anchor", None), getattr(event, "tag", None)
        if tag is not None:
            short = str(tag).replace("tag:yaml.org,2002:", "!!")
            yield Finding("yaml-tag", where, f"the tag {short} is used", "plain values without tags")
        if anchor is None or (type(event), anchor) in said:
            continue
        said.add((type(event), anchor))
        if isinstance(event, yaml.AliasEvent):
            yield Finding("yaml-alias", where, f"the alias *{anchor} is used", "values written out")
        else:
            yield Finding("yaml-alias", where, f"the anchor &{anchor} is used", "values written out")


def locate(findings: Iterable[Finding], root: Path) -> tuple[Finding, ...]:
    """Findings that know a path but no line, with the line; files are relative to `root` or absolute."""
    return tuple(
        replace(f, where=_located(f.where, root), see=_located(f.see, root) if f.see else None)
        for f in findings
    )


def _located(where: Where, root: Path) -> Where:
    return where if where.line else replace(where, line=_line(root / where.file, where.path))


def _refused(shown: str, code: str, *said: str, line: int = 0) -> Source:
    """`said`: message, expected, hint."""
    message, expected, hint = (*said, "", "")[:3]
    return Source(shown, None, (Finding(code, Where(shown, line), message, expected, hint),))


def _problem(error: yaml.MarkedYAMLError) -> str:
    """libyaml's sentence, and where the thing begins that it was reading."""
    if str(error.problem).startswith("but found another document"):
        return "a second document begins here; expected one document a file"
    said = f"this is not YAML: {error.problem}"
    if error.context is None:
        return said
    said += f" {error.context}"
    begun, met = error.context_mark, error.problem_mark
    return (
        f"{said} that begins on line {begun.line + 1}" if begun and met and begun.line != met.line else said
    )


def _cause(error: yaml.MarkedYAMLError) -> str:
    """What such a sentence of libyaml mostly comes from."""
    begun, met = error.context_mark, error.problem_mark
    in_brackets = str(error.problem).startswith("did not find expected ','")
    if in_brackets and begun and met and begun.line != met.line:
        return ""  # perhaps a bracket that was never closed
    if in_brackets or str(error.problem).startswith("mapping values are not allowed"):
        return "a text with a colon, a comma or a bracket in it stands in quotes"
    return ""


class _Builder:
    """Turns composed nodes into plain data and gathers what is refused."""

    def __init__(self, shown: str) -> None:
        self.shown = shown
        self.findings: list[Finding] = []

    def refuse(self, node: yaml.Node, path: str, code: str, *said: str) -> None:
        where = Where(self.shown, node.start_mark.line + 1, path)
        message, expected = said
        self.findings.append(Finding(code, where, message, expected))

    def value(self, node: yaml.Node, path: str, depth: int) -> Any:
        if depth > MAX_DEPTH:
            self.refuse(node, f"{path[:40]}...", "yaml-depth", *_TOO_DEEP)
            return None
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, path, depth)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, f"{path}[{i}]", depth + 1) for i, item in enumerate(node.value)]
        scalar = cast(yaml.ScalarNode, node)
        self.printable(scalar, path)
        return _scalar(scalar)

    def printable(self, node: yaml.ScalarNode, path: str) -> None:
        """Escapes in quotes can bring in what the text itself may not hold."""
        if node.style == '"' and (control := _CONTROL.search(str(node.value))):
            said = f"the text holds the control character U+{ord(control.group()):04X}"
            self.refuse(node, path, "yaml-control", said, "printable text")

    def mapping(self, node: yaml.MappingNode, path: str, depth: int) -> dict[str, Any]:
        out: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self.refuse(key_node, path, "yaml-key", "a key is a list or a mapping", "a word as key")
                continue
            key = str(key_node.value)
            here = step_path(path, key)
            self.printable(key_node, here)
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
    if _FLOAT.fullmatch(text) and len(text) < 40 and math.isfinite(float(text)):
        return float(text)
    return text


@lru_cache(maxsize=64)
def _composed(path: Path, stamp: int) -> Any:
    return yaml.compose(path.read_text("utf-8"), Loader=_Loader)


def with_scalars(text: str, changes: Mapping[str, tuple[str, str]]) -> tuple[str, list[str]]:
    """The text with other values at some paths, each given with what stands there; all else stays as it is.

    And the paths at which something else stands, or nothing, which are left alone.
    """
    body = text.removeprefix("\ufeff")  # the parser does not count it
    root = yaml.compose(body, Loader=_Loader)
    spans: list[tuple[int, int, str]] = []
    left: list[str] = []
    for path, (old, new) in changes.items():
        found = _descended(root, path)
        marks = (found.node.start_mark, found.node.end_mark) if found.whole else ()
        begin, end = (mark.index for mark in marks) if marks else (0, 0)
        if body[begin:end].strip("\"'") == old:
            spans.append((begin, end, new))
        else:
            left.append(path)
    for begin, end, new in sorted(spans, reverse=True):
        body = body[:begin] + new + body[end:]
    return text[: len(text) - len(text.removeprefix("\ufeff"))] + body, left


class _Reached(NamedTuple):
    """The deepest part of a path that a file has: its line from 0, and whether it is all of the path."""

    line: int
    node: Any
    whole: bool


def entry_at(where: Where, root: Path) -> tuple[Where, Any] | None:
    """What stands at exactly this path: the place with its line, and plain data. None where nothing does."""
    found = _reached(root / where.file, where.path)
    if found is None or not found.whole or found.node is None:
        return None
    return replace(where, line=found.line + 1), _Builder(where.file).value(found.node, "", 0)


def _line(path: Path, steps: str) -> int:
    """The line of the deepest part of `steps` that the file has; 0 where the file cannot be composed."""
    found = _reached(path, steps)
    return found.line + 1 if found else 0


def _reached(path: Path, steps: str) -> _Reached | None:
    """None where the file cannot be composed."""
    try:
        facts = path.stat()
        if not stat.S_ISREG(facts.st_mode) or facts.st_size > MAX_BYTES:
            return None
        node = _composed(path, facts.st_mtime_ns)
    except (OSError, ValueError, yaml.YAMLError):
        return None
    return _descended(node, steps)


def _descended(node: Any, steps: str) -> _Reached:
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
            return _Reached(line, node, whole=False)
        line, node = pair[0].start_mark.line, pair[1]
    return _Reached(int(line), node, whole=True)


def _pair(node: Any, key: str | None) -> tuple[yaml.Node, yaml.Node] | None:
    if not isinstance(node, yaml.MappingNode) or key is None:
        return None
    return next(((k, v) for k, v in node.value if str(k.value) == key), None)
