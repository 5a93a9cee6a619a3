"""The caller's side of worker processes. Free of gevent and pyinfra."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from igoudar.errors import IgoudarError
from igoudar.role_document import Document
from igoudar.worker.results import HostResult

# A worker that has done this many runs is replaced: pyinfra holds on to what it once had.
RUNS_A_WORKER = 20
# Hosts that one process serves well; more are spread over more processes.
HOSTS_A_WORKER = 100
LOOK_SECONDS = 0.2

# A worker dies with the *thread* that started it (PR_SET_PDEATHSIG), so that thread must outlive every run.
_starter = ThreadPoolExecutor(1, thread_name_prefix="worker-starter")

Progress = Callable[[HostResult], None]


class WorkerGone(IgoudarError):
    """A worker process ended before its answer."""


class Worker:
    """One process. Not safe for two threads at once."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "igoudar.worker", str(os.getpid())]
        self.process = _starter.submit(
            subprocess.Popen, command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
        ).result()
        self.runs = 0
        self._rest = b""

    def run(
        self, name: str, arguments: Mapping[str, Any], cancelled: threading.Event
    ) -> Iterator[dict[str, Any]]:
        """Yield the answers to one request; the last one holds `result` or `error`."""
        self.runs += 1
        assert self.process.stdin is not None
        request = {"id": self.runs, "run": name, "arguments": arguments}
        try:
            self.process.stdin.write(json.dumps(request).encode() + b"\n")
        except OSError as error:  # it died since it was found alive
            raise WorkerGone(f"a worker process ended before it was asked: {error.strerror}") from error
        while True:
            for line in self._lines(cancelled):
                answer = json.loads(line)
                yield answer
                if "event" not in answer:
                    return

    def _lines(self, cancelled: threading.Event) -> list[bytes]:
        assert self.process.stdout is not None
        while not select.select([self.process.stdout], [], [], LOOK_SECONDS)[0]:
            if cancelled.is_set():
                raise WorkerGone("cancelled")
        data = self.process.stdout.read(1 << 20)
        if not data:
            raise WorkerGone(f"a worker process ended with status {self.process.wait()}")
        *lines, self._rest = (self._rest + data).split(b"\n")
        return lines

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()


class Pool:
    """Workers that are kept for the next run. Safe for several threads."""

    def __init__(self) -> None:
        self._idle: list[Worker] = []
        self._lock = threading.Lock()

    def run(
        self, name: str, arguments: Mapping[str, Any], cancelled: threading.Event
    ) -> Iterator[dict[str, Any]]:
        worker = self._take()
        try:
            yield from worker.run(name, arguments, cancelled)
        except BaseException:
            worker.end()
            raise
        self._put_back(worker)

    def _take(self) -> Worker:
        """An idle one that lives, or a new one."""
        with self._lock:
            while self._idle:
                worker = self._idle.pop()
                if worker.process.poll() is None:
                    return worker
                worker.end()
        return Worker()

    def _put_back(self, worker: Worker) -> None:
        if worker.runs >= RUNS_A_WORKER:
            worker.end()
            return
        with self._lock:
            self._idle.append(worker)

    def close(self) -> None:
        with self._lock:
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.end()


def run_roles(
    site: Path,
    root: Path,
    hosts: Mapping[str, Mapping[str, Document]],
    *,
    serials: Mapping[str, str],
    stores: Mapping[str, str] | None = None,
    plan: bool = False,
    whole: bool = True,
    by: str = "",
    progress: Progress = lambda _: None,
    pool: Pool | None = None,
    cancelled: threading.Event | None = None,
) -> dict[str, HostResult]:
    """Apply (or only judge) the roles of each host, in the order of its mapping; `site` is a folder.

    `whole`: these are all roles of each host, so files that none of them declares any more are removed.
    Nothing is applied to a box with another serial than `serials` has; a host without one may be any box.
    `stores`: host -> reference of the store of its secrets; a worker asks it, no value passes here.
    `by`: in whose name, for the history of each host.
    Every host has a result, whatever happens; `progress` is called as each comes, from other threads too.
    Raises only where no worker could begin (bad site folder).
    """
    own = pool is None
    used, stop = pool or Pool(), cancelled or threading.Event()
    shards = _shards(sorted(hosts))
    arguments: dict[str, Any] = {"root": str(root), "site": os.path.relpath(site, root)}
    arguments |= {"plan": plan, "whole": whole, "by": by}
    arguments["serials"] = {h: serials[h] for h in hosts if h in serials}
    arguments["stores"] = {h: store for h, store in (stores or {}).items() if h in hosts}
    try:
        with ThreadPoolExecutor(max_workers=max(1, len(shards))) as threads:
            work = [
                threads.submit(
                    _shard, used, {**arguments, "hosts": {h: hosts[h] for h in shard}}, progress, stop
                )
                for shard in shards
            ]
            return {host: result for done in work for host, result in done.result().items()}
    finally:
        if own:
            used.close()


def silent_of(others: Sequence[str], site: Path, root: Path, pool: Pool) -> dict[str, str]:
    """Of hosts that are not of a run and share a limit with it: those that let nobody in, and a word why."""
    none: dict[str, dict[str, Document]] = {name: {} for name in others}
    found = run_roles(site, root, none, serials={}, plan=True, whole=False, pool=pool) if others else {}
    return {name: "does not answer" for name, result in found.items() if result.status != "ok"}


def _shards(names: Sequence[str]) -> list[Sequence[str]]:
    """As many as there are hosts for, at most one a core; neighbours in name stay together."""
    count = min(os.cpu_count() or 1, -(-len(names) // HOSTS_A_WORKER))
    size = -(-len(names) // max(count, 1))
    return [names[at : at + size] for at in range(0, len(names), size)] if names else []


def _shard(
    pool: Pool, arguments: Mapping[str, Any], progress: Progress, stop: threading.Event
) -> dict[str, HostResult]:
    found: dict[str, HostResult] = {}
    try:
        for answer in pool.run("roles", arguments, stop):
            if "error" in answer:
                raise IgoudarError(answer["error"])
            if "event" in answer:
                result = HostResult.from_json(answer["event"]["result"])
                found[result.host] = result
                progress(result)
    except WorkerGone as gone:
        found |= {h: HostResult(h, "failed", message=str(gone)) for h in arguments["hosts"] if h not in found}
    return found
