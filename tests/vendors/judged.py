"""A host's files as roles leave them, before judges that are not ours: `lynis` and `oscap`.

The host is the twin's image, under an overlay in memory; the text of its roles comes by the product's
own script, with writes on. Two things stand in for what a folder has not: `systemctl` is that of the scratch
host, and the kernel's settings are plain files, one for each key that a file names. The real `systemd-sysctl`
fills them, so a rule is met by what Debian or a role says, never by the kernel of the machine that tests.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from igoudar.role_document import as_document, from_document
from igoudar.worker.calls import Bundle, going
from igoudar.worker.results import HostResult, read_answer
from igoudar.worker.script import RoleSteps, bundle_script
from igoudar.worker.site_roles import deploy_function
from tests.roles.test_roles_golden import ROOT, declared
from tests.scratch_host import SYSTEMCTL

SECONDS = 900  # some thirty of them are work; the rest is waiting for a busy machine
PREFIX = "xccdf_org.ssgproject.content_"
PROFILE = f"{PREFIX}profile_anssi_bp28_high"  # holds the rules of the three lower levels
NAMESPACE = "{http://checklists.nist.gov/xccdf/1.2}"
STAND_IN = "/run/stand-in"
SHELL = Path(__file__).parent / "judged_host"
# Tests of lynis that go through packages, units, certificates of authorities and PHP, and judge nothing that
# a text of a role says: half its time.
SKIPPED = (
    "BOOT-5104",
    "BOOT-5177",
    "BOOT-5184",
    "CRYP-7902",
    "HRDN-7231",
    "PHP-2211",
    "PKGS-7345",
    "PKGS-7346",
    "PKGS-7370",
    "PKGS-7410",
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Of one rule: `result` is XCCDF's word (`pass`, `fail`, `notapplicable`, `error`, ...)."""

    rule: str
    title: str
    result: str


@dataclass(frozen=True, slots=True)
class Judged:
    """`index`: lynis' hardening index before and with the roles (0 to 100); `warnings`: those with them.

    `facts`: `name:value` of settings of the kernel and of sshd, and `path:mode` of a home, with the roles.
    """

    applied: HostResult
    index: tuple[int, int]
    warnings: dict[str, str]
    verdicts: tuple[Verdict, ...]
    facts: frozenset[str]


def judge(judges: Path, roles: Sequence[tuple[str, str]]) -> Judged:
    """`roles`: name and case of each, as tests of roles have them. `judges`: what `scripts/judges` made."""
    with tempfile.TemporaryDirectory(prefix="igoudar-") as folder:
        work = Path(folder)
        (work / "disk").mkdir()
        given = {
            **{path.name: path.read_text("utf-8") for path in SHELL.iterdir()},
            "roles": _script(roles),
            "systemctl": SYSTEMCTL.format(folder=STAND_IN),
            "skipped": "".join(f"{test}\n" for test in SKIPPED),
            "profile": PROFILE,
        }
        for name, text in given.items():
            (work / name).write_text(text, encoding="utf-8")
        user = [] if os.geteuid() == 0 else ["--map-root-user", "--map-auto"]
        command = ["unshare", *user, "--mount", "--net", "--pid", "--uts", "--ipc", "--fork", "--kill-child"]
        command += ["/bin/sh", str(work / "prelude"), str(judges), folder]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
        assert ran.returncode == 0, f"{ran.stdout}\n{ran.stderr}"
        return _read(work)


def _script(roles: Sequence[tuple[str, str]]) -> str:
    """Without a window: nobody logs in to a folder, so nobody can be locked out of it."""
    steps = []
    for role, case in roles:
        bundle, document = Bundle(), as_document(declared(role, case))
        with going(bundle):
            deploy = deploy_function(ROOT / "roles", role)
            deploy.__wrapped__(from_document(document))  # type: ignore[attr-defined]
        steps.append(RoleSteps(role, role, tuple(bundle.steps)))
    script = bundle_script(steps, "", plan=False)
    return script.replace("PATH=/usr/sbin", f"PATH={STAND_IN}/bin:/usr/sbin")


def _read(work: Path) -> Judged:
    before, after = (_report(work / name) for name in ("before", "after"))
    warnings = ((test, said) for test, said, *_ in (w.split("|") for w in after.get("warning[]", ())))
    return Judged(
        read_answer("here", (work / "applied").read_text().splitlines(), 0.0, ""),
        (int(before["hardening_index"][0]), int(after["hardening_index"][0])),
        dict(warnings),
        _verdicts(work / "results.xml"),
        frozenset((work / "facts").read_text().splitlines()),
    )


def _report(path: Path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in path.read_text("utf-8", errors="replace").splitlines():
        key, _, value = line.partition("=")
        found.setdefault(key, []).append(value)
    return found


def _verdicts(path: Path) -> tuple[Verdict, ...]:
    tree = ET.parse(path)
    titles = {
        rule.get("id", ""): rule.findtext(f"{NAMESPACE}title") for rule in tree.iter(f"{NAMESPACE}Rule")
    }
    found = [
        Verdict(
            name.removeprefix(f"{PREFIX}rule_"), titles[name] or "", each.findtext(f"{NAMESPACE}result") or ""
        )
        for each in tree.iter(f"{NAMESPACE}rule-result")
        for name in [each.get("idref", "")]
    ]
    return tuple(sorted((v for v in found if v.result != "notselected"), key=lambda verdict: verdict.rule))
