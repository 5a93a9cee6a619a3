"""`python -m igoudar.provider`: the process that the engine starts."""

from __future__ import annotations

from igoudar.process import die_with_parent

if __name__ == "__main__":
    die_with_parent()  # before imports, which take seconds on a busy machine

import asyncio
from importlib.metadata import version

from igoudar.provider import resources
from igoudar.provider.kit import serve

if __name__ == "__main__":
    asyncio.run(serve(version("igoudar"), resources()))
