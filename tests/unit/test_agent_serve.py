"""Many messages over one login: the agent's end as processes, the operator's over a socket in SSH's place."""

from __future__ import annotations

import os
import select
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from igoudar.agent.serve import serve
from igoudar.errors import DeviceFailed
from igoudar.transport import Lines, Session, lines

PATIENCE = 60.0  # s, for an answer that comes, on a machine that is busy


def answering(verb: str, request: dict[str, Any]) -> dict[str, Any]:
    match verb:
        case "until":
            while not Path(request["file"]).exists():
                time.sleep(0.05)
        case "dies":
            os.kill(os.getpid(), 9)
        case "half":
            return {"ok": True, "rest": object()}  # the answer breaks off there
        case "defect":
            raise ZeroDivisionError
    return {"ok": True, "verb": verb, "by": os.getpid(), "text": "x" * request.get("size", 0)}


class Channel:
    """What `Lines` uses of an SSH channel; its other end is `far`."""

    def __init__(self, complaint: bytes = b"") -> None:
        self.near, self.far = socket.socketpair()
        self.complaint = complaint
        self.heard = b""

    def send_ready(self) -> bool:
        return bool(select.select([], [self.near], [], 0)[1])

    def send(self, data: bytes) -> int:
        return self.near.send(data, socket.MSG_DONTWAIT)

    def recv(self, size: int) -> bytes:
        said = self.near.recv(size)
        self.heard += said
        return said

    def recv_stderr(self, size: int) -> bytes:
        said, self.complaint = self.complaint, b""
        return said

    def close(self) -> None:
        self.near.close()


def lines_over(channel: Channel) -> Lines:
    session = SimpleNamespace(
        begin=lambda command: channel,
        lost=lambda what: DeviceFailed(f"sw-1: {what}"),
        access=SimpleNamespace(host="sw-1"),
        transport=SimpleNamespace(is_active=lambda: True),
        close=lambda: channel.near.shutdown(socket.SHUT_RDWR),
    )
    return Lines(cast(Session, session), "agent", "install it")


def begun(answering: Any, channel: Channel) -> int:
    """An agent that is a process, as on a switch: it ends with 7 when its input has ended."""
    process = os.fork()
    if not process:
        try:
            channel.near.close()
            serve(answering, channel.far.fileno(), channel.far.fileno())
            os._exit(7)
        finally:
            os._exit(1)
    channel.far.close()
    return process


def ended(process: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


@pytest.fixture
def agent() -> Iterator[Lines]:
    channel = Channel()
    process = begun(answering, channel)
    yield lines_over(channel)
    channel.near.shutdown(socket.SHUT_RDWR)
    assert ended(process) == 7, "it ends with its input"


def test_each_message_has_a_process_of_its_own(agent: Lines) -> None:
    told = [agent.ask(PATIENCE, verb="read", request={}) for _ in range(3)]
    assert len({answer["by"] for answer in told}) == 3
    assert {answer["verb"] for answer in told} == {"read"}


def test_a_quick_message_overtakes_a_slow_one(agent: Lines, tmp_path: Path) -> None:
    file = tmp_path / "go on"
    with ThreadPoolExecutor(1) as asking:
        slow = asking.submit(agent.ask, PATIENCE, verb="until", request={"file": str(file)})
        assert agent.ask(PATIENCE, verb="extend", request={})["verb"] == "extend"
        assert not slow.done()
        file.touch()
        assert slow.result()["verb"] == "until"


def test_large_messages_go_both_ways(agent: Lines) -> None:
    request = {"size": 3_000_000, "files": "y" * 3_000_000}
    assert len(agent.ask(20, verb="read", request=request)["text"]) == 3_000_000


@pytest.mark.parametrize("verb", ["dies", "half", "defect"])
def test_one_that_ends_in_the_middle_ends_no_other(agent: Lines, verb: str) -> None:
    assert agent.ask(PATIENCE, verb=verb, request={})["code"] == "ended"
    assert agent.ask(PATIENCE, verb="read", request={})["ok"]


def test_a_login_that_is_idle_stays(agent: Lines) -> None:
    assert agent.ask(PATIENCE, verb="read", request={})["ok"]
    time.sleep(0.5)
    assert agent.alive
    assert agent.ask(PATIENCE, verb="read", request={})["ok"]


def test_an_answer_that_does_not_come_in_time_is_told_and_later_ones_arrive(
    agent: Lines, tmp_path: Path
) -> None:
    file = tmp_path / "go on"
    with pytest.raises(DeviceFailed, match="sw-1: did not answer in 0 s"):
        agent.ask(0.1, verb="until", request={"file": str(file)})
    file.touch()
    assert agent.ask(PATIENCE, verb="read", request={})["ok"]
    assert agent.alive


def test_one_that_works_for_long_says_that_it_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Being asked while it works it answers at once, so its silence does not grow."""
    monkeypatch.setattr(lines, "ALIVE_SECONDS", 0.05)
    channel, file = Channel(), tmp_path / "go on"
    process = begun(answering, channel)
    agent = lines_over(channel)
    with ThreadPoolExecutor(1) as asking:
        told = asking.submit(agent.ask, PATIENCE, verb="until", request={"file": str(file)})
        deadline = time.monotonic() + PATIENCE
        while channel.heard.count(b'{"n": 0}') < 2 and time.monotonic() < deadline:
            time.sleep(0.02)
        assert not told.done()
        file.touch()
        assert told.result()["ok"]
    assert channel.heard.count(b'{"n": 0}') >= 2
    channel.near.shutdown(socket.SHUT_RDWR)
    assert ended(process) == 7


def test_one_that_says_nothing_at_all_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "ALIVE_SECONDS", 0.05)
    monkeypatch.setattr(lines, "SILENT_SECONDS", 0.2)
    asked = lines_over(Channel())
    begun = time.monotonic()
    with pytest.raises(DeviceFailed, match="sw-1: said nothing for 0 s"):
        asked.ask(60, verb="apply", request={})
    assert time.monotonic() - begun < 30
    with pytest.raises(DeviceFailed, match="lost the connection"):
        asked.ask(60, verb="restore", request={})


def test_a_command_that_complains_and_ends_is_told_with_what_to_do() -> None:
    channel = Channel(b"sudo: igoudar-agent: command not found\n")
    lines = lines_over(channel)
    asked: list[str] = []

    def ask() -> None:
        with pytest.raises(DeviceFailed) as failed:
            lines.ask(PATIENCE, verb="read", request={})
        asked.append(str(failed.value))

    waiting = threading.Thread(target=ask)
    waiting.start()
    time.sleep(0.1)
    channel.far.close()
    waiting.join()
    ask()
    assert asked == ["sw-1: sudo: igoudar-agent: command not found; install it"] * 2
    assert not lines.alive


def test_a_login_that_is_lost_is_told_to_all_that_wait() -> None:
    channel = Channel()
    lines = lines_over(channel)
    failed: list[str] = []

    def ask() -> None:
        with pytest.raises(DeviceFailed, match="lost the connection") as error:
            lines.ask(PATIENCE, verb="read", request={})
        failed.append(str(error.value))

    waiting = [threading.Thread(target=ask) for _ in range(3)]
    for thread in waiting:
        thread.start()
    time.sleep(0.1)
    channel.far.close()
    for thread in waiting:
        thread.join()
    assert len(failed) == 3


def test_what_is_being_done_goes_on_when_the_login_ends() -> None:
    here, there = os.pipe()
    channel = Channel()

    def late(verb: str, request: dict[str, Any]) -> dict[str, Any]:
        time.sleep(0.3)
        os.write(there, b"done")
        return {"ok": True}

    process = begun(late, channel)
    channel.send(b'{"n": 1, "verb": "apply", "request": {}}\n')
    time.sleep(0.1)
    channel.close()
    assert ended(process) == 7
    assert os.read(here, 4) == b"done"
