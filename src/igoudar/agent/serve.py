"""Many messages over one login, each answered by a process of its own, forked when all is loaded.

In comes a line a message, `{"n": 3, "verb": "arm", "request": {...}}`; out goes a line an answer with its
`n`, as each is ready: an `extend` overtakes an `apply`. A message without a verb asks whether anybody is
there. It ends with its input; what is being done goes on.
"""

from __future__ import annotations

import json
import os
import selectors
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Answering = Callable[[str, dict[str, Any]], Mapping[str, Any]]
CHUNK = 65536
ENDED = "ended"
NO_ANSWER = {"ok": False, "code": ENDED, "error": "its agent was ended before it answered, see its log"}


@dataclass
class Asked:
    """A message that is being answered: its number, the process that does it, and what that has said."""

    number: Any
    process: int
    said: bytearray = field(default_factory=bytearray)


def serve(answering: Answering, source: int, sink: int) -> None:
    """Until `source` ends, or nobody reads `sink` any more."""
    asked: dict[int, Asked] = {}
    rest = b""
    with selectors.DefaultSelector() as looking:
        looking.register(source, selectors.EVENT_READ)
        while True:
            for key, _ in looking.select():
                piece = _read(key.fd)
                if key.fd != source and piece:
                    asked[key.fd].said += piece
                elif key.fd != source:
                    looking.unregister(key.fd)
                    os.close(key.fd)
                    if not _told(asked.pop(key.fd), sink):
                        return
                elif piece:
                    *lines, rest = (rest + piece).split(b"\n")
                    for message in map(json.loads, lines):
                        if "verb" in message:
                            handle, begun = _begun(answering, message, (source, sink))
                            asked[handle] = begun
                            looking.register(handle, selectors.EVENT_READ)
                        elif not _sent(message, sink):
                            return
                else:
                    return


def _read(handle: int) -> bytes:
    try:
        return os.read(handle, CHUNK)
    except ConnectionError:
        return b""


def _begun(answering: Answering, message: Mapping[str, Any], ours: tuple[int, int]) -> tuple[int, Asked]:
    """The end of a pipe where the answer will come, and who makes it."""
    here, there = os.pipe()
    process = os.fork()
    if process:
        os.close(there)
        return here, Asked(message["n"], process)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for handle in ours:  # the login may end before the work does
        os.dup2(nowhere, handle)
    try:
        told = answering(message["verb"], message["request"])
        with os.fdopen(there, "w", encoding="utf-8") as out:
            json.dump(told, out)
    except BrokenPipeError:
        pass  # nobody waits for it any more
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(0)


def _told(asked: Asked, sink: int) -> bool:
    """The answer goes out; False where nobody takes it."""
    os.waitpid(asked.process, 0)
    try:
        told = json.loads(asked.said)
    except ValueError:  # nothing, or half of it
        told = NO_ANSWER
    return _sent({**told, "n": asked.number}, sink)


def _sent(told: Mapping[str, Any], sink: int) -> bool:
    rest = memoryview(json.dumps(told).encode() + b"\n")
    try:
        while rest:
            rest = rest[os.write(sink, rest) :]
    except ConnectionError:
        return False
    return True
