"""The pool as a folder: a snapshot each is a mirror of Debian's form, with the locked packages and no others.

SNAPSHOT/pool/...                        packages; those of an older snapshot are the same file (a link)
SNAPSHOT/dists/SUITE/InRelease           what there is, signed by the operator's key
SNAPSHOT/dists/SUITE/main/binary-ARCHITECTURE/Packages, Packages.gz
"""

from __future__ import annotations

import gzip
import hashlib
import os
import subprocess
from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from igoudar.errors import DeviceFailed, Missing, first_and_more
from igoudar.pool.apt import Apt, Told, locked_of, program, stanza, stanzas
from igoudar.pool.lock import Lock, Locked

TOGETHER = 25  # files of one run of apt's downloader, between two lines of progress
NAMED = 3


def is_right(path: Path, one: Locked) -> bool:
    """Whether this very file is there."""
    if not path.is_file() or path.stat().st_size != one.size:
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == one.sha256


def megabytes(size: int) -> str:
    return f"{size / 10**6:.0f} MB"


def fetch(lock: Lock, sources: Iterable[str], folder: Path, told: Told) -> None:
    """All packages of the lock into its snapshot; those that are there are kept. Raises DeviceFailed.

    `sources`: URIs, asked one after the other. A file that has not its sum is never put in place.
    """
    root, why = folder / lock.snapshot, ""
    missing = [one for one in lock.packages.values() if not _have(root, one, folder)]
    todo, size = len(missing), sum(one.size for one in missing)
    told(f"{len(lock.packages) - todo} of {len(lock.packages)} packages are there, {megabytes(size)} to go")
    with TemporaryDirectory() as state:
        apt = Apt(Path(state), "", lock.architecture, told)
        for source in sources:
            for some in _batches(missing):
                said = apt.download((f"{source}/{one.file}", _part(root, one), one.sha256) for one in some)
                missing = [one for one in missing if one not in some or not _put(root, one)]
                why = said or why
                told(f"{todo - len(missing)} of {todo} packages")
    if missing:
        files = first_and_more([one.file for one in missing], NAMED)
        raise DeviceFailed(f"no source has, with the sum of the lock: {files}; {why}")


def _batches(wanted: list[Locked]) -> Iterator[list[Locked]]:
    yield from [wanted[at : at + TOGETHER] for at in range(0, len(wanted), TOGETHER)]


def _part(root: Path, one: Locked) -> Path:
    return root / f"{one.file}.part"


def _put(root: Path, one: Locked) -> bool:
    part = _part(root, one)
    if not is_right(part, one):
        for left in (part, part.with_name(f"{part.name}.FAILED")):  # as apt names what has another sum
            left.unlink(missing_ok=True)
        return False
    part.chmod(0o644)
    part.replace(root / one.file)
    return True


def _have(root: Path, one: Locked, folder: Path) -> bool:
    """Whether it is there, or in another snapshot, whose file it then is."""
    target = root / one.file
    if is_right(target, one):
        return True
    target.unlink(missing_ok=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    for other in sorted(folder.glob("*Z")):
        if is_right(other / one.file, one):
            os.link(other / one.file, target)
            return True
    return False


def publish(lock: Lock, site: str, folder: Path, signer: str) -> None:
    """Index and signature; `signer` names a secret key of gpg. Raises DeviceFailed, Missing."""
    root = folder / lock.snapshot
    lists = root / "dists" / lock.suite
    index = lists / "main" / f"binary-{lock.architecture}"
    index.mkdir(parents=True, exist_ok=True)
    (lists / "InRelease").unlink(missing_ok=True)
    packages = _index(lock, root)
    (index / "Packages").write_bytes(packages)
    (index / "Packages.gz").write_bytes(gzip.compress(packages, mtime=0))
    (lists / "Release").write_text(_release(lock, site, lists), "utf-8")
    _sign(lists, signer)


def judge(lock: Lock, key: str, folder: Path, kinds: Iterable[Collection[str]]) -> None:
    """As a host would, who trusts `key` alone; `kinds`: what roles of hosts install. Raises DeviceFailed.

    What it refuses has no signature any more.
    """
    root = folder / lock.snapshot
    with TemporaryDirectory() as state:
        known = Path(state) / "key.asc"
        known.write_text(key, "utf-8")
        source = stanza(f"copy:{root.resolve()}", lock.suite, "main", known)
        apt = Apt(Path(state), source, lock.architecture, lambda _: None)
        try:
            apt.update()
            for kind in kinds:
                apt.needed(kind)
        except DeviceFailed as error:
            (root / "dists" / lock.suite / "InRelease").unlink()
            raise DeviceFailed(f"hosts would refuse this snapshot, its signature is gone: {error}") from error


def _index(lock: Lock, root: Path) -> bytes:
    """Of what is in the folder, by Debian's own tool; it has to be the lock, no more and no less."""
    scan = program("dpkg-scanpackages", "dpkg-dev")
    words = [scan, "--arch", lock.architecture, "."]
    done = subprocess.run(words, cwd=root, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise DeviceFailed(f"dpkg-scanpackages: {done.stderr.strip()}")
    text = done.stdout.replace("\nFilename: ./", "\nFilename: ")
    found = {told["Package"]: locked_of(told) for told in stanzas(text)}
    files = {str(path.relative_to(root)) for path in root.rglob("*.deb")}
    strange = sorted(files - {one.file for one in lock.packages.values()})
    strange += [name for name in lock.packages if found.get(name) != lock.packages[name]]
    if strange:
        named = first_and_more(strange, NAMED)
        raise DeviceFailed(f"{root} holds what is not of the lock: {named}; remove it")
    return text.encode()


def _release(lock: Lock, site: str, lists: Path) -> str:
    """Dated by the snapshot. Its `Version` is what hosts look at, so that no mirror gives one for another."""
    made = datetime.strptime(lock.snapshot, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    lines = [
        "Origin: Igoudar",
        f"Label: {site}",
        f"Suite: {lock.suite}",
        f"Codename: {lock.suite}",
        f"Version: {lock.snapshot}",
        f"Date: {format_datetime(made, usegmt=True)}",
        f"Architectures: {lock.architecture}",
        "Components: main",
        "SHA256:",
    ]
    for path in sorted(lists.rglob("Packages*")):
        data = path.read_bytes()
        lines.append(f" {hashlib.sha256(data).hexdigest()} {len(data)} {path.relative_to(lists)}")
    return "".join(f"{line}\n" for line in lines)


def _sign(lists: Path, signer: str) -> None:
    part = lists / "InRelease.part"
    words = ["--yes", "--digest-algo", "SHA512", "--local-user", signer, "--clearsign"]
    words = [program("gpg", "gpg"), *words, "--output", str(part), str(lists / "Release")]
    done = subprocess.run(words, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise Missing(f"gpg does not sign with the key {signer}: {done.stderr.strip()}")
    part.replace(lists / "InRelease")
