"""The language host without an engine: how it starts, what it answers, how it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import language_pb2, language_pb2_grpc

from tests.stacks.project import ROOT

HOST = ROOT / "tools/pulumi/host/pulumi-language-python"
SECONDS = 30  # on a machine that is busy

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    return tmp_path


@contextmanager
def started(folder: Path, python: str = sys.executable) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The host as the engine starts it, and its port."""
    command = [python, str(HOST), "127.0.0.1:1"]
    with subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as host:
        assert host.stdout is not None
        try:
            yield host, host.stdout.readline().strip()
        finally:
            host.kill()


@contextmanager
def stub(port: str) -> Iterator[Any]:
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield language_pb2_grpc.LanguageRuntimeStub(channel)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_it_runs_in_the_projects_environment(folder: Path) -> None:
    system = getattr(sys, "_base_executable", sys.executable)
    with started(folder, system) as (_, port), stub(port) as asked:
        about = asked.About(language_pb2.AboutRequest(), timeout=SECONDS)

    assert about.executable == str(folder / ".venv/bin/python")
    assert about.version == "{}.{}.{}".format(*sys.version_info[:3])


def test_it_shakes_hands_and_asks_for_no_plugin(folder: Path) -> None:
    with started(folder) as (_, port), stub(port) as asked:
        asked.Handshake(language_pb2.LanguageHandshakeRequest(engine_address="127.0.0.1:1"), timeout=SECONDS)
        depends = asked.GetProgramDependencies(language_pb2.GetProgramDependenciesRequest(), timeout=SECONDS)
        needs = asked.GetRequiredPackages(language_pb2.GetRequiredPackagesRequest(), timeout=SECONDS)
        asked.GetPluginInfo(empty_pb2.Empty(), timeout=SECONDS)

    assert list(depends.dependencies) == []
    assert list(needs.packages) == []


PLUGIN = "import os, sys; print(sys.argv[1:], os.environ['GIVEN']); print('oh', file=sys.stderr); sys.exit(3)"


@pytest.mark.parametrize("packaged", [False, True])
def test_a_plugin_in_python_is_run_and_its_output_passed_on(folder: Path, packaged: bool) -> None:
    plugin = folder / "plugin"
    source = plugin / "racks_plan" if packaged else plugin
    source.mkdir(parents=True)
    (source / "__main__.py").write_text(PLUGIN, "utf-8")
    if packaged:
        (source / "__init__.py").write_text("", "utf-8")
        (plugin / "pyproject.toml").write_text('[project]\nname = "racks-plan"\n', "utf-8")
    request = language_pb2.RunPluginRequest(
        pwd=str(folder),
        args=["127.0.0.1:1"],
        kind="resource",
        env=["GIVEN=a=b", f"PYTHONPATH={plugin}"],
        info=language_pb2.ProgramInfo(root_directory=str(plugin), program_directory=str(plugin)),
    )
    with started(folder) as (_, port), stub(port) as asked:
        answers = list(asked.RunPlugin(request, timeout=SECONDS))

    assert b"".join(a.stdout for a in answers) == b"['127.0.0.1:1'] a=b\n"
    assert b"oh\n" in b"".join(a.stderr for a in answers)
    assert answers[-1].exitcode == 3


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_told_to_leave_it_leaves_at_once_and_quietly(folder: Path, number: signal.Signals) -> None:
    with started(folder) as (host, port):
        assert int(port) > 0
        host.send_signal(number)
        out, err = host.communicate(timeout=SECONDS)

    assert (host.returncode, out, err) == (0, "", "")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells of a parent's death")
def test_it_dies_with_the_engine(folder: Path) -> None:
    parent = f"""import subprocess, sys
host = subprocess.Popen([sys.executable, {str(HOST)!r}], stdout=subprocess.PIPE)
print(host.pid, host.stdout.readline().decode().strip(), flush=True)
sys.stdin.read()
"""
    with subprocess.Popen(
        [sys.executable, "-c", parent],
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as engine:
        assert engine.stdout is not None
        pid, port = map(int, engine.stdout.readline().split())
        assert port > 0
        assert alive(pid)
        os.kill(engine.pid, signal.SIGKILL)
    end = time.monotonic() + SECONDS
    while alive(pid) and time.monotonic() < end:
        time.sleep(0.05)
    assert not alive(pid)


def test_without_the_sdk_it_says_what_to_do(tmp_path: Path) -> None:
    venv.create(tmp_path / ".venv", symlinks=True)
    done = subprocess.run(
        [sys.executable, HOST], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=SECONDS
    )

    assert done.returncode == 1
    assert "run scripts/setup in the checkout" in done.stderr
    assert "Traceback" not in done.stderr
