"""Questions to one command that stays: a JSON object a line each way, answers in any order."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from concurrent.futures import Future
from typing import Any

import paramiko

from igoudar.errors import DeviceFailed
from igoudar.transport.session import CHUNK, Session

Answer = dict[str, Any]


class Lines:
    """Safe for several threads. The command answers `{"n": ...}` with the number that it was asked with.

    `advice`: what to do where the command itself complains and ends.
    """

    def __init__(self, session: Session, command: str, advice: str) -> None:
        """Raises DeviceFailed where the session takes no command any more."""
        self.host = session.access.host
        self._session = session
        self._advice = advice
        self._channel = session.begin(command)
        self._waiting = dict[int, Future[Answer]]()
        self._lock = threading.Lock()
        self._last = 0
        self._said = bytearray()
        self._ended = False
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def alive(self) -> bool:
        return not self._ended and self._session.transport.is_active()

    def ask(self, seconds: float, **question: Any) -> Answer:
        """Raises DeviceFailed without an answer in so many seconds, or when the command ends."""
        deadline = time.monotonic() + seconds
        with self._lock:
            if self._ended:
                raise self._gone()
            self._last += 1
            number, answer = self._last, Future[Answer]()
            self._waiting[number] = answer
            try:
                self._channel.settimeout(seconds)
                self._channel.sendall(json.dumps({"n": number, **question}).encode() + b"\n")
            except (OSError, paramiko.SSHException, EOFError) as error:
                self._waiting.pop(number, None)
                self.close()  # half a line may be on its way
                raise self._gone() from error
        try:
            return answer.result(max(deadline - time.monotonic(), 0.0))
        except TimeoutError as error:
            raise self._session.lost(f"did not answer in {seconds:.0f} s") from error
        finally:
            self._waiting.pop(number, None)

    def close(self) -> None:
        self._channel.close()

    def _listen(self) -> None:
        rest = b""
        with contextlib.suppress(OSError, paramiko.SSHException, EOFError, ValueError, KeyError):
            while piece := self._channel.recv(CHUNK):
                *lines, rest = (rest + piece).split(b"\n")
                for line in lines:
                    told: Answer = json.loads(line)
                    if (answer := self._waiting.get(told["n"])) is not None:
                        answer.set_result(told)
        with contextlib.suppress(OSError, paramiko.SSHException, EOFError):
            while piece := self._channel.recv_stderr(CHUNK):
                self._said += piece
        with self._lock:
            self._ended = True
            left, gone = list(self._waiting.values()), self._gone()
        self._channel.close()
        for answer in left:
            if not answer.done():
                answer.set_exception(gone)

    def _gone(self) -> DeviceFailed:
        if said := self._said.decode("utf-8", "replace").strip().splitlines():
            return DeviceFailed(f"{self.host}: {said[-1]}; {self._advice}")
        return self._session.lost("lost the connection")
