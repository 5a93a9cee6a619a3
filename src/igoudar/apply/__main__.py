"""`python -m igoudar.apply`: one transaction, apart from the provider, ended with its parent.

One JSON object on stdin: `{run, root, old, new, outputs}`, `run` being `update` or `read`. Events and one
result a line on stdout. A second line on stdin, whatever it says, cancels.
"""

from __future__ import annotations

from igoudar.process import die_with_parent

if __name__ == "__main__":
    die_with_parent()  # before imports, which take seconds on a busy machine

import json
import sys
import threading
import traceback
from pathlib import Path
from typing import Any

from igoudar.apply.work import Work
from igoudar.errors import IgoudarError


def _await_cancel(stop: threading.Event) -> None:
    sys.stdin.readline()
    stop.set()


def main() -> None:
    request: dict[str, Any] = json.loads(sys.stdin.readline())
    stop = threading.Event()
    threading.Thread(target=_await_cancel, args=(stop,), daemon=True).start()
    lock = threading.Lock()

    def tell(**said: Any) -> None:
        with lock:
            print(json.dumps(said), flush=True)

    def progress(name: str, text: str) -> None:
        tell(event="progress", name=name, text=text)

    work = Work(Path(request["root"]), request["old"], request["new"], request["outputs"])
    try:
        result = work.read(progress) if request["run"] == "read" else work.update(progress, stop)
    except IgoudarError as error:
        tell(event="failed", error=str(error))
    except Exception as error:  # a defect of ours: every armed switch was put back, the trace is for us
        traceback.print_exc()
        tell(event="failed", error=f"internal error: {type(error).__name__}: {error}")
    else:
        tell(event="done", result=result)


if __name__ == "__main__":
    main()
