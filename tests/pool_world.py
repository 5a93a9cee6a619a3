"""Packages, sources and keys for tests of the pool: tiny, and made by the real tools."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

TOOLS = ("apt-get", "dpkg-deb", "dpkg-scanpackages", "gpg")
needs_tools = pytest.mark.skipif(
    not all(map(shutil.which, TOOLS)), reason=f"needs {', '.join(TOOLS)} (Debian: dpkg-dev, gpg)"
)


def run(*words: object, **more: object) -> str:
    done = subprocess.run([*map(str, words)], capture_output=True, text=True, check=False, **more)  # type: ignore[call-overload]
    assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
    return str(done.stdout)


def deb(root: Path, name: str, fields: Mapping[str, str], text: str = "") -> Path:
    """A package that holds one file."""
    made = root / "made" / name
    (made / "DEBIAN").mkdir(parents=True, exist_ok=True)
    (made / "usr").mkdir(exist_ok=True)
    (made / "usr" / name).write_text(f"{name} {text}\n")
    told = {
        "Package": name,
        "Architecture": "all",
        "Maintainer": "a <a@example>",
        "Description": name,
        **fields,
    }
    (made / "DEBIAN" / "control").write_text("".join(f"{key}: {value}\n" for key, value in told.items()))
    version = fields["Version"].partition(":")[2] or fields["Version"]
    target = root / "pool" / "main" / f"{name}_{version}_all.deb"
    target.parent.mkdir(parents=True, exist_ok=True)
    run("dpkg-deb", "--build", "--root-owner-group", "-Znone", made, target)
    shutil.rmtree(root / "made")
    return target


def upstream(root: Path, wanted: Mapping[str, Mapping[str, str]], signer: str) -> None:
    """A mirror of Debian's form, with an index as anybody makes it."""
    for name, fields in wanted.items():
        deb(root, name, fields)
    lists = root / "dists" / "trixie"
    (lists / "main" / "binary-amd64").mkdir(parents=True, exist_ok=True)
    index = run("dpkg-scanpackages", "pool", cwd=root)
    (lists / "main" / "binary-amd64" / "Packages").write_text(index)
    digest = run("sha256sum", "main/binary-amd64/Packages", cwd=lists).split()[0]
    head = "Suite: trixie\nDate: Fri, 20 Nov 2026 00:00:00 GMT\nArchitectures: amd64\nSHA256:\n"
    (lists / "Release").write_text(f"{head} {digest} {len(index.encode())} main/binary-amd64/Packages\n")
    run("gpg", "--yes", "-u", signer, "--clearsign", "-o", lists / "InRelease", lists / "Release")


@dataclass(frozen=True)
class Keys:
    """Public keys, armored, by the name of their owner."""

    pool: str
    stranger: str


@contextmanager
def made_keys() -> Iterator[Keys]:
    """In a home of gpg's own; a short path, since its sockets have to fit."""
    with tempfile.TemporaryDirectory(prefix="g") as home, pytest.MonkeyPatch.context() as patch:
        patch.setenv("GNUPGHOME", home)
        for name in ("pool", "stranger"):
            run("gpg", "--batch", "--passphrase", "", "--quick-gen-key", f"{name}@example", "ed25519", "sign")
        yield Keys(*(run("gpg", "--armor", "--export", f"{name}@example") for name in ("pool", "stranger")))
        run("gpgconf", "--kill", "gpg-agent")
