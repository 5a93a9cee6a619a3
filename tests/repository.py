"""A checkout of what `igoudar` reads, under git, with all of it on the branch `main`."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.errors import checkout


def git(root: Path, *words: str) -> str:
    names = ["-c", "user.name=a", "-c", "user.email=a@example.net", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", *names, *words], cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def commit(root: Path, said: str) -> None:
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", said)


def repository(folder: Path) -> Path:
    made = checkout(folder)
    git(made, "init", "-q", "-b", "main")
    commit(made, "as it is")
    return made
