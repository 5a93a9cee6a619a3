"""`python -m igoudar.verify`: asks the devices of a stack, apart from the provider, ended with its parent.

The request is `{root, stack}`, the result that of `found_on_floor`.
"""

from __future__ import annotations

from igoudar.process import die_with_parent

if __name__ == "__main__":
    die_with_parent()  # before imports, which take seconds on a busy machine

import os
import threading
from pathlib import Path
from typing import Any

from igoudar.jobs import Progress, Request, answer
from igoudar.verify.floor import found_on_floor

INTERRUPTED = 1


def ask(request: Request, progress: Progress, stop: threading.Event) -> dict[str, Any]:
    """Nothing is to be cleaned up: an interrupt ends it at once."""
    threading.Thread(target=_leave, args=(stop,), daemon=True).start()
    return found_on_floor(Path(request["root"]), request["stack"], lambda text: progress("", text))


def _leave(stop: threading.Event) -> None:
    stop.wait()
    os._exit(INTERRUPTED)


if __name__ == "__main__":
    answer(ask)
