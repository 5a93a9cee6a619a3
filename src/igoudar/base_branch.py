"""The site as another commit has it: read from git, into a temporary folder or as text."""

from __future__ import annotations

import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from igoudar.errors import BadInput, CheckFailed, Finding, Where
from igoudar.inventory import load
from igoudar.model import Inventory
from igoudar.vanished import moved, vanished
from igoudar.yaml_source import locate


def text_at(root: Path, commit: str, path: Path) -> str | None:
    """The text of a file at a commit; None where the commit or the file is not there."""
    inside = path.absolute()
    if not inside.is_relative_to(root):
        return None
    done = _git(root, "show", f"{commit}:./{inside.relative_to(root)}")
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else None


@contextmanager
def tree_at(root: Path, commit: str) -> Iterator[Path]:
    """The whole checkout as it was at a commit, in a folder that goes away. Raises BadInput.

    Findings that stop the work in it name their places `COMMIT:file`.
    """
    done = _git(root, "archive", "--format=tar", commit)
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines() or ["git failed"]
        raise BadInput([no_base(commit, said[-1])])
    with TemporaryDirectory(prefix="igoudar-base-") as folder:
        with tarfile.open(fileobj=BytesIO(done.stdout)) as archive:
            archive.extractall(folder, filter="data")
        try:
            yield Path(folder)
        except (BadInput, CheckFailed) as error:
            raise type(error)(_as_of(commit, f) for f in error.findings) from error


def vanished_since(root: Path, commit: str, folder: Path, now: Inventory) -> tuple[Finding, ...]:
    """What may not vanish or move of the site in `folder` as it was at a commit, whose places are
    named `COMMIT:file`.

    Raises BadInput where the site lies outside of the checkout, the commit is unknown or cannot be read.
    """
    if not folder.is_relative_to(root):
        where = Where(str(folder))
        raise BadInput([Finding("outside-checkout", where, "the site lies outside of the checkout")])
    require(root, commit)
    if not _changed(root, commit, folder):
        return ()
    with tree_at(root, commit) as tree:
        before = tree / folder.relative_to(root)
        if not before.is_dir():
            return ()
        base = load(before, tree)
        gone = (_as_of(commit, f) for f in locate(vanished(base, now), tree))
        return *gone, *(_seen_at(commit, f, root, tree) for f in moved(base, now))


def _as_of(commit: str, finding: Finding) -> Finding:
    where, see = finding.where, finding.see
    there = replace(see, file=f"{commit}:{see.file}") if see else None
    return replace(finding, where=replace(where, file=f"{commit}:{where.file}"), see=there)


def _seen_at(commit: str, finding: Finding, root: Path, tree: Path) -> Finding:
    """A finding of the checkout whose `see` is in the tree of the commit."""
    (before,) = locate([replace(finding, where=finding.see or finding.where)], tree)
    (here,) = locate([replace(finding, see=None)], root)
    return replace(here, see=replace(before.where, file=f"{commit}:{before.where.file}"))


def _changed(root: Path, commit: str, folder: Path) -> bool:
    """Whether a file of the site is another, or gone; what is new takes nothing away."""
    return _git(root, "diff", "--quiet", commit, "--", str(folder)).returncode != 0


def require(root: Path, commit: str) -> None:
    """Raises BadInput where the checkout has no such commit."""
    done = _git(root, "rev-parse", "--verify", "--quiet", f"{commit}^{{commit}}")
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines() or [f"{commit} is unknown"]
        raise BadInput([no_base(commit, said[-1])])


def no_base(commit: str, said: str) -> Finding:
    """`said`: git's last line."""
    message = f"git has no such commit here: {said.removeprefix('fatal: ')}"
    return Finding(
        "no-base", Where(commit), message, "a branch or commit of this checkout", "name one by --base"
    )


def _git(root: Path, *words: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["git", "-C", str(root), *words], capture_output=True, check=False)
