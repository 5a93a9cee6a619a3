"""Hardware types that others wrote are read as they are: each device type of the library in ../shared."""

from __future__ import annotations

from pathlib import Path

import pytest

from igoudar import schema
from igoudar.inventory import validated
from igoudar.yaml_source import read_source

LIBRARY = Path(__file__).parents[3] / "shared" / "data" / "devicetype-library"
FILES = sorted((LIBRARY / "device-types").rglob("*.y*ml"))


@pytest.mark.skipif(not LIBRARY.is_dir(), reason="../shared/data/devicetype-library is absent")
def test_the_library_is_there() -> None:
    assert len(FILES) >= 50


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.stem)
def test_a_device_type_of_others_is_read_as_it_is(file: Path) -> None:
    source = read_source(file, file.name)
    hardware, findings = validated(source, schema.DeviceTypeFile)

    assert [*source.findings, *findings] == []
    assert hardware is not None
    assert hardware.u_height >= 0
    assert len(hardware.interfaces) == len(source.data.get("interfaces", []))
