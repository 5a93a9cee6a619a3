"""Which `pulumi` scripts/engine takes; the build itself is what a cold `scripts/lab` does."""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path

import pytest

from tests.stacks.checkout import ROOT, fresh_environment

HOST = ROOT / "tools/pulumi/host/pulumi-language-python"


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """The folder of an engine that an earlier run built into the cache."""
    digest = hashlib.sha256((ROOT / "tools/pulumi/go.sum").read_bytes()).hexdigest()[:16]
    folder = tmp_path / "cache/engine" / digest / "bin"
    install(folder, "3.259.0", host=False)
    return folder


def install(folder: Path, version: str, *, host: bool = True) -> Path:
    folder.mkdir(parents=True)
    for name in ("pulumi", "pulumi-language-python")[: 1 + host]:
        (folder / name).write_text(f"#!/bin/sh\necho v{version}\n", "utf-8")
        (folder / name).chmod(0o755)
    return folder


def chosen(tmp_path: Path, first: Path | None = None) -> Path:
    clean = fresh_environment()
    path = f"{first}:{clean['PATH']}" if first else clean["PATH"]
    done = subprocess.run(
        [ROOT / "scripts/engine"],
        env={**clean, "PATH": path, "IGOUDAR_CACHE": str(tmp_path / "cache")},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return Path(done.stdout.strip())


@pytest.mark.parametrize("version", ["3.230.0", "3.272.1", "4.0.0"])
def test_a_new_pulumi_on_path_with_its_own_host_is_taken(tmp_path: Path, built: Path, version: str) -> None:
    theirs = install(tmp_path / "theirs", version)

    assert chosen(tmp_path, theirs) == theirs


def test_a_link_to_pulumi_is_followed_to_its_host(tmp_path: Path, built: Path) -> None:
    theirs, links = install(tmp_path / "theirs", "3.240.0"), tmp_path / "links"
    links.mkdir()
    (links / "pulumi").symlink_to(theirs / "pulumi")

    assert chosen(tmp_path, links) == theirs


@pytest.mark.parametrize(("version", "host"), [("3.229.9", True), ("3.99.0", True), ("3.272.0", False)])
def test_an_old_one_or_one_without_host_is_not(tmp_path: Path, built: Path, version: str, host: bool) -> None:
    assert chosen(tmp_path, install(tmp_path / "theirs", version, host=host)) == built


def test_our_host_is_beside_a_built_engine_and_follows_ours(tmp_path: Path, built: Path) -> None:
    assert chosen(tmp_path) == built
    host = built / "pulumi-language-python"
    assert host.read_bytes() == HOST.read_bytes()
    assert os.access(host, os.X_OK)

    host.write_text("of an earlier checkout", "utf-8")
    chosen(tmp_path)
    assert host.read_bytes() == HOST.read_bytes()
