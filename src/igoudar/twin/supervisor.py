"""The first process of a twin: `python -m igoudar.twin.supervisor FOLDER IMAGE`, inside its own namespaces.

Serves two unix sockets of the run folder. `control.sock`: a JSON object a line, an answer a line.
`relay.sock`: `CONNECT address port`, answered `OK` or `NO reason`, then bytes both ways, so that a client
outside reaches the out-of-band network. When this process ends, everything in the namespaces ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from igoudar.twin.kernels import reap
from igoudar.twin.machine import Machine
from igoudar.twin.paths import CONTROL, RELAY, Folder, Image
from igoudar.twin.spec import from_json

Client = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
CHUNK = 256 * 1024
CONNECT_SECONDS = 5


class Supervisor:
    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.stopping = asyncio.Event()

    async def control(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            answer = self.answer(json.loads(line))
            writer.write(json.dumps(answer).encode() + b"\n")
            await writer.drain()
        writer.close()

    def answer(self, asked: dict[str, Any]) -> dict[str, Any]:
        """`{"ok": true, ...}` or `{"ok": false, "error": sentence}`."""
        try:
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
            case "status":
                hosts = [asdict(state) for state in machine.states()]
                return {"hosts": hosts, "cut": sorted(machine.cut_wires)}
            case "stop":
                self.stopping.set()
            case _:
                raise ValueError(f"{verb!r} is not understood")
        return {}

    async def relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        words = (await reader.readline()).decode("utf-8", "replace").split()
        try:
            if len(words) != 3 or words[0] != "CONNECT":
                raise ValueError("expected CONNECT address port")
            connecting = asyncio.open_connection(words[1], int(words[2]))
            far_reader, far_writer = await asyncio.wait_for(connecting, CONNECT_SECONDS)
        except (OSError, ValueError, TimeoutError) as error:
            writer.write(f"NO {error or 'no answer'}\n".encode())
            writer.close()
            return
        writer.write(b"OK\n")
        await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))

    def children(self) -> None:
        self.machine.ended(reap())


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
            return
    writer.close()


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
    await _serve(folder, RELAY, supervisor.relay)
    await _serve(folder, CONTROL, supervisor.control)
    await supervisor.stopping.wait()
    machine.stop()


def main() -> None:
    folder, image = Folder(Path(sys.argv[1])), Image(Path(sys.argv[2]))
    os.chdir(folder.path)
    asyncio.run(run(folder, image))


if __name__ == "__main__":
    main()
