"""The command `pulumi` on the state of a checkout; `scripts/env` need not be sourced for what stands here."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from igoudar.errors import IgoudarError, Missing
from igoudar.tree import runtime_folder


def backend(checkout: Path) -> str:
    """The URL of the state: that of the environment, else under `.igoudar/`."""
    return os.environ.get("PULUMI_BACKEND_URL") or f"file://{runtime_folder(checkout) / 'state'}"


def pulumi(checkout: Path, *words: str, given: str | None = None) -> str:
    """What the command printed. Raises Missing without it, IgoudarError with what it said when it failed."""
    environment = {
        "PULUMI_CONFIG_PASSPHRASE": "",
        "PULUMI_DIY_BACKEND_ZSTD": "1",
        "PULUMI_HOME": str(runtime_folder(checkout) / "pulumi"),
        "PULUMI_SKIP_UPDATE_CHECK": "1",
        **os.environ,
        "PULUMI_BACKEND_URL": backend(checkout),
    }
    try:
        done = subprocess.run(
            ["pulumi", *words],
            cwd=checkout,
            env=environment,
            input=given,
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError as error:
        raise Missing("pulumi is not on PATH; run `. scripts/env` first") from error
    if done.returncode != 0:
        raise IgoudarError(f"pulumi {' '.join(words)}: {done.stderr.strip()}")
    return done.stdout
