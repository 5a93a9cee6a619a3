"""The way in: a byte stream from a unix socket to a host of the out-of-band network.

A client writes `CONNECT address port` and a line's end, is told `OK` or `NO reason`, and then bytes flow.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket

CHUNK = 256 * 1024
CONNECT_SECONDS = 5
WORD_SECONDS = 30  # for the first line; a client that says nothing is let go
LINGER_SECONDS = 30  # one direction ended: what the other still has to say
# A host without power says nothing: its connections end after 10 + 3 x 5 s.
KEEPALIVE = ((socket.TCP_KEEPIDLE, 10), (socket.TCP_KEEPINTVL, 5), (socket.TCP_KEEPCNT, 3))


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One client, from its first line to the end of both directions."""
    try:
        line = await asyncio.wait_for(reader.readline(), WORD_SECONDS)
        far_reader, far_writer = await _dial(line.decode("utf-8", "replace").split())
    except (OSError, ValueError, TimeoutError) as error:
        with contextlib.suppress(OSError):
            writer.write(f"NO {_reason(error)}\n".encode())
            await writer.drain()
        writer.close()
        return
    writer.write(b"OK\n")
    pumps = {
        asyncio.create_task(_pump(reader, far_writer)),
        asyncio.create_task(_pump(far_reader, writer)),
    }
    try:
        _, rest = await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        if rest:
            await asyncio.wait(rest, timeout=LINGER_SECONDS)
    finally:
        for pump in pumps:
            pump.cancel()
        for end in (writer, far_writer):
            end.close()


async def _dial(words: list[str]) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    if len(words) != 3 or words[0] != "CONNECT" or not words[2].isdigit():
        raise ValueError("expected CONNECT address port")
    connecting = asyncio.open_connection(words[1], int(words[2]))
    far_reader, far_writer = await asyncio.wait_for(connecting, CONNECT_SECONDS)
    sock: socket.socket = far_writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in KEEPALIVE:
        sock.setsockopt(socket.IPPROTO_TCP, option, value)
    return far_reader, far_writer


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer"
    return (error.strerror if isinstance(error, OSError) else "") or str(error) or "no answer"


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
