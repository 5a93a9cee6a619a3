"""Work over many switches at once, and the windows that stay open meanwhile."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from types import TracebackType

from igoudar.errors import DeviceFailed, IgoudarError

TOGETHER = 32  # switches at once; each waits for its device most of the time
LOOK_SECONDS = 0.1  # how soon an interrupt is noticed


class Cancelled(DeviceFailed):
    """The user interrupted before the last word."""


def each(
    names: Sequence[str],
    work: Callable[[str], None],
    stop: threading.Event | None = None,
    together: int = TOGETHER,
) -> None:
    """So many at once; all failures are gathered before one is raised. Raises Cancelled once `stop` is set.

    What runs then is left to end by itself: putting a switch back ends what is going on there.
    """
    if not names:
        return
    pool = ThreadPoolExecutor(min(together, len(names)))
    try:
        futures = [pool.submit(work, name) for name in names]
        waiting = set(futures)
        while waiting:
            _, waiting = wait(waiting, LOOK_SECONDS)
            if stop is not None and stop.is_set():
                raise Cancelled("interrupted before the last word")
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    _raise_all(futures)


def _raise_all(futures: Sequence[Future[None]]) -> None:
    failures = [error for future in futures if (error := future.exception()) is not None]
    unexpected = [error for error in failures if not isinstance(error, IgoudarError)]
    if unexpected:
        raise unexpected[0]
    if len(failures) == 1:
        raise failures[0]
    if failures:
        raise DeviceFailed("\n".join(str(failure) for failure in failures))


class WindowKeeper:
    """Extends the windows of the `armed`, every third of a window, each switch by itself.

    A switch that does not answer delays no other; its failure is of no interest here.
    """

    def __init__(self, extend: Callable[[str], None], armed: set[str], window: float) -> None:
        self._extend = extend
        self._armed = armed
        self._window = window
        self._done = threading.Event()
        self._busy = dict[str, Future[None]]()
        self._pool = ThreadPoolExecutor(TOGETHER)
        self._thread = threading.Thread(target=self._keep, daemon=True)

    def __enter__(self) -> WindowKeeper:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _keep(self) -> None:
        while not self._done.wait(self._window / 3):
            for name in tuple(self._armed):
                busy = self._busy.get(name)
                if busy is None or busy.done():
                    self._busy[name] = self._pool.submit(self._try, name)

    def _try(self, name: str) -> None:
        with contextlib.suppress(IgoudarError):
            self._extend(name)
