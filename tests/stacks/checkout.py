"""A clean checkout of the project in a folder of its own: no twin, no secrets, no record."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from igoudar.provider.group_state import host_digest
from igoudar.provider.server_group import ServerGroup

ROOT = Path(__file__).parents[2]
PARTS = ("Pulumi.yaml", "Pulumi.lab.yaml", "__main__.py", "inventory", "stacks", "roles", "templates")
TOOLS = ("scripts", "tools", "src/igoudar/provider/bin", "requirements.lock", ".gitignore")
SECONDS = 120  # for one command, on a machine that is busy


@dataclass(frozen=True)
class Checkout:
    """`environment` is what scripts/env made of that of a fresh shell; `seconds` that a command may take."""

    folder: Path
    environment: Mapping[str, str]
    seconds: float = SECONDS

    def run(self, *words: str, status: int = 0) -> str:
        """What `pulumi` printed; it must end with `status`."""
        command = ["pulumi", *words, "--non-interactive", "--color", "never"]
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=dict(self.environment),
            capture_output=True,
            text=True,
            check=False,
            timeout=self.seconds,
        )
        said = done.stdout + done.stderr
        assert done.returncode == status, f"pulumi {' '.join(words)}: {done.returncode}\n{said}"
        return said if status or "--json" not in words else done.stdout

    def edit(self, path: str, old: str, new: str) -> None:
        file = self.folder / path
        text = file.read_text("utf-8")
        assert text.count(old) >= 1, f"{path} has no {old!r}"
        file.write_text(text.replace(old, new), "utf-8")

    def record_what_is_previewed(self) -> dict[str, Any]:
        """The state after an `up` that went well everywhere, without one: no device is there to go well.

        Answers the inputs, by the name of the resource.
        """
        steps = json.loads(self.run("preview", "--json"))["steps"]
        state = json.loads(self.run("stack", "export"))
        planned = [_created(step["newState"]) for step in steps]
        providers = {r["provider"]: _provider(r["provider"]) for r in planned if r.get("provider")}
        state["deployment"]["resources"] = [planned[0], *providers.values(), *planned[1:]]
        file = self.folder / ".igoudar/record.json"
        file.write_text(json.dumps(state), "utf-8")
        self.run("stack", "import", "--file", str(file))
        made = [step["newState"] for step in steps]
        return {f"{r['type']}::{r['urn'].rpartition('::')[2]}": r.get("inputs", {}) for r in made}


def _created(resource: dict[str, Any]) -> dict[str, Any]:
    """With the id that a preview does not know (components and the stack have none) and what `up` answers."""
    made = {**resource, "outputs": resource.get("outputs") or {}}
    if resource["type"] == ServerGroup.token:
        made["outputs"] = {
            "done": {h: host_digest(resource["inputs"], h) for h in resource["inputs"]["hosts"]}
        }
    if resource.get("custom"):
        made["id"] = resource.get("id") or resource["urn"].rpartition("::")[2]
        if resource.get("provider"):
            made["provider"] = f"{resource['provider'].rpartition('::')[0]}::default"
    return made


def _provider(reference: str) -> dict[str, Any]:
    """The default provider, which the steps of a preview leave out; `reference` is its URN and id."""
    urn, _, identity = reference.rpartition("::")
    return {
        "urn": urn,
        "custom": True,
        "id": identity,
        "type": urn.split("::")[2],
        "inputs": {},
        "outputs": {},
    }


def seen_in_a_diff(said: str) -> tuple[str, str]:
    """Patterns of a cable's line that comes to say what is seen of it, and of one that says so no more."""
    seen = rf"\| seen: {said}"
    return rf'=> "[^"]* {seen}', rf'{seen}[^"]*" *=>'


def fresh_environment() -> dict[str, str]:
    """Ours without what an earlier `. scripts/env` left, and without its engine on PATH."""
    ours = ("PULUMI_", "IGOUDAR_ENGINE_LOG")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(ours)}
    path = [p for p in kept["PATH"].split(":") if not (Path(p) / "pulumi").exists()]
    return {**kept, "PATH": ":".join(path)}


def sourced(folder: Path, shell: str = "bash", stack: str = "lab") -> dict[str, str]:
    """The environment after `. scripts/env STACK` in `folder`."""
    done = subprocess.run(
        [shell, "-c", f". scripts/env {stack} && env -0"],
        cwd=folder,
        env=fresh_environment(),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=SECONDS,
    )
    return dict(pair.split("=", 1) for pair in done.stdout.split("\0") if pair)


def make(folder: Path) -> Checkout:
    for part in (*PARTS, *TOOLS):
        source, target = ROOT / part, folder / part
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)
    (folder / ".venv").symlink_to(ROOT / ".venv")
    return Checkout(folder, sourced(folder))
