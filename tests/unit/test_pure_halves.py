"""What the checkout itself brings: settings of roles and the `describe` half of stacks act on nothing.

The import contracts know the package `igoudar` only, so these files are read here.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ACTING = {"gevent", "grpc", "jinja2", "paramiko", "pyinfra", "socket", "subprocess"}
COMPONENTS = {"pulumi", "igoudar.resources", "igoudar.program", "igoudar.provider"}
SETTINGS = sorted((ROOT / "roles").glob("*/settings.py"))
STACKS = sorted((ROOT / "stacks").glob("*.py"))


def imported(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """(name in this file, module or what is taken from one) of each import, inside functions too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((a.asname or a.name.partition(".")[0], a.name) for a in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((a.asname or a.name, f"{node.module}.{a.name}") for a in node.names)


def under(module: str, packages: set[str]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def used_by(name: str, tree: ast.Module) -> set[str]:
    """Every name that a function uses, and those that the functions and constants behind it use."""
    made: dict[str, ast.AST] = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            made[node.name] = node
        elif isinstance(node, ast.Assign):
            made |= {target.id: node.value for target in node.targets if isinstance(target, ast.Name)}
    seen, left = set[str](), [name]
    while left:
        current = left.pop()
        if current not in seen:
            seen.add(current)
            left += [n.id for n in ast.walk(made.get(current, ast.Pass())) if isinstance(n, ast.Name)]
    return seen


def faults(text: str, *, described: bool) -> set[str]:
    """What a file imports and must not, or what its `describe` uses of the half that registers."""
    tree = ast.parse(text)
    names = dict(imported(tree))
    wrong = {module for module in names.values() if under(module, ACTING)}
    if described:
        used = used_by("describe", tree)
        wrong |= {module for name, module in names.items() if name in used and under(module, COMPONENTS)}
    return wrong


@pytest.mark.parametrize("path", SETTINGS, ids=lambda path: path.parent.name)
def test_settings_of_a_role_act_on_nothing(path: Path) -> None:
    text = path.read_text("utf-8")

    assert faults(text, described=False) == set()
    assert not [module for _, module in imported(ast.parse(text)) if under(module, COMPONENTS)]


@pytest.mark.parametrize("path", STACKS, ids=lambda path: path.stem)
def test_describe_acts_on_nothing_and_registers_nothing(path: Path) -> None:
    assert faults(path.read_text("utf-8"), described=True) == set()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import paramiko.client\n", {"paramiko.client"}),
        ("def f():\n    from subprocess import run\n", {"subprocess.run"}),
        ("import pulumi\ndef describe(i):\n    return LIMIT\nLIMIT = pulumi.get_stack()\n", {"pulumi"}),
        (
            "from igoudar import resources as r\ndef g():\n    r.Record\ndef describe(i):\n    g()\n",
            {"igoudar.resources"},
        ),
        (
            "import pulumi\ndef describe(i):\n    return i\nclass C(pulumi.ComponentResource):\n    pass\n",
            set(),
        ),
    ],
)
def test_what_is_found(text: str, said: set[str]) -> None:
    assert faults(text, described=True) == said
