"""Every code that a finding of ours may carry, read from the source: nothing to be forgotten in a list."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src" / "igoudar"
CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
MAKERS = {  # what makes a finding: position of its code
    "Finding": 0, "Fault": 0, "Misfit": 0, "_fault": 0, "_too_much": 0, "_say": 0, "_refused": 1, "refuse": 2,
    "of": 1, "unknown": 0, "_known": 1, "finding": 0,
    "_warning": 0,
}  # fmt: skip


def codes() -> dict[str, set[str]]:
    """Code -> modules that say it."""
    found: dict[str, set[str]] = {}
    for path in sorted(SOURCE.rglob("*.py")):
        for code in _of(ast.parse(path.read_text("utf-8"))):
            found.setdefault(code, set()).add(str(path.relative_to(SOURCE)))
    return found


def _of(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            at = MAKERS.get(name)
            if at is not None and len(node.args) > at:
                prefix = "unknown-" if name in ("unknown", "_known") else ""
                yield from (prefix + text.replace(" ", "-") for text in _texts(node.args[at]))
        if isinstance(node, ast.Assign | ast.Yield):
            names = [ast.unparse(t) for t in node.targets] if isinstance(node, ast.Assign) else ["yield"]
            if any(word in names for word in ("code", "code, said", "word", "yield")) and node.value:
                first = (
                    node.value.elts[0]
                    if isinstance(node.value, ast.Tuple) and node.value.elts
                    else node.value
                )
                if isinstance(node, ast.Assign) or isinstance(node.value, ast.Tuple):
                    yield from _texts(first)


def _texts(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.IfExp):
        yield from (*_texts(node.body), *_texts(node.orelse))
    elif (
        isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and CODE.fullmatch(node.value.replace(" ", "-"))
    ):
        yield str(node.value)
