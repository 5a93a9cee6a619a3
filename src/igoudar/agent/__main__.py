"""`igoudar-agent VERB`: one JSON object on stdin, one on stdout; `serve`: many, see serve.py; `watch` and
`boot` are for the units.

What is told to change something goes to the system's log: verb and id.
"""

from __future__ import annotations

import json
import sys
import syslog
from collections.abc import Mapping
from typing import Any

from . import PROTOCOL
from .clock import Clock
from .core import STORE, VERBS, Agent
from .disk import Disk
from .journal import Store
from .masks import hide
from .protocol import Refused
from .serve import serve
from .switch import Switch
from .voting import Ballot
from .windows import boot, watch

LOOKING = ("read", "verify", "status")
SPOKEN = ("error", "problem", "residue", "interfaces", "running_drift")


def answer(agent: Agent, verb: str, request: dict[str, Any]) -> dict[str, Any]:
    """`{"ok": true, ...}` or `{"ok": false, "code": ..., "error": sentence}`; what tools said is masked."""
    values = agent.secrets(request)  # before: what is dropped meanwhile is still to be masked
    told = _answer(agent, verb, request)
    return {key: _masked(value, values) if key in SPOKEN else value for key, value in told.items()}


def _masked(said: Any, values: Mapping[str, str]) -> Any:
    return [hide(line, values) for line in said] if isinstance(said, list) else hide(said, values)


def _answer(agent: Agent, verb: str, request: dict[str, Any]) -> dict[str, Any]:
    try:
        return {"ok": True, "protocol": PROTOCOL, **getattr(agent, verb)(request)}
    except Refused as refused:
        return {"ok": False, "code": refused.code, "error": str(refused)}
    except KeyError as error:
        return {"ok": False, "code": "bad-request", "error": f"no value for {error}"}
    except OSError as error:
        return {"ok": False, "code": "os", "error": str(error)}


def heard(verb: str, request: dict[str, Any]) -> dict[str, Any]:
    if verb not in VERBS:
        return {"ok": False, "code": "bad-request", "error": f"no verb {verb!r}"}
    if verb not in LOOKING:
        syslog.syslog(f"{verb} {request.get('id', '')}")
    try:
        return answer(_agent(), verb, request)
    except Exception:
        import traceback  # noqa: PLC0415 - most of what a start of the agent would read

        for line in traceback.format_exc().splitlines():
            syslog.syslog(syslog.LOG_ERR, line)
        raise


def _agent() -> Agent:
    disk = Disk()
    return Agent(Store(STORE, disk), Switch(disk), Clock(), Ballot(STORE))


def main() -> int:
    syslog.openlog("igoudar-agent")
    verb = sys.argv[1] if len(sys.argv) == 2 else ""
    if verb == "watch":
        watch(_agent())
        return 0
    if verb == "boot":
        try:
            boot(_agent())
        except Refused as refused:
            print(refused, file=sys.stderr)
        return 0
    if verb == "serve":
        serve(heard, sys.stdin.fileno(), sys.stdout.fileno())
        return 0
    if verb not in VERBS:
        expected = ", ".join((*VERBS, "serve", "watch", "boot"))
        print(f"igoudar-agent VERB; expected one of {expected}", file=sys.stderr)
        return 2
    try:
        request = json.load(sys.stdin)
    except ValueError:
        request = None
    if not isinstance(request, dict):
        print(f"igoudar-agent {verb}: expected one JSON object on stdin, such as {{}}", file=sys.stderr)
        return 2
    told = heard(verb, request)
    json.dump(told, sys.stdout)
    return 0 if told["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
