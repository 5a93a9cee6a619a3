"""The twin's disk image as a folder: the packages of a switch, to be run by the validators."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from igoudar.errors import Missing

LINKS = {name: f"usr/{name}" for name in ("bin", "sbin", "lib", "lib64")} | {"var/run": "../run"}
FOLDERS = ("run", "tmp", "dev", "proc", "sys", "var/log", "var/tmp", "var/lib/frr", "etc/frr")


def cache_folder() -> Path:
    """Where downloads and images are kept."""
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(os.environ.get("IGOUDAR_CACHE") or base / "igoudar")


def cached(root: Path) -> Path:
    """The unpacked image of this checkout, if it was made before. Raises Missing."""
    asked = [str(root / "scripts" / "image"), "--cached"]
    try:
        made = subprocess.run(asked, cwd=root, capture_output=True, text=True, check=False)
    except OSError as error:
        raise Missing("there is no scripts/image in this checkout") from error
    if made.returncode != 0:
        raise Missing("no image in the cache; scripts/setup image makes it")
    return unpacked(Path(made.stdout.strip()) / "disk.ext4", cache_folder())


def unpacked(image: Path, cache: Path) -> Path:
    """The programs and settings of an ext4 image, unpacked once for each image. Needs no root.

    Raises Missing where the image or the tool is not there.
    """
    if not image.is_file():
        raise Missing(f"there is no disk image {image}; scripts/setup image makes it")
    facts = image.stat()
    identity = f"{image.resolve()} {facts.st_size} {facts.st_mtime_ns} {LINKS} {FOLDERS}"
    target = cache / "validate" / hashlib.sha256(identity.encode()).hexdigest()[:16]
    if target.is_dir():
        return target
    tool = shutil.which("debugfs", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if tool is None:
        raise Missing("there is no debugfs; it is in the package e2fsprogs")
    part = target.with_name(f"{target.name}.{os.getpid()}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    for folder in ("usr", "etc"):
        # it complains of owners that only root could give; what matters is looked at below
        subprocess.run([tool, "-R", f"rdump /{folder} {part}", str(image)], capture_output=True, check=False)
    if not (part / "usr/lib/frr/bgpd").is_file():
        shutil.rmtree(part, ignore_errors=True)
        raise Missing(f"the disk image {image} cannot be unpacked, or holds no FRR")
    _complete(part)
    part.rename(target)
    return target


def _complete(folder: Path) -> None:
    """What Debian has beside `usr` and `etc`."""
    for name in FOLDERS:
        (folder / name).mkdir(parents=True, exist_ok=True)
    for name, target in LINKS.items():
        if not (folder / name).exists():
            (folder / name).symlink_to(target)
