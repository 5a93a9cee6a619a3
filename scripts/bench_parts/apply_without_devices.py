"""The provider whose transactions reach no device: what `scripts/bench pulumi` starts.

provider   `python -m igoudar.provider`, which starts this file for the process of a transaction
-m ...     `python -m igoudar.apply` without reading the site and without an operator: requests, decisions
           and answers are as in the product
"""

from __future__ import annotations

import asyncio
import sys
import threading
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from igoudar.process import die_with_parent


def provider() -> None:
    from igoudar import jobs  # noqa: PLC0415
    from igoudar.provider import resources  # noqa: PLC0415
    from igoudar.provider.kit import serve  # noqa: PLC0415

    here = Path("bin") / "transaction"
    here.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{__file__}" "$@"\n', "utf-8")
    here.chmod(0o755)
    jobs.sys = SimpleNamespace(executable=str(here.absolute()))  # type: ignore[assignment, attr-defined]
    asyncio.run(serve(version("igoudar"), resources()))


def transaction() -> None:
    from igoudar import runs  # noqa: PLC0415
    from igoudar.apply import __main__ as process  # noqa: PLC0415
    from igoudar.apply.change import concerned, wanted, with_canary  # noqa: PLC0415
    from igoudar.apply.operator import Progress  # noqa: PLC0415
    from igoudar.apply.work import Work  # noqa: PLC0415
    from igoudar.jobs import answer  # noqa: PLC0415

    def update(self: Work, progress: Progress, stop: threading.Event) -> dict[str, Any]:
        names = concerned(self.old, self.new, {})
        wants = {name: wanted(self.old, self.new, name) for name in names}
        for wave in with_canary(self.new["_apply"]["waves"], names):
            for name in wave:
                progress(name, f"{len(wants[name].target)} files")
        return {"txn": runs.new_id(), "unconfirmed": {}, "unreachable": {}, "said": ""}

    Work.update = update  # type: ignore[method-assign]
    answer(process.transaction)


if __name__ == "__main__":
    die_with_parent()
    if sys.argv[1] == "provider":
        sys.argv.pop(1)
        provider()
    else:
        transaction()
