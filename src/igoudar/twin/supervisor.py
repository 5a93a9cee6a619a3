"""The first process of a twin: `python -m igoudar.twin.supervisor FOLDER IMAGE`, inside its own namespaces.

Serves two unix sockets of the run folder: `control.sock` (a JSON object a line, an answer a line) and
`relay.sock` (`relay`). When this process ends, everything in the namespaces ends.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from igoudar.twin import relay
from igoudar.twin.kernels import reap
from igoudar.twin.machine import Machine
from igoudar.twin.miswire import from_json as wiring_from
from igoudar.twin.paths import CONTROL, RELAY, Folder, Image
from igoudar.twin.spec import from_json

HUGE = Path("/sys/kernel/mm/transparent_hugepage/shmem_enabled")
Client = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Supervisor:
    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.stopping = asyncio.Event()

    async def control(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            writer.write(json.dumps(self.answer(line)).encode() + b"\n")
            await writer.drain()
        writer.close()

    def answer(self, line: bytes) -> dict[str, Any]:
        """`{"ok": true, ...}` or `{"ok": false, "error": sentence}`."""
        try:
            asked = json.loads(line)
            if not isinstance(asked, dict):
                raise ValueError("expected a JSON object")
            return {"ok": True, **self._do(str(asked.get("do")), asked)}
        except (KeyError, ValueError, OSError) as error:
            said = error.args[0] if isinstance(error, KeyError) and error.args else error
            return {"ok": False, "error": str(said)}

    def _do(self, verb: str, asked: dict[str, Any]) -> dict[str, Any]:
        machine = self.machine
        match verb:
            case "adopt":
                machine.adopt(from_json(machine.folder.spec.read_text("utf-8")))
            case "on":
                machine.power_on(asked["host"])
            case "off":
                machine.power_off(asked["host"])
            case "cut":
                machine.cut(asked["wire"])
            case "mend":
                machine.mend(asked["wire"])
            case "rewire":
                machine.rewire(wiring_from(asked))
            case "status":
                hosts = [asdict(state) for state in machine.states()]
                return {"hosts": hosts, "cut": sorted(machine.cut_wires), **machine.wiring.as_json()}
            case "stop":
                self.stopping.set()
            case _:
                raise ValueError(f"{verb!r} is not understood")
        return {}

    def children(self) -> None:
        self.machine.ended(reap())


async def _serve(folder: Folder, name: str, client: Client) -> asyncio.AbstractServer:
    """The socket appears whole, under its name, readable by its owner only."""
    (folder.path / name).unlink(missing_ok=True)
    address, descriptor = folder.socket_address(name)
    before = os.umask(0o177)
    server = await asyncio.start_unix_server(client, address, backlog=512)
    os.umask(before)
    os.close(descriptor)
    return server


async def run(folder: Folder, image: Image) -> None:
    machine = Machine(folder, image)
    supervisor = Supervisor(machine)
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGCHLD, supervisor.children)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, supervisor.stopping.set)
    await _serve(folder, RELAY, relay.serve)
    await _serve(folder, CONTROL, supervisor.control)
    await supervisor.stopping.wait()
    machine.stop()


def _mount_memory(folder: Folder) -> None:
    """Kernels keep their memory in files; /dev/shm may be small. The mount is this namespace's own."""
    huge = ",huge=always" if HUGE.exists() else ""  # a tenth of what guests cost, and no memory more
    options = ["-t", "tmpfs", "-o", f"size=100%,mode=0700{huge}", "tmpfs", str(folder.memory)]
    subprocess.run(["mount", *options], check=True)
    os.environ["TMPDIR"] = str(folder.memory)


def main() -> None:
    folder, image = Folder(Path(sys.argv[1])), Image(Path(sys.argv[2]))
    os.chdir(folder.path)
    _mount_memory(folder)
    asyncio.run(run(folder, image))


if __name__ == "__main__":
    main()
