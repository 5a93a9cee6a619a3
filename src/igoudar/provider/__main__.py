"""`python -m igoudar.provider`: the process that the engine starts."""

from __future__ import annotations

import asyncio
from importlib.metadata import version

from igoudar.process import die_with_parent
from igoudar.provider import resources
from igoudar.provider.kit import serve

if __name__ == "__main__":
    die_with_parent()
    asyncio.run(serve(version("igoudar"), resources()))
