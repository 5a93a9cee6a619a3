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
ALIVE_SECONDS = 5.0  # how often one that does not answer is asked whether it is there
IDLE_SECONDS = 0.002  # between two looks at a channel that takes nothing now
SILENT_SECONDS = 20.0  # no word of any kind for so long: the way, the host or its power is gone


class Lines:
    """Safe for several threads. The command answers `{"n": ...}` with the number that it was asked with.

    It answers a bare `{"n": ...}` at once, so that one who works for long is told from one without power.

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
        self._last, self._heard = 0, time.monotonic()
        self._said = bytearray()
        self._ended = False
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def alive(self) -> bool:
        return not self._ended and self._session.transport.is_active()

    def ask(self, seconds: float, **question: Any) -> Answer:
        """Raises DeviceFailed where no answer comes in time, no word for too long, or the command ends."""
        begun = time.monotonic()
        deadline = begun + seconds
        with self._lock:
            if self._ended:
                raise self._gone()
            self._last += 1
            number, answer = self._last, Future[Answer]()
            self._waiting[number] = answer
            try:
                self._send(json.dumps({"n": number, **question}).encode() + b"\n", deadline)
            except (OSError, paramiko.SSHException, EOFError) as error:
                self._waiting.pop(number, None)
                self.close()  # half a line may be on its way
                raise self._gone() from error
        try:
            while (left := deadline - time.monotonic()) > 0:
                with contextlib.suppress(TimeoutError):
                    return answer.result(min(left, ALIVE_SECONDS))
                self._look(begun)
            raise self._session.lost(f"did not answer in {seconds:.0f} s")
        finally:
            self._waiting.pop(number, None)

    def _look(self, begun: float) -> None:
        """Is it there? Raises DeviceFailed, and ends the login, where it was not heard for too long."""
        if time.monotonic() - max(begun, self._heard) > SILENT_SECONDS:
            self._session.close()
            raise self._session.lost(f"said nothing for {SILENT_SECONDS:.0f} s")
        if not self._lock.acquire(blocking=False):
            return  # another message is being sent
        try:
            if self._channel.send_ready():
                self._send(b'{"n": 0}\n', time.monotonic() + ALIVE_SECONDS)
        except (OSError, paramiko.SSHException, EOFError):
            self.close()
        finally:
            self._lock.release()

    def close(self) -> None:
        self._channel.close()

    def _send(self, line: bytes, deadline: float) -> None:
        """Never waits in the channel: it has one timeout for both ways, and the reader has none."""
        rest = memoryview(line)
        while rest:
            if self._channel.send_ready():
                rest = rest[self._channel.send(bytes(rest[:CHUNK])) :]
            elif time.monotonic() > deadline or self._ended:
                raise TimeoutError
            else:
                time.sleep(IDLE_SECONDS)

    def _listen(self) -> None:
        rest = b""
        with contextlib.suppress(OSError, paramiko.SSHException, EOFError, ValueError, KeyError):
            while piece := self._channel.recv(CHUNK):
                self._heard = time.monotonic()
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
