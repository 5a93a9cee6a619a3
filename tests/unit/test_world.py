"""A record is about one world, and an update never takes it to another."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from igoudar.provider import resources
from igoudar.provider.kit import Context, Kind, ResourceFailure
from igoudar.provider.world import RESOURCES
from igoudar.world import world

(WORLD,) = RESOURCES
TWIN, HARDWARE = {"world": "twin 3f2a01"}, {"world": "hardware"}


def context() -> Context:
    return Context("lab", "urn", False, asyncio.Event(), None)


def test_the_provider_serves_it() -> None:
    assert "igoudar:site:World" in {resource.token for resource in resources()}


def test_which_world(tmp_path: Path) -> None:
    folder = tmp_path / ".igoudar" / "twin" / "lab"
    folder.mkdir(parents=True)
    assert world("lab", tmp_path) == "hardware"
    (folder / "twin.json").write_text("{}")
    assert world("lab", tmp_path) == "twin"
    (folder / "id").write_text("3f2a01")
    assert world("lab", tmp_path) == "twin 3f2a01"
    assert world("other", tmp_path) == "hardware"


def test_another_world_is_shown_and_refused() -> None:
    diff = asyncio.run(WORLD.diff(TWIN, HARDWARE, {}, context()))
    assert diff.changes == {'["world"]': Kind.UPDATE}
    said = "the record is about the twin 3f2a01, and this run would reach hardware; nothing was started"
    with pytest.raises(ResourceFailure, match=said):
        asyncio.run(WORLD.update(TWIN, HARDWARE, {}, context()))


def test_the_same_world_is_no_change() -> None:
    assert asyncio.run(WORLD.diff(TWIN, TWIN, {}, context())).changes == {}
    assert asyncio.run(WORLD.create(TWIN, context())) == ("lab", {})
    assert asyncio.run(WORLD.read("lab", TWIN, {}, context())) == (TWIN, {})
