"""`python -m igoudar.twin.packages`: the Debian packages of a twin's image, one a line.

The fixed list of `image/packages.txt`, and all that roles declare of the checkout's sites that have a stack.
"""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from igoudar.compiler import compile_site
from igoudar.day import today
from igoudar.roles import packages
from igoudar.stack_files import stacks_of
from igoudar.tree import find_root


def fixed() -> list[str]:
    text = (resources.files("igoudar.twin") / "image" / "packages.txt").read_text("utf-8")
    return [words[0] for line in text.splitlines() if (words := line.partition("#")[0].split())]


def of_checkout(root: Path) -> list[str]:
    """Raises BadInput and CheckFailed, as the sites do."""
    names = set(fixed())
    for file in sorted((root / "inventory").glob("*/site.yaml")):
        if not stacks_of(file.parent, root):
            continue  # only planned: nothing of it is brought up
        compiled = compile_site(file.parent, root=root, today=today())
        names |= {p for told in compiled.hosts.values() for p in packages(told.values())}
    return sorted(names)


if __name__ == "__main__":
    print("\n".join(of_checkout(find_root(Path.cwd()))))
