"""The pure half of every role stays pure: reading all settings loads nothing that acts."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
ACTING = ("pyinfra", "gevent", "paramiko", "jinja2", "grpc", "pulumi")
PROGRAM = f"""
import sys
from pathlib import Path
before = set(sys.modules)
from igoudar.roles import load_roles
load_roles(Path("roles"))
print(*sorted(set({ACTING!r}) & (set(sys.modules) - before)))
"""


def test_reading_settings_loads_nothing_that_acts() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert done.stdout.split() == []
