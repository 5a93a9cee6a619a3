"""Offline validators: oracles that we did not write judge every rendered text.

    sandbox    an unpacked Debian image in namespaces of its own, without root
    image      where that image is
    oracles/   what judges a text; a module an oracle, found by name

The packages of the twin's image are those of the switches, so that a text judged here is judged as there.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from igoudar.errors import Finding, Where
from igoudar.intent import DeviceIntent
from igoudar.validate import oracles
from igoudar.validate.sandbox import Complaint
from igoudar.vendors import Nos

MOST = 10  # complaints of one text that are worth reading
# (unpacked image, host name, text) -> what the oracle says against it
Validator = Callable[[Path, str, str], list[Complaint]]


def validator(name: str) -> Validator:
    """The one of this name; `igoudar.vendors` has refused a name that there is not."""
    found: Validator = importlib.import_module(f"{oracles.__name__}.{name}").validate
    return found


def validate(
    root: Path,
    texts: Mapping[str, Mapping[str, str]],
    intents: Mapping[str, DeviceIntent],
    folders: Mapping[str, Nos],
) -> tuple[Finding, ...]:
    """Findings of all texts (device -> path -> text), in order. `root` is an unpacked image."""
    jobs = [
        (device, file.path, validator(file.validator), texts[device][file.path])
        for device in texts
        for file in folders[intents[device].nos].files
    ]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        said = pool.map(lambda job: job[2](root, job[0], job[3]), jobs)
        return tuple(
            Finding(
                "invalid-text" if complaint.refused else "not-canonical",
                Where(f"{device}:{path}", complaint.line),
                complaint.said,
                hint=f"igoudar explain {device}:{path}:{complaint.line} names the template line",
            )
            for (device, path, _, _), complaints in zip(jobs, said, strict=True)
            for complaint in complaints[:MOST]
        )
