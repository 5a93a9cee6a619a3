"""`python -m igoudar.apply`: one transaction, apart from the provider, ended with its parent.

The request is `{run, root, old, new, outputs}`, `run` being `update` or `read`.
"""

from __future__ import annotations

from igoudar.process import die_with_parent

if __name__ == "__main__":
    die_with_parent()  # before imports, which take seconds on a busy machine

import threading
from pathlib import Path
from typing import Any

from igoudar.apply.work import Work
from igoudar.jobs import Progress, Request, answer


def transaction(request: Request, progress: Progress, stop: threading.Event) -> dict[str, Any]:
    work = Work(Path(request["root"]), request["old"], request["new"], request["outputs"])
    return work.read(progress) if request["run"] == "read" else work.update(progress, stop)


if __name__ == "__main__":
    answer(transaction)
