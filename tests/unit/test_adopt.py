"""`igoudar adopt` over switches in memory, and what a patch does to check, diff, explain and update."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from igoudar.agent.masks import fill
from igoudar.apply.change import RUNNING, Todo, judge, wanted
from igoudar.errors import DeviceFailed
from igoudar.resources import switches_inputs
from tests.repository import commit
from tests.site_world import FRR, SiteWorld, Terminal, typed

PATCH = "inventory/lab/adopted/leaf-2.patch"
BY_HAND = "ip route 192.0.2.0/24 Null0\n"
INTERFACES = "/etc/network/interfaces"


def in_file(site: SiteWorld, name: str = "leaf-2", path: str = FRR, line: str = BY_HAND) -> None:
    """A line that somebody wrote into a file on the switch."""
    file = site.file(name, path)
    text = file.read_text()
    file.write_text(text.replace("!\n", f"!\n{line}", 1) if path == FRR else text + line)


def in_daemons(site: SiteWorld, old: str, new: str, name: str = "leaf-2") -> str:
    """What somebody told the daemons, and no file. The text that they run."""
    text: str = site.record[name][FRR]
    assert text.count(old) == 1, text
    site.daemons_run(name, text.replace(old, new))
    return text.replace(old, new)


def described(site: SiteWorld, name: str = "leaf-2") -> dict[str, str]:
    return dict(site.compiled().switches[name])


def test_nothing_is_written_without_being_asked_for(root: Path, site: SiteWorld) -> None:
    in_file(site)
    said, status = typed(root, "adopt leaf-2")
    assert status == 5
    assert "+++ b/leaf-2:/etc/frr/frr.conf" in said
    assert "+ip route 192.0.2.0/24 Null0" in said
    assert said.endswith("nothing was written; `igoudar adopt leaf-2 --write` adopts this")
    assert not (root / PATCH).exists()
    assert site.boxes["leaf-2"].asked == ["read"]


def test_with_write_the_described_text_is_what_the_switch_runs(root: Path, site: SiteWorld) -> None:
    in_file(site)
    in_file(site, path=INTERFACES, line="\nauto swp30\niface swp30\n")
    said, status = typed(root, "adopt leaf-2 --write")
    assert status == 0
    assert said.endswith(f"wrote {PATCH}; commit it, then `pulumi refresh` and `pulumi up`")
    assert fill(described(site)[FRR], site.values) == site.file("leaf-2").read_text()
    assert described(site)[INTERFACES] == site.file("leaf-2", INTERFACES).read_text()
    assert described(site, "leaf-1") == site.record["leaf-1"], "and no other switch has another text"
    commit(root, "adopted")
    assert typed(root, "diff lab --exit-code")[1] == 0
    assert typed(root, "adopt leaf-2") == (
        f"leaf-2 runs what is described with {PATCH}: nothing more to adopt",
        0,
    )


@pytest.mark.parametrize(("typed_in", "status"), [("y\n", 0), ("n\n", 5)])
def test_on_a_terminal_it_asks_first(
    root: Path, site: SiteWorld, monkeypatch: pytest.MonkeyPatch, typed_in: str, status: int
) -> None:
    in_file(site)
    monkeypatch.setattr("sys.stdin", Terminal(typed_in))
    said, ended = typed(root, "adopt leaf-2")
    assert "write leaf-2.patch? [y/N]" in said
    assert (ended, (root / PATCH).exists()) == (status, status == 0)


def test_check_reminds_of_it_once(root: Path, site: SiteWorld) -> None:
    in_file(site)
    typed(root, "adopt leaf-2 --write")
    said, status = typed(root, "check lab")
    assert status == 0
    assert said.count("carries an adopted patch") == 1
    assert f"{PATCH}:1: warning: leaf-2 carries an adopted patch of 1 line; write it into templates" in said
    assert "what is adopted was not validated: there is no scripts/image in this checkout" in said
    assert typed(root, "check lab --strict")[1] == 3


def test_what_only_the_daemons_run_goes_into_frr_conf(root: Path, site: SiteWorld) -> None:
    ours = " bgp router-id "
    line = next(line for line in site.record["leaf-2"][FRR].splitlines() if line.startswith(ours))
    text = in_daemons(
        site, f"{line}\n no bgp default ipv4-unicast\n", f"{ours}192.0.2.77\n no bgp default ipv4-unicast\n"
    )
    said, status = typed(root, "adopt leaf-2 --write")
    assert status == 0
    assert f"-{line}" in said
    assert "+ bgp router-id 192.0.2.77" in said
    assert described(site)[FRR] == text
    assert RUNNING not in described(site)


def test_after_a_refresh_an_update_brings_file_and_record_to_it(root: Path, site: SiteWorld) -> None:
    """The way that the command names: what is live is the record then, and the adopted text the target."""
    in_daemons(site, "!\nvrf ", f"!\n{BY_HAND}vrf ", "border-1")
    typed(root, "adopt border-1 --write")
    live = site.driver("border-1").read(tuple(site.record["border-1"]), _disguise(site)).texts
    assert RUNNING in live
    old = {**site.record, "border-1": live}
    want = wanted(old, switches_inputs(site.compiled(), "lab", ""), "border-1")
    assert judge(want, live) is Todo.GO
    assert BY_HAND in want.target[FRR]


def _disguise(site: SiteWorld) -> Any:
    from igoudar.apply.driver import Disguise  # noqa: PLC0415

    return Disguise(tuple(site.record["border-1"].values()))


def test_explain_names_the_patch_of_an_adopted_line(root: Path, site: SiteWorld) -> None:
    in_file(site)
    typed(root, "adopt leaf-2 --write")
    lines = described(site)[FRR].splitlines()
    at = lines.index(BY_HAND.strip()) + 1
    said, _ = typed(root, f"explain leaf-2:{FRR}:{at}")
    number = (root / PATCH).read_text().splitlines().index(f"+{BY_HAND.strip()}") + 1
    assert f"written by {PATCH}:{number}" in said
    after, _ = typed(root, f"explain leaf-2:{FRR}:{at + 2}")
    assert "written by templates/frr/" in after
    assert lines[at + 1] in after


def test_more_drift_makes_the_whole_patch_anew_and_none_removes_it(root: Path, site: SiteWorld) -> None:
    before = site.file("leaf-2").read_text()
    in_file(site)
    typed(root, "adopt leaf-2 --write")
    in_file(site, line="ip route 192.0.3.0/24 Null0\n")
    said, status = typed(root, "adopt leaf-2 --write")
    assert status == 0
    assert "+ip route 192.0.3.0/24 Null0" in said
    assert f"+{BY_HAND}" in (root / PATCH).read_text()
    assert fill(described(site)[FRR], site.values) == site.file("leaf-2").read_text()
    site.file("leaf-2").write_text(before)
    assert typed(root, "adopt leaf-2")[1] == 5
    said, status = typed(root, "adopt leaf-2 --write")
    assert (status, (root / PATCH).exists()) == (0, False)
    assert said.startswith(f"removed {PATCH}: leaf-2 runs what is described without it")


def test_a_site_without_drift_has_nothing_to_adopt(root: Path, site: SiteWorld) -> None:
    assert typed(root, "adopt leaf-2 --write") == ("leaf-2 runs what is described: nothing to adopt", 0)
    assert not (root / PATCH).parent.exists()


def test_a_password_that_nobody_knows_is_not_adopted(root: Path, site: SiteWorld) -> None:
    in_file(site, line="router bgp 65000\n neighbor 192.0.2.9 password herring\nexit\n")
    said, status = typed(root, "adopt leaf-2 --write")
    assert status == 3
    assert "leaf-2:/etc/frr/frr.conf:" in said
    assert "the line holds a secret that the site does not know; expected a secret of secrets.yaml" in said
    assert "herring" not in said
    assert not (root / PATCH).exists()


def test_a_known_password_is_adopted_as_its_mark(root: Path, site: SiteWorld) -> None:
    file = site.file("border-1")
    word = next(line for line in file.read_text().splitlines() if " password " in line)
    file.write_text(
        file.read_text().replace(f"{word}\n", f"{word}\n neighbor 192.0.2.9 description by hand\n")
    )
    said, status = typed(root, "adopt border-1 --write")
    assert status == 0
    assert word.split()[-1] not in said
    assert fill(described(site, "border-1")[FRR], site.values) == file.read_text()


def test_daemons_that_do_not_run_are_not_adopted(root: Path, site: SiteWorld) -> None:
    site.boxes["leaf-2"].world.switch.dead = {"bgpd"}
    said, status = typed(root, "adopt leaf-2 --write")
    assert (said, status) == (
        "leaf-2: not running: bgpd; start its daemons first (systemctl status frr)",
        4,
    )


def test_an_open_transaction_is_waited_for(root: Path, site: SiteWorld) -> None:
    site.open("run-1", "leaf-2", until="applied")
    said, status = typed(root, "adopt leaf-2 --write")
    assert (said, status) == ("leaf-2: run-1 is open there; adopt when it is settled (igoudar txn)", 4)


def test_a_silent_switch(root: Path, site: SiteWorld) -> None:
    def silent(box: Any, verb: str, when: str) -> None:
        raise DeviceFailed(f"{box.name}: no route to host")

    site.fault = silent
    assert typed(root, "adopt leaf-2 --write") == ("leaf-2: no route to host", 4)


@pytest.mark.parametrize(
    ("device", "said"), [("leaf-9", "there is no such switch"), ("spine-1", "it is offline")]
)
def test_who_can_not_be_adopted_from(root: Path, site: SiteWorld, device: str, said: str) -> None:
    devices = root / "inventory/lab/devices.yaml"
    devices.write_text(devices.read_text().replace("spine-1: {", "spine-1: {status: offline, "))
    told, status = typed(root, f"adopt {device} --write")
    assert status == 2
    assert told.startswith(f"{device}: {said}; expected an active switch: ")


def test_json_has_the_patch_and_writes_only_with_write(root: Path, site: SiteWorld) -> None:
    in_file(site)
    said, status = typed(root, "adopt leaf-2 --json")
    told = json.loads(said)
    assert (status, told["written"], told["file"]) == (5, False, PATCH)
    assert not (root / PATCH).exists()
    said, status = typed(root, "adopt leaf-2 --write --json")
    assert (status, json.loads(said)["written"]) == (0, True)
    assert (root / PATCH).read_text() == told["patch"]


def test_a_template_that_changes_the_line_refuses_the_patch(root: Path, site: SiteWorld) -> None:
    file = site.file("leaf-2")
    file.write_text(file.read_text().replace("log syslog informational", "log syslog debugging"))
    assert typed(root, "adopt leaf-2 --write")[1] == 0
    for template in (root / "templates/frr").rglob("*.j2"):
        template.write_text(template.read_text().replace("log syslog informational", "log syslog warnings"))
    said, status = typed(root, "check lab")
    assert status == 3
    assert f"{PATCH}:3: /etc/frr/frr.conf of leaf-2: line 3 of the text is 'log syslog warnings'" in said
