"""Asks hosts, many at once: one login a host for the whole run, one exec a question."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from importlib import resources
from math import inf
from types import TracebackType
from typing import Any, TypeVar

from igoudar.errors import DeviceFailed
from igoudar.transport import Access, Session, connect

LOGINS = 32  # at once
ANSWER_SECONDS = 60.0  # until a question must be answered
LATE = "was not asked, the time for all hosts was over"
_T = TypeVar("_T")


class Logins:
    """Open logins by host; `refused` says why there is none. After `seconds` nothing new is begun."""

    def __init__(self, accesses: Mapping[str, Access], seconds: float = inf) -> None:
        self.accesses = dict(accesses)
        self.until = time.monotonic() + seconds
        self.sessions: dict[str, Session] = {}
        self.refused: dict[str, str] = {}
        self.pool = ThreadPoolExecutor(LOGINS)
        self.marker = f"igoudar-verify-{secrets.token_hex(4)}"
        self.script = resources.files("igoudar.verify").joinpath("on_host.py").read_text("utf-8")

    def __enter__(self) -> Logins:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for session in self.sessions.values():
            session.close()
        self.pool.shutdown(wait=False, cancel_futures=True)

    def open(self, hosts: Iterable[str]) -> None:
        """Log in where there is no login yet; what fails is told in `refused`."""
        missing = [h for h in hosts if h in self.accesses and not self._alive(h)]
        for host, (session, why) in self.every(missing, self._open).items():
            if session is None:
                self.refused[host] = why
                self.sessions.pop(host, None)
            else:
                self.sessions[host] = session
                self.refused.pop(host, None)

    def drop(self, host: str) -> None:
        if session := self.sessions.pop(host, None):
            session.close()

    def is_late(self) -> bool:
        return time.monotonic() > self.until

    def _alive(self, host: str) -> bool:
        return host in self.sessions and self.sessions[host].transport.is_active()

    def _open(self, host: str) -> tuple[Session | None, str]:
        if self.is_late():
            return None, LATE
        try:
            return connect(self.accesses[host]), ""
        except DeviceFailed as error:
            return None, str(error)

    def every(self, hosts: Iterable[str], ask: Callable[[str], _T]) -> dict[str, _T]:
        """`ask` of each host, all at once."""
        running = {self.pool.submit(ask, host): host for host in hosts}
        return {running[done]: done.result() for done in as_completed(running)}

    def ask(self, host: str, spec: Mapping[str, Any], seconds: float = ANSWER_SECONDS) -> dict[str, Any]:
        """The answer of `on_host` there; empty, and told in `refused`, where the host did not give one."""
        session = self.sessions.get(host)
        if session is None:
            return {}
        if self.is_late():
            self.refused[host] = LATE
            return {}
        program = f"{self.script}\nmain(json.loads({json.dumps(json.dumps(spec))}))\n"
        try:
            result = session.run(f"sudo -n python3 - {self.marker}", program.encode(), seconds)
            answer: dict[str, Any] = json.loads(result.out)
        except DeviceFailed as error:
            self.refused[host] = str(error)
            return {}
        except ValueError:
            said = result.err.decode(errors="replace").strip().splitlines()
            self.refused[host] = f"{session.access}: {said[-1] if said else 'no answer'}"
            return {}
        self.refused.pop(host, None)
        return answer
