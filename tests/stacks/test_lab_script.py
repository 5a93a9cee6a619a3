"""`scripts/lab` without a twin: as far as its preview, why it goes no further, and when drills are due."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.stacks.checkout import ROOT, Checkout, fresh_environment, make

pytestmark = [pytest.mark.engine, pytest.mark.timeout(600)]
SECONDS = 300  # for a whole preview, on a machine that is busy
PREVIEWED_ONLY = 20
STAMP = ".igoudar-lock"  # of scripts/setup: what is installed


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """For scripts/setup everything in it is installed: whatever it did in a .venv would be done in ours."""
    made = make(tmp_path / "checkout")
    shutil.copy(ROOT / "pyproject.toml", made.folder)
    (made.folder / ".venv").unlink()
    (made.folder / ".venv").mkdir()
    for part in (ROOT / ".venv").iterdir():
        if part.name != STAMP:
            (made.folder / ".venv" / part.name).symlink_to(part)
    wanted = b"".join((made.folder / name).read_bytes() for name in ("requirements.lock", "pyproject.toml"))
    (made.folder / ".venv" / STAMP).write_text(f"{hashlib.sha256(wanted).hexdigest()}  -\n", "utf-8")
    return made


def lab(checkout: Checkout, *words: str, first: Path | None = None, status: int = 0) -> list[str]:
    """Lines of `scripts/lab`, started by somebody who sourced nothing; programs of `first` shadow others."""
    environment = {k: v for k, v in fresh_environment().items() if k != "SUDO_UID"}
    if first:
        environment["PATH"] = f"{first}:{environment['PATH']}"
    done = subprocess.run(
        ["scripts/lab", *words],
        cwd=checkout.folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    assert done.returncode == status, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout.splitlines()


def test_a_preview_is_all_that_was_asked_for(checkout: Checkout) -> None:
    lines = lab(checkout, "--preview")
    text = "\n".join(lines)
    assert lines[-1] == "lab: previewed only, twin not started: --preview was given"
    assert [line for line in lines if line.startswith("== ")] == [
        *("== packages", "== python", "== engine", "== preview")
    ]
    assert re.search(r"^ *\+ igoudar:network:Switches: \(create\)", text, re.MULTILINE)
    assert (checkout.folder / ".igoudar/render/leaf-1/etc/frr/frr.conf").is_file()
    assert not (checkout.folder / ".igoudar/twin").exists()


def test_where_the_twin_cannot_run_it_previews_and_says_why(checkout: Checkout, tmp_path: Path) -> None:
    first = tmp_path / "first"
    first.mkdir()
    (first / "uname").write_text(
        '#!/bin/sh\ncase $1 in -m) echo arm64;; *) exec /usr/bin/uname "$@";; esac\n'
    )
    (first / "uname").chmod(0o755)
    checkout.run("config", "set", "igoudar:layers", "hall")

    lines = lab(checkout, first=first, status=PREVIEWED_ONLY)

    reason = "its kernels are built for x86_64, this machine is arm64"
    assert lines[-1] == f"lab: previewed only, twin not started: {reason}"
    assert not (checkout.folder / ".igoudar/twin").exists()


def functions(*names: str) -> str:
    """Text of functions of scripts/lab."""
    text = (ROOT / "scripts/lab").read_text("utf-8")
    return "\n".join(re.search(rf"^{n}\(\) \{{\n.*?^\}}$", text, re.M | re.S).group() for n in names)  # type: ignore[union-attr]


@pytest.fixture
def proved(tmp_path: Path) -> Path:
    """A folder whose `pulumi` shows the file `record`, and whose `igoudar verify` always passes."""
    for name, text in {
        "bin/pulumi": "cat record",
        ".venv/bin/igoudar": 'echo "$@" >>verified',
        ".venv/bin/python": 'exec python3 "$@"',
    }.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"#!/bin/sh\n{text}\n", "utf-8")
        file.chmod(0o755)
    (tmp_path / ".igoudar/twin/lab").mkdir(parents=True)
    for name in ("pid", "twin.json"):
        (tmp_path / ".igoudar/twin/lab" / name).write_text("1", "utf-8")
    record(tmp_path, text="one", modified="monday")
    return tmp_path


def record(folder: Path, **resource: str) -> None:
    (folder / "record").write_text(json.dumps({"deployment": {"resources": [resource]}}), "utf-8")


def drilled(folder: Path, drills: str = "--drills") -> bool:
    """Whether the stage `verify` broke things this time."""
    program = f"SITE=lab JUNIT=junit drills={drills}\n{functions('state', 'prove')}\nprove\nexit $verdict"
    environment = {**fresh_environment(), "PATH": f"{folder}/bin:{fresh_environment()['PATH']}"}
    subprocess.run(["bash", "-euo", "pipefail", "-c", program], cwd=folder, env=environment, check=True)
    return "--drills" in (folder / "verified").read_text("utf-8").splitlines()[-1]


def test_drills_are_due_once_for_each_state_of_the_lab(proved: Path) -> None:
    assert drilled(proved)
    assert not drilled(proved)
    record(proved, text="one", modified="tuesday")
    assert not drilled(proved), "only the time of the record is another"

    record(proved, text="two", modified="wednesday")
    assert not drilled(proved, drills="")
    assert drilled(proved), "a run without drills proved nothing of the new state"
    assert not drilled(proved)

    (proved / ".igoudar/twin/lab/pid").write_text("2", "utf-8")
    assert drilled(proved), "another run of the twin"


def test_the_readme_names_every_folder_that_git_ignores() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    folders = (ROOT / ".gitignore").read_text("utf-8").split()
    assert [f for f in folders if f"`{f}`" not in text] == []
