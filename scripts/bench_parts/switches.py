"""Preview and `up` of many switches by the engine and the product's own provider, without devices.

Measured: engine, language host, program, Check and Diff of `igoudar:network:Switches` with what a change
costs, the record, and the process of the transaction with every text in its request. Not measured: the
compiler (`scripts/bench compile`) and what is said to devices (`scripts/bench txn`): in that process
`apply_without_devices.py` stands for the operator and answers that every switch of the change runs its text.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench_parts.children import cpu_of_children
from igoudar import vendors
from igoudar.bogons import load_bogons
from igoudar.derive import derive
from igoudar.render import render_all
from tests import factory
from tests.stacks.project import make

ROOT = Path(__file__).absolute().parents[2]
VRFS = 13  # a leaf's text is some 25 KB with them
PROGRAM = """
import json, pathlib, pulumi
if __name__ == "__main__":
    inputs = json.loads(pathlib.Path("inputs.json").read_text())
    pulumi.CustomResource("igoudar:network:Switches", "bench", inputs)
"""
PROJECT = """name: trial
runtime: {name: python, options: {virtualenv: .venv}}
plugins: {providers: [{name: igoudar, path: bin}]}
"""
Inputs = dict[str, Any]


def switches(count: int) -> None:
    inputs = inputs_of(count)
    texts = [sum(len(t) for t in files.values()) for name, files in inputs.items() if name != "_apply"]
    print(f"{count} switches, texts of {statistics.mean(texts) / 1000:.1f} kB each", flush=True)
    engine = Path(subprocess.check_output([ROOT / "scripts" / "engine"], text=True).strip())
    with tempfile.TemporaryDirectory() as folder:
        project = make(Path(folder), engine)
        _ours(project.folder)
        for step in ("first", "one line"):
            if step == "one line":
                one_line(inputs)
            (project.folder / "inputs.json").write_text(json.dumps(inputs), "utf-8")
            for verb in (("preview",), ("up", "--yes", "--skip-preview")):
                begun, worked = time.monotonic(), cpu_of_children()
                done = project.pulumi(*verb)
                if done.status:
                    sys.exit(done.text)
                took = f"{time.monotonic() - begun:.1f} s, {cpu_of_children() - worked:.1f} CPU-s"
                print(f"  {step}: pulumi {verb[0]} {took}", flush=True)


def inputs_of(count: int) -> Inputs:
    """Rendered texts of `count` leaves, and how to apply them; as `igoudar.resources` writes both."""
    vpcs = min(VRFS * count // 10, 1200)
    inventory = factory.site(leaves=count, vpcs=vpcs, spread=VRFS * count // vpcs)
    derived = derive(factory.plan(inventory), load_bogons(ROOT))
    texts = render_all(derived.intents, vendors.load(ROOT / "templates")).texts
    leaves = {name: dict(files) for name, files in texts.items() if name.startswith("leaf-")}
    return {**leaves, "_apply": _apply(inventory.devices, list(leaves))}


def _apply(devices: Mapping[str, Any], names: list[str]) -> Inputs:
    marks = {
        name: {
            "serial": devices[name].serial,
            "nos": devices[name].nos,
            "status": "active",
            "adopt": False,
            "base": {},
            "peers": {"swp1": "spine-1", "swp2": "spine-2"},
            "relieved": False,
        }
        for name in names
    }
    waves = [names[::2], names[1::2]]
    how = {"site": "inventory/bench", "stack": "trial", "secrets": "", "window": 60, "restore": 30}
    return {**how, "waves": waves, "marks": marks}


def one_line(inputs: Inputs) -> None:
    """Of one switch of the many."""
    files, path = inputs["leaf-7"], "/etc/frr/frr.conf"
    changed = files[path].replace("log syslog informational", "log syslog warnings", 1)
    if changed == files[path]:
        sys.exit("the template has no `log syslog informational` any more: choose another line to change")
    files[path] = changed


def _ours(folder: Path) -> None:
    """The product's provider and rules in a project of the engine's tests."""
    (folder / "Pulumi.yaml").write_text(PROJECT, "utf-8")
    (folder / "__main__.py").write_text(PROGRAM, "utf-8")
    (folder / "templates").symlink_to(ROOT / "templates")
    launcher = folder / "bin" / "pulumi-resource-igoudar"
    script = Path(__file__).with_name("apply_without_devices.py")
    launcher.write_text(f'#!/bin/sh\nexec "{ROOT}/.venv/bin/python" "{script}" provider "$@"\n', "utf-8")
    launcher.chmod(0o755)
