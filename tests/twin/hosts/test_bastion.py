"""The hardware path: a switch is reached through the bastion, SSH within SSH, both host keys pinned."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from igoudar import twin
from igoudar.errors import DeviceFailed
from igoudar.transport import Access, Bastion, connect
from igoudar.twin.paths import Folder
from igoudar.twin.waiting import access
from tests.twin import small

pytestmark = [pytest.mark.image, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("bastion") / "run"
    small.up(small.spec("bastion"), path)
    yield path
    twin.down(path, wipe=True)


def through_bastion(folder: Path) -> Access:
    """`sw-1`, which the relay is not asked for: only the bastion is."""
    spec = small.spec("bastion")
    bastion = access(Folder(folder), spec, spec.host("mgmt-1"))
    return replace(access(Folder(folder), spec, spec.host("sw-1")), via=Bastion(bastion))


def test_a_switch_is_reached_through_the_bastion(folder: Path) -> None:
    with connect(through_bastion(folder)) as session:
        assert session.run("hostname; echo $SSH_CONNECTION").out.decode().split()[:2] == ["sw-1", "192.0.2.2"]
        assert session.run("cat", b"x" * 300_000).out == b"x" * 300_000


def test_another_host_key_behind_the_bastion_is_refused(folder: Path) -> None:
    spec = small.spec("bastion")
    wrong = access(Folder(folder), spec, spec.host("sw-2")).host_key
    with pytest.raises(DeviceFailed, match="host key"):
        connect(replace(through_bastion(folder), host_key=wrong))
