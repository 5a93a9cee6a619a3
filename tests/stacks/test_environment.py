"""`. scripts/env` in one shell after another: stacks, what is selected, several checkouts."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.stacks.checkout import ROOT, fresh_environment

pytestmark = [pytest.mark.engine, pytest.mark.timeout(300)]
SECONDS = 120  # on a machine that is busy


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    return make(tmp_path / "one")


def make(folder: Path) -> Path:
    """As much of a checkout as scripts/env needs, with the stacks `lab` and `two`."""
    for part in ("scripts", "tools"):
        shutil.copytree(ROOT / part, folder / part)
    for name, source in (("Pulumi", "Pulumi"), ("Pulumi.lab", "Pulumi.lab"), ("Pulumi.two", "Pulumi.lab")):
        shutil.copy(ROOT / f"{source}.yaml", folder / f"{name}.yaml")
    (folder / ".venv").symlink_to(ROOT / ".venv")
    return folder


def say(folder: Path, commands: str) -> str:
    """What bash printed, started in `folder` with a fresh environment."""
    done = subprocess.run(
        ["bash", "-euc", commands],
        cwd=folder,
        env=fresh_environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_stack_is_made_and_lab_selected(checkout: Path) -> None:
    listed = json.loads(say(checkout, ". scripts/env; pulumi stack ls --json"))

    assert {stack["name"]: stack["current"] for stack in listed} == {"lab": True, "two": False}


def test_the_engine_keeps_a_log_of_its_own_where_that_is_asked_for(checkout: Path) -> None:
    logs = checkout / ".igoudar/pulumi/logs"
    say(checkout, ". scripts/env; pulumi stack ls")
    assert (logs.is_file(), logs.read_bytes()) == (True, b"")
    said = say(checkout, "export IGOUDAR_ENGINE_LOG=1; . scripts/env; pulumi stack ls >&2; pulumi logs list")
    assert [*logs.iterdir()]
    assert "pulumi-" in said
    written = sorted(file.name for file in logs.iterdir())
    say(checkout, ". scripts/env; pulumi stack ls")
    assert logs.is_file()
    (aside,) = logs.parent.glob("logs.*")
    assert sorted(file.name for file in aside.iterdir()) == written, "they were asked for: they stay"


def test_the_home_of_another_is_left_as_it_is(checkout: Path, tmp_path: Path) -> None:
    say(checkout, f"export PULUMI_HOME={tmp_path / 'home'}; . scripts/env; pulumi stack ls")
    assert (tmp_path / "home/logs").is_dir()


def test_without_a_word_the_selection_stays_with_one_it_changes(checkout: Path) -> None:
    shown = say(
        checkout,
        ". scripts/env two; . scripts/env; pulumi stack --show-name\n"
        ". scripts/env lab; pulumi stack --show-name\n"
        "pulumi stack select two; . scripts/env lab; pulumi stack --show-name",
    )

    assert shown.split() == ["two", "lab", "lab"]


def test_the_words_of_a_script_name_no_stack(checkout: Path) -> None:
    shown = say(checkout, "set -- --preview; . scripts/env; pulumi stack --show-name")

    assert shown.split() == ["lab"]


def test_a_second_checkout_in_one_shell_has_its_own_state(checkout: Path, tmp_path: Path) -> None:
    other = make(tmp_path / "other")
    show = 'echo "$PULUMI_BACKEND_URL $PULUMI_HOME $(command -v python)"'
    shown = say(
        tmp_path,
        f'CDPATH={tmp_path}; . one/scripts/env; {show}; . other/scripts/env; {show}; echo "$PATH"',
    )

    first, second, path = shown.splitlines()
    for folder, line in ((checkout, first), (other, second)):
        under = folder / ".igoudar"
        assert line == f"file://{under}/state {under}/pulumi {folder}/.venv/bin/python"
    assert path.split(":").count(f"{other}/.venv/bin") == 1
    assert (other / ".igoudar/state/.pulumi/stacks/igoudar/lab.json.zst").exists()


def test_a_passphrase_that_does_not_fit_one_stack_keeps_nobody_from_another(checkout: Path) -> None:
    (checkout / "Pulumi.two.yaml").write_text("config:\n  igoudar:site: lab\n", "utf-8")
    shown = say(checkout, "export PULUMI_CONFIG_PASSPHRASE=hush; . scripts/env two; pulumi stack --show-name")

    assert shown.split() == ["two"]


def test_what_was_chosen_before_stays(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "ours").mkdir()
    (checkout / "Pulumi.lab.yaml").write_text("config:\n  igoudar:site: lab\n", "utf-8")
    shown = say(
        checkout,
        f"export PULUMI_BACKEND_URL=file://{tmp_path}/ours PULUMI_CONFIG_PASSPHRASE=hush; . scripts/env lab\n"
        'echo "$PULUMI_BACKEND_URL $PULUMI_CONFIG_PASSPHRASE"',
    )

    assert shown.split() == [f"file://{tmp_path}/ours", "hush"]
    assert not (checkout / ".igoudar/state").exists()
    assert (tmp_path / "ours/.pulumi/stacks/igoudar/lab.json.zst").exists()
