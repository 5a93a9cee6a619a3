"""A Pulumi project of a test: boxes of provider.py, with a backend and a PULUMI_HOME of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
SECONDS = 120  # for one command, on a machine that is busy
PROGRAM = """import json, pathlib, pulumi
for name, inputs in json.loads(pathlib.Path("boxes.json").read_text()).items():
    pulumi.CustomResource("test:index:Box", name, inputs)
"""
PROJECT = """name: trial
runtime: {name: python, options: {virtualenv: .venv}}
plugins: {providers: [{name: test, path: bin}]}
"""


@dataclass(frozen=True)
class Done:
    status: int
    text: str


@dataclass(frozen=True)
class Project:
    """`folder` is the checkout, `folder/store` the world; what `pulumi` starts carries `folder` as a mark."""

    folder: Path
    environment: Mapping[str, str]

    def boxes(self, **boxes: Mapping[str, Any]) -> None:
        (self.folder / "boxes.json").write_text(json.dumps(boxes), "utf-8")

    def start(self, *words: str) -> subprocess.Popen[str]:
        """`pulumi` on stack `trial`, in a process group of its own, as a shell in a terminal starts it."""
        yes = ["--skip-preview"] if "--yes" in words and "--diff" not in words else []
        return subprocess.Popen(
            ["pulumi", *words, *yes, "--non-interactive", "--color", "never"],
            cwd=self.folder,
            env=dict(self.environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            process_group=0,
        )

    def pulumi(self, *words: str) -> Done:
        with self.start(*words) as running:
            try:
                text, _ = running.communicate(timeout=SECONDS)
            except subprocess.TimeoutExpired:
                running.kill()
                raise
        return Done(running.returncode, text)

    def events(self, kind: str) -> list[dict[str, Any]]:
        """What the provider did, in order."""
        log = self.folder / "store" / "events"
        lines = log.read_text("utf-8").splitlines() if log.exists() else []
        return [event for line in lines if (event := json.loads(line))["event"] == kind]

    def wait_for(self, kind: str) -> None:
        end = time.monotonic() + SECONDS
        while not self.events(kind):
            assert time.monotonic() < end, f"no {kind} in {SECONDS} s"
            time.sleep(0.05)

    def processes(self) -> Iterator[int]:
        """Living processes that `pulumi` of this project started, itself included."""
        mark = f"TRIAL={self.folder}".encode()
        for process in Path("/proc").glob("[0-9]*"):
            try:
                environ, stat = (process / "environ").read_bytes(), (process / "stat").read_text("ascii")
            except OSError:
                continue
            if mark in environ.split(b"\0") and stat.rpartition(")")[2].split()[0] != "Z":
                yield int(process.name)


def interrupt(running: subprocess.Popen[str]) -> None:
    """Ctrl-C: the terminal sends it to the whole process group, provider and language host included."""
    os.killpg(running.pid, signal.SIGINT)


def make(folder: Path, engine: Path) -> Project:
    """A project with the stack `trial`, which has nothing yet."""
    python, provider = ROOT / ".venv/bin/python", Path(__file__).with_name("provider.py")
    for name in ("bin", "store", "state", "home"):
        (folder / name).mkdir()
    (folder / "home/logs").touch()  # the engine keeps no log of its own, as with scripts/env
    (folder / ".venv").symlink_to(ROOT / ".venv")
    (folder / "Pulumi.yaml").write_text(PROJECT, "utf-8")
    (folder / "__main__.py").write_text(PROGRAM, "utf-8")
    launcher = folder / "bin/pulumi-resource-test"
    launcher.write_text(f'#!/bin/sh\nexec "{python}" "{provider}" "{folder}/store" "$@"\n', "utf-8")
    launcher.chmod(0o755)
    kept = {k: v for k, v in os.environ.items() if not k.startswith("PULUMI_")}
    environment = {
        **kept,
        "PATH": f"{engine}:{kept['PATH']}",
        "PULUMI_HOME": str(folder / "home"),
        "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
        "PULUMI_CONFIG_PASSPHRASE": "",
        "PULUMI_DIY_BACKEND_ZSTD": "1",
        "PULUMI_SKIP_UPDATE_CHECK": "1",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "1",
        "TRIAL": str(folder),
    }
    project = Project(folder, environment)
    made = project.pulumi("stack", "init", "trial")
    assert made.status == 0, made.text
    return project
