"""A host after `base`, judged by lynis and by ANSSI-BP-028 of ssg-debian; what is not met has its reason.

Reasons are data beside the role (`roles/base/hardening.yaml`). `IGOUDAR_GOLDEN=write` writes the table
`docs/hardening.md` anew; then read `git diff`.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
import yaml

from tests.vendors.judged import PROFILE, ROOT, Judged, Verdict, judge

pytestmark = [pytest.mark.image, pytest.mark.timeout(1200)]
ENTRIES = ROOT / "roles" / "base" / "hardening.yaml"
TABLE = ROOT / "docs" / "hardening.md"
ROLES = (("base", "access"), ("ssh_ca", "signed"), ("chrony", "client"))
KINDS = {"exception": "excepted", "not_applicable": "not applicable"}
MET, ABSENT = "pass", "notapplicable"
WRITE = os.environ.get("IGOUDAR_GOLDEN") == "write"
Entries = Mapping[str, Mapping[str, str]]


def entries(judge: str) -> Entries:
    """Name of a rule, or a pattern with `*` -> `{exception: reason}` or `{not_applicable: reason}`."""
    found: dict[str, Entries] = yaml.safe_load(ENTRIES.read_text("utf-8"))
    for rule, entry in found[judge].items():
        assert len(entry) == 1, rule
        assert set(entry) <= set(KINDS), rule
        assert all(len(reason) > 20 for reason in entry.values()), f"{rule}: a reason says more than that"
    return found[judge]


def entry_of(rule: str, among: Entries) -> str | None:
    """The rule's own entry, or else the pattern that it is one of."""
    if rule in among:
        return rule
    return next((name for name in among if "*" in name and fnmatchcase(rule, name)), None)


def compared(unmet: Iterable[str], among: Entries) -> tuple[list[str], list[str]]:
    """Rules that are not met and have no entry, and entries that no such rule needs."""
    needed = {rule: entry_of(rule, among) for rule in unmet}
    return [r for r, name in needed.items() if name is None], [n for n in among if n not in needed.values()]


def unmet(verdicts: Iterable[Verdict]) -> list[str]:
    """All but the two good ends: a rule that the judge failed over is not met either."""
    return [v.rule for v in verdicts if v.result not in (MET, ABSENT)]


@pytest.fixture(scope="session")
def judged() -> Judged:
    made = subprocess.run(
        [ROOT / "scripts/judges", "--cached"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if made.returncode != 0:
        pytest.skip("no judges in the cache: scripts/setup judges")
    return judge(Path(made.stdout.strip()), ROLES)


def test_the_roles_were_applied(judged: Judged) -> None:
    assert (judged.applied.status, judged.applied.message) == ("ok", "")
    assert len(judged.verdicts) > 300, "the data stream applies to this release"
    assert sum(v.result == MET for v in judged.verdicts) > 100


def test_lynis_finds_the_host_harder_and_warns_of_nothing_without_a_reason(judged: Judged) -> None:
    before, after = judged.index
    assert after > before
    assert compared(judged.warnings, entries("lynis")) == ([], [])


def test_every_rule_is_met_or_has_its_reason_and_no_reason_is_left_over(judged: Judged) -> None:
    assert compared(unmet(judged.verdicts), entries("anssi_bp28")) == ([], [])


def test_what_reasons_say_of_this_host_is_true(judged: Judged) -> None:
    """Rules that are met, by what the judges do not read or misread."""
    assert {
        "kernel/sysrq:0",
        "kernel/perf_event_paranoid:3",
        "fs/protected_fifos:2",
        "net/ipv4/conf/default/rp_filter:1",
        "net/ipv4/conf/all/arp_ignore:1",
        "net/ipv4/conf/all/arp_announce:2",
        "permitrootlogin:no",
        "/home/amina:700",
    } <= judged.facts


def test_a_rule_without_a_reason_and_a_reason_without_a_rule_are_seen() -> None:
    verdicts = [Verdict("a_1", "", "fail"), Verdict("a_2", "", "error"), Verdict("b", "", MET)]
    among = {"a_*": {"exception": "why"}, "b": {"exception": "why"}}

    assert compared(unmet(verdicts), among) == ([], ["b"])
    assert compared(unmet(verdicts), {"a_2": {"exception": "why"}}) == (["a_1"], [])
    assert entry_of("a_2", {**among, "a_2": {"exception": "its own"}}) == "a_2"


HEAD = """# Hardening, judged by others

Made by `tests/vendors/test_hardening.py` (`IGOUDAR_GOLDEN=write`), not by hand. A server with the roles
{roles} is judged by the profile `{profile}` of ANSSI-BP-028 in Debian's `ssg-debian`,
which holds the rules of the three lower levels too, and by `lynis`, which has to find it harder with the
roles than without. Reasons are in `roles/base/hardening.yaml`: a rule that is not met and has none fails the
suite, and so does a reason that no rule needs any more.

- Judged are files, modes, owners and packages, in a folder that holds the image of the twin: no boot loader,
  no partitions, no running daemons, and of the kernel only its settings, which are what Debian and the roles
  write. What runs is seen on real kernels by `tests/twin/hosts`.
- `ssg-debian` of Debian 13 ends with Debian 12. The data stream of 12 is used; the one thing that is changed
  in it is the release that it asks for.
- "Nothing there to judge" is the judge's own word: the package, kernel or file that the rule is about is not
  on the host.

{counts}
"""


def test_the_table(judged: Judged) -> None:
    text = table(judged)
    if WRITE:
        TABLE.write_text(text, encoding="utf-8")

    assert text == TABLE.read_text("utf-8")


def table(judged: Judged) -> str:
    among, warned = entries("anssi_bp28"), entries("lynis")
    ends = {v.rule: end(v, among) for v in judged.verdicts}
    kinds = [said.partition(":")[0] for said in ends.values()]
    counts = ", ".join(f"{kinds.count(kind)} {kind}" for kind in dict.fromkeys(("met", *sorted(set(kinds)))))
    names = ", ".join(f"`{role}`" for role, _ in ROLES)
    head = HEAD.format(
        roles=names, profile=PROFILE.rpartition("_profile_")[2], counts=f"{len(ends)} rules: {counts}."
    )
    rows = [f"| `{v.rule}` | {v.title.replace('|', '/')} | {ends[v.rule]} |" for v in judged.verdicts]
    warnings = [
        f"| `{test}` | {said} | {reason(warned, test)} |" for test, said in sorted(judged.warnings.items())
    ]
    return "\n".join(
        (
            head,
            *("## Rules of ANSSI-BP-028", "", "| rule | title | end |", "| --- | --- | --- |", *rows, ""),
            *("## Warnings of lynis", "", "| test | warning | end |", "| --- | --- | --- |", *warnings, ""),
        )
    )


def end(verdict: Verdict, among: Entries) -> str:
    if verdict.result == MET:
        return "met"
    return (
        "not applicable: nothing there to judge" if verdict.result == ABSENT else reason(among, verdict.rule)
    )


def reason(among: Entries, rule: str) -> str:
    name = entry_of(rule, among)
    if name is None:
        return "NOT MET"
    ((kind, why),) = among[name].items()
    return f"{KINDS[kind]}: {' '.join(why.split())}"
