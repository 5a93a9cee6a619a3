"""A worker process: one JSON object a line on stdin, one run at a time; answers as JSON lines on stdout.

In: `{"id": 1, "run": "roles", "arguments": {...}}`. Out: any number of `{"id": 1, "event": {...}}`, then
`{"id": 1, "result": {...}}` or `{"id": 1, "error": "..."}`. Logs go to stderr. It ends with its parent.
"""

from __future__ import annotations

from gevent import monkey

if __name__ == "__main__":
    monkey.patch_all()

import ctypes
import importlib
import json
import logging
import os
import signal
import sys
import traceback
from collections.abc import Mapping
from typing import IO, Any

import gevent

from igoudar.errors import IgoudarError

RUNS = {"roles": "igoudar.worker.site_roles"}
PR_SET_PDEATHSIG = 1
PARENT_CHECK_SECONDS = 0.5


def main() -> None:
    parent = int(sys.argv[1]) if len(sys.argv) > 1 else os.getppid()
    die_with(parent)
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # nothing else may write among the answers
    logging.getLogger("pyinfra").setLevel(logging.CRITICAL)  # the result of a host says the same of it
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the parent, which decides
    for line in sys.stdin:
        request = json.loads(line)
        _answer(answers, request["id"], **_outcome(request, answers))


def _outcome(request: Mapping[str, Any], answers: IO[str]) -> dict[str, Any]:
    def emit(event: Mapping[str, Any]) -> None:
        _answer(answers, request["id"], event=event)

    try:
        module = importlib.import_module(RUNS[request["run"]])
        return {"result": module.run(request["arguments"], emit)}
    except IgoudarError as error:
        return {"error": str(error)}
    except Exception as error:
        traceback.print_exc()
        return {"error": f"a defect of ours in a worker: {type(error).__name__}: {error}"}


def _answer(answers: IO[str], identity: int, **said: Any) -> None:
    answers.write(json.dumps({"id": identity, **said}, ensure_ascii=False) + "\n")
    answers.flush()


def die_with(parent: int) -> None:
    """The kernel kills us with the parent; where it forgets (its thread ended first), we look ourselves."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)

    def watch() -> None:
        while os.getppid() == parent:
            gevent.sleep(PARENT_CHECK_SECONDS)
        os._exit(1)

    gevent.spawn(watch)


if __name__ == "__main__":
    main()
