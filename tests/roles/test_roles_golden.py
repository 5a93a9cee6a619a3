"""Each role, told to each of its cases: everything it would do to the host, as one text that people read.

`IGOUDAR_GOLDEN=write pytest tests/roles` writes the texts anew; then read `git diff`.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from igoudar.agent.install import agent_files
from igoudar.errors import Where
from igoudar.render_roles import render_declaration
from igoudar.role_document import as_document, digest, from_document
from igoudar.roles import Declaration, load_roles
from igoudar.secret_marks import brought
from igoudar.witness.install import witness_files
from igoudar.worker.calls import Bundle, activate, configure, going, install
from igoudar.worker.site_roles import deploy_function
from tests.roles.views import BESIDE, CASES, SECRETS

ROOT = Path(__file__).parents[2]
GOLDEN = Path(__file__).parent / "golden"
ROLES = load_roles(ROOT / "roles")
PROGRAMS = {"the agent": frozenset(agent_files()), "the register": frozenset(witness_files())}
ALL = [(role, case) for role, cases in CASES.items() for case in cases]


def declared(role: str, case: str) -> Declaration:
    written, host = CASES[role][case]
    folder = ROLES[role]
    settings = folder.settings(written, Where("devices.yaml"), SECRETS)
    others = {other: declared(other, beside) for other, beside in BESIDE.get((role, case), {}).items()}
    held = {mark for _, mark in brought(settings)}
    return render_declaration(folder.declare(settings, host, others), folder, held)


def readable(told: Declaration) -> str:
    lines = ["may lock everybody out"] if told.lockout else []
    lines += [f"package {name}" for name in told.packages]
    lines += [f"port {p.number}/{p.protocol} from {p.source or 'all'}: {p.purpose}" for p in told.ports]
    for user in told.users:
        lines += [f"user {user.name} {' '.join(user.groups)}".rstrip(), *(f"| {key}" for key in user.keys)]
    for program, paths in PROGRAMS.items():
        lines += ["", f"the files of {program}"] if any(file.path in paths for file in told.files) else []
    for file in (f for f in told.files if not any(f.path in paths for paths in PROGRAMS.values())):
        lines += ["", f"file {file.path} {file.owner}:{file.group} {file.mode}"]
        for word, value in (
            ("check", file.validate),
            ("unless", file.unless),
            ("then", ", ".join(file.notify)),
        ):
            lines += [f"  {word}: {value}"] if value else []
        lines += [f"| {line}".rstrip() for line in (file.text or "").splitlines()]
    lines += [f"line of {one.path}, for {one.replaces!r}: {one.line}" for one in told.lines]
    lines.append("")
    for command in told.before_units:
        lines.append(f"before units: {command.name}: {command.run}" + _unless(command.unless))
    for unit in told.units:
        state = {True: "running", False: "stopped", None: "any state"}[unit.running]
        lines.append(f"unit {unit.name} {'enabled' if unit.enabled else 'disabled'}, {state}")
    for command in told.commands:
        lines.append(f"command {command.name}: {command.run}" + _unless(command.unless))
    return "\n".join(lines) + "\n"


def _unless(test: str) -> str:
    return f"  (unless: {test})" if test else ""


@pytest.mark.parametrize(("role", "case"), ALL)
def test_what_a_role_does(role: str, case: str) -> None:
    path = GOLDEN / f"{role}-{case}.txt"
    text = readable(declared(role, case))
    if os.environ.get("IGOUDAR_GOLDEN") == "write":
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)

    assert text == path.read_text()


def test_every_role_has_a_case_a_readme_and_a_golden() -> None:
    goldens, wanted = {p.name for p in GOLDEN.iterdir()}, {f"{role}-{case}.txt" for role, case in ALL}

    assert set(ROLES) ^ set(CASES) == set(), "each role has a case in tests/roles/views.py"
    assert wanted - goldens == set(), "IGOUDAR_GOLDEN=write pytest tests/roles"
    assert goldens - wanted == set(), "goldens of no case; delete them"
    assert [name for name, r in ROLES.items() if not (r.path / "README.md").is_file()] == []


@pytest.mark.parametrize(("role", "case"), ALL)
def test_a_role_does_all_that_it_declares(role: str, case: str) -> None:
    told, done, wanted = declared(role, case), Bundle(), Bundle()
    with going(wanted):
        install(told)
        configure(told)
        activate(told)
    with going(done):
        deploy_function(ROOT / "roles", role).__wrapped__(told)  # type: ignore[attr-defined]

    assert [step for step in wanted.steps if step not in done.steps] == []


@pytest.mark.parametrize(("role", "case"), ALL)
def test_a_declaration_survives_its_record(role: str, case: str) -> None:
    document = as_document(declared(role, case))
    again = from_document(document)

    assert as_document(again) == document
    assert digest(as_document(again)) == digest(document)
