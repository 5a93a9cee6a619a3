"""The word of a new login to a host that goes back by itself, and what became of one that heard none.

The login that changed the host proves nothing: it was there before. So does whoever confirms it open one of
his own, with the same key, to the same pinned host key, and by sudo.
"""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable
from dataclasses import replace

from paramiko import SSHException

from igoudar.errors import DeviceFailed, IgoudarError
from igoudar.transport import Access, connect
from igoudar.transport.session import CONNECT_SECONDS
from igoudar.worker.lockout import FOLDER, Window
from igoudar.worker.results import HostResult

# Interfaces that were set anew take a while; the rest of the window belongs to a human who looks.
SHARE = 2 / 3
# sshd closes its port while it begins anew with what a role changed, for 10 to 60 ms: who comes just then is
# refused, and comes again soon. It (9.8 and newer) also shuts out for a while who is refused often: later
# tries are far apart, a fifth of the time each, and there is none while the window must end.
TRIES = 5
PAUSE_SECONDS = 0.5
BACK_SECONDS = 60.0  # going back, and a port that comes up again, after the window
PROGRAM = f'if [ -s {FOLDER}/back ]; then exec sh {FOLDER}/back "$@"; else echo none; fi'
BY_HAND = f"on its console: `sh {FOLDER}/back now`"


def settled(access: Access, window: Window, result: HostResult) -> HostResult:
    """The result of a host that is armed: confirmed, or failed with what became of the change."""
    words, why = _tried(access, "confirm", window, window.seconds * SHARE, lambda _: True)
    if words[:1] == ["confirmed"]:
        return result
    if not words:
        time.sleep(window.seconds * (1 - SHARE))
        words, _ = _tried(access, "status", window, BACK_SECONDS, _is_over)
    before = f"{result.message}; " if result.message else ""
    message = f"{before}changed, but a new login did not come through{f': {why}' if why else ' in time'}; "
    return replace(result, status="failed", message=message + _became(words, window))


def after_break(access: Access, window: Window, result: HostResult) -> HostResult:
    """The result of a host whose session broke: whether it was armed, and what became of it."""
    words, _ = _tried(access, "status", window, _left(window), _is_over)
    if words[:1] == ["none"]:
        return result
    return replace(result, message=f"{result.message}; {_became(words, window)}")


def _left(window: Window) -> float:
    return window.seconds + BACK_SECONDS


def _is_over(words: list[str]) -> bool:
    return words[0] not in ("armed", "running")


def _tried(
    access: Access, verb: str, window: Window, seconds: float, enough: Callable[[list[str]], bool]
) -> tuple[list[str], str]:
    """The host's last words, none where no login came through, and why the last one did not."""
    deadline, words, why = time.monotonic() + seconds, list[str](), ""
    pause, longest = PAUSE_SECONDS, seconds / (TRIES if verb == "confirm" else 2 * TRIES)
    while True:
        try:
            words, why = _asked(access, verb, window), ""
        except (IgoudarError, SSHException, OSError, EOFError) as error:
            words, why = [], str(error) or type(error).__name__
        if (words and enough(words)) or time.monotonic() + pause >= deadline:
            return words, why
        time.sleep(pause)
        pause = max(PAUSE_SECONDS, min(2 * pause, longest))


def _asked(access: Access, verb: str, window: Window) -> list[str]:
    """`back VERB RUN` over a login of its own. Raises DeviceFailed."""
    command = f"sudo -n sh -c {shlex.quote(PROGRAM)} back {verb} {shlex.quote(window.run)}"
    with connect(access, min(CONNECT_SECONDS, max(window.seconds * SHARE, 1.0))) as session:
        done = session.run(command, timeout=CONNECT_SECONDS + window.step)
    if done.status != 0 or not (words := done.out.decode("utf-8", "replace").split()):
        said = done.err.decode("utf-8", "replace").strip() or f"it ended with {done.status}"
        raise DeviceFailed(f"{access}: there is a login, but it may not say so by sudo ({said})")
    return words


def _became(words: list[str], window: Window) -> str:
    match words:
        case ["restored", *how]:
            return f"the host went back to its old files {' '.join(how)}"
        case ["confirmed", *_]:
            return "somebody else confirmed it"
        case ["armed" | "running", *_]:
            return f"the host has not gone back yet; it goes on trying; {BY_HAND}"
        case ["none", *_]:
            return "the host knows nothing of it; look there"
        case _:
            return (
                "whether it went back to its old files is unknown: none came through in "
                f"{_left(window):.0f} s; {BY_HAND}"
            )
