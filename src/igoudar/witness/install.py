"""Which files make the register on a management host; the role `witness` puts them there."""

from __future__ import annotations

from collections.abc import Mapping

from igoudar.agent.install import modules

FOLDER = "/usr/lib/igoudar/witness"
COMMAND = "/usr/sbin/igoudar-witness"
LAUNCHER = """#!/bin/sh
# A switch that asks (sshd forces this command), or the operator: the register of decisions (see {folder}).
PYTHONPATH=/usr/lib/igoudar exec /usr/bin/python3 -S -m witness "$@"
"""


def witness_files() -> Mapping[str, tuple[str, str]]:
    """Path on the host -> (text, mode)."""
    files = modules("igoudar.witness", FOLDER)
    files[COMMAND] = (LAUNCHER.format(folder=FOLDER), "0755")
    return files
