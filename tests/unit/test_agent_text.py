"""Masks, the canonical running configuration, and what the agent reads out of tools' words."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from igoudar.agent.disk import Disk
from igoudar.agent.install import COMMAND, VERSIONS, agent_files, version
from igoudar.agent.masks import Masker, fill
from igoudar.agent.protocol import Refused
from igoudar.agent.running import canonical, drift
from igoudar.agent.switch import Done, Switch
from tests.synced import synced

OLD_MARK, NEW_MARK = "secret:bgp@1", "secret:bgp@2"
PATTERN = r"^ *neighbor \S+ password (?P<secret>.+)$"


def line(value: str) -> str:
    return f" neighbor 203.0.113.1 password {value}"


@pytest.mark.parametrize(
    ("live", "said"),
    [
        (line("old"), line(OLD_MARK)),
        (line("new"), line(NEW_MARK)),
        (line("else"), line("secret:?changed")),
        (" neighbor 203.0.113.9 password old", " neighbor 203.0.113.9 password secret:?"),
        (" neighbor 203.0.113.1 password ", " neighbor 203.0.113.1 password "),
        ("router bgp 65000", "router bgp 65000"),
    ],
)
def test_masks(live: str, said: str) -> None:
    masker = Masker([line(NEW_MARK), line(OLD_MARK)], {OLD_MARK: "old", NEW_MARK: "new"}, [PATTERN])
    assert masker.text(f"{live}\n") == f"{said}\n"


def test_without_values_everything_at_the_position_counts_as_changed() -> None:
    assert Masker([line(NEW_MARK)], {}, []).line(line("new")) == line("secret:?changed")


def test_fill_is_the_opposite_of_the_mask() -> None:
    text = f"router bgp 1\n{line(NEW_MARK)}\nexit\n"
    filled = fill(text, {NEW_MARK: "s3cret"})
    assert line("s3cret") in filled
    assert Masker([text], {NEW_MARK: "s3cret"}, []).text(filled) == text


RUNNING = """Building configuration...

Current configuration:
!
frr version 10.3
hostname leaf-1
!
vrf a
 vni 1
exit-vrf
!
router bgp 65000 vrf a
 !
 address-family ipv4 unicast
  redistribute connected
 exit-address-family
exit
!
router bgp 65000 vrf b
 bgp router-id 10.0.0.1
exit
!
end
"""


def test_the_order_of_blocks_does_not_count_and_their_nesting_does() -> None:
    blocks = RUNNING.split("\n!\n")
    shuffled = "\n!\n".join([*blocks[:2], *reversed(blocks[2:])])
    assert canonical(shuffled) == canonical(RUNNING)
    assert "router bgp 65000 vrf a > address-family ipv4 unicast > redistribute connected\n" in canonical(
        RUNNING
    )
    moved = RUNNING.replace("bgp router-id 10.0.0.1", "no such").replace(" vni 1", " bgp router-id 10.0.0.1")
    assert canonical(moved) != canonical(RUNNING)


def test_drift_is_a_diff_without_context() -> None:
    said = drift(canonical(RUNNING), canonical(RUNNING.replace("vni 1", "vni 2")))
    assert said.splitlines()[2:] == ["-vrf a > vni 1", "+vrf a > vni 2"]
    assert drift(canonical(RUNNING), canonical(RUNNING)) == ""


def test_a_vrf_that_is_gone_and_still_printed_is_no_drift() -> None:
    """FRR lists it until its next start."""
    printed = RUNNING.replace("vrf a\n vni 1\n", "vrf a\n vni 1\nexit-vrf\n!\nvrf gone\n")
    assert printed != RUNNING
    assert canonical(printed) == canonical(RUNNING)
    assert "vrf a\n" in canonical(RUNNING)  # what is said of it may have gone, and that is drift
    assert drift(f"{canonical(RUNNING)}vrf gone\n", canonical(RUNNING)) == ""
    assert drift(canonical(RUNNING), canonical(RUNNING.replace(" vni 1\n", "")))


class Told(Switch):
    """Each command says what the test gives it."""

    def __init__(self, status: int, said: str) -> None:
        super().__init__(Disk(), Path("/nowhere"))
        self.done = Done(status, said)

    def run(self, words: Sequence[str], seconds: float) -> Done:
        return self.done


@pytest.mark.parametrize(
    ("status", "said", "good"),
    [
        (0, "", True),
        (
            1,
            "warning: bridge: bridge inherits mtu from its ports. There is no need to assign mtu on a bridge",
            True,
        ),
        (1, 'warning: swp1: address: invalid value "300.1.1.1/99": valid attribute values: [...]', False),
        (1, "error: main exception: list index out of range", False),
        (127, "ifup is not installed; the role frr_switch brings it", False),
    ],
)
def test_what_ifupdown2_says_of_a_candidate(tmp_path: Path, status: int, said: str, good: bool) -> None:
    switch = Told(status, said)
    (tmp_path / "etc/network").mkdir(parents=True)
    (tmp_path / "etc/network/interfaces").write_text("auto lo\n")
    if good:
        switch.validate(tmp_path, ["/etc/network/interfaces"])
    else:
        with pytest.raises(Refused, match="/etc/network/interfaces: "):
            switch.validate(tmp_path, ["/etc/network/interfaces"])


def test_a_candidate_that_runs_already_is_not_judged(tmp_path: Path) -> None:
    switch = Told(1, "error: whatever is asked")
    switch.root, candidate = tmp_path, tmp_path / "candidate"
    for folder in (tmp_path, candidate):
        (folder / "etc/network").mkdir(parents=True)
        (folder / "etc/network/interfaces").write_text("auto lo\n")
    switch.validate(candidate, ["/etc/network/interfaces"])
    (candidate / "etc/network/interfaces").write_text("auto lo swp1\n")
    with pytest.raises(Refused, match="/etc/network/interfaces: "):
        switch.validate(candidate, ["/etc/network/interfaces"])


def test_only_files_of_a_switch_are_taken() -> None:
    with pytest.raises(Refused, match="/etc/shadow is not a file of this switch"):
        Told(0, "").validate(Path("/c"), ["/etc/shadow"])


def test_sessions_of_all_vrfs() -> None:
    said = (
        '{"default":{"ipv4Unicast":{"peers":{"swp1":{"state":"Established"}}},'
        '"l2VpnEvpn":{"peers":{"swp1":{"state":"Established"}}}},'
        '"world":{"ipv4Unicast":{"peers":{"203.0.113.1":{"state":"Active"}}}}}'
    )
    running = "hostname leaf-1\n!\nend\n"
    sessions = {"default swp1": "Established", "world 203.0.113.1": "Active"}
    assert Told(0, running + said).told() == (sessions, running)
    assert Told(1, f"{running}bgpd is not running\n").told() == ({}, running)
    assert Told(1, "Exiting: failed to connect to any daemons.\n").told() == ({}, "")


@pytest.mark.parametrize(
    ("running", "asked"),
    [
        ("frr version 10.3\nhostname leaf-1\nrouter bgp 1\n neighbor swp1 bfd\nexit\n!\nend\n", False),
        ("hostname leaf-1\nrouter bgp 1 vrf a\n neighbor swp1 bfd\nexit\nend\n", True),
        ("hostname leaf-1\nrouter bgp 1\n neighbor swp1 bfd\n neighbor swp2 bfd\nexit\nend\n", True),
        ("", True),
    ],
)
def test_frr_compares_where_what_runs_is_not_what_is_written(
    tmp_path: Path, running: str, asked: bool
) -> None:
    switch = Told(0, "Lines To Delete\n===============\nno neighbor swp2 bfd\n")
    switch.root = tmp_path
    (tmp_path / "etc/frr").mkdir(parents=True)
    (tmp_path / "etc/frr/frr.conf").write_text(
        "frr version 10.3\n!\nhostname leaf-1\n!\nrouter bgp 1\n neighbor swp1 bfd\nexit\n"
    )
    assert switch.residue(running) == (["no neighbor swp2 bfd"] if asked else [])


def test_interfaces_that_are_not_as_their_file_says() -> None:
    said = """auto lo
iface lo inet loopback                                              [pass]

auto swp1
iface swp1                                                          [fail]
\tmtu 9216                                                      [fail]
\talias spine-1/swp1                                            [pass]
"""
    assert Told(1, said).wrong_interfaces() == ["swp1 iface swp1", "swp1 mtu 9216"]


def test_the_agent_is_plain_files_that_need_nothing_but_python() -> None:
    files = agent_files()
    assert f"{VERSIONS}/{version()}/agent/core.py" in files
    assert max(files) == COMMAND, "what names a version comes to a switch after all of it"
    assert f"PYTHONPATH={VERSIONS}/{version()} " in files[COMMAND][0]
    for path, (text, _) in files.items():
        if path.endswith(".py"):
            assert "from igoudar" not in text, path


def test_what_is_written_is_on_disk_before_anything_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bytes before their name, the name before the answer; a removal too."""
    done, replace = synced(monkeypatch), Path.replace

    def renamed(self: Path, target: Path) -> Path:
        done.append(f"{target.name} in place")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", renamed)
    disk = Disk()
    disk.folder(tmp_path / "txn")
    disk.write(tmp_path / "txn/journal.json", b"armed")
    disk.remove(tmp_path / "txn")
    assert done == ["folder", "5 bytes", "journal.json in place", "folder", "folder"]


class Slow(Switch):
    """`answers`: words of a command -> what it comes to, one after the other; the last one stays."""

    def __init__(self, **answers: list[Done]) -> None:
        super().__init__(Disk(), Path("/nowhere"))
        self.answers, self.asked = answers, list[tuple[str, float]]()

    def run(self, words: Sequence[str], seconds: float) -> Done:
        told = " ".join(words[:2])
        self.asked.append((told, round(seconds)))
        left = self.answers.get(told.replace(" ", "_").replace("-", "_"), [Done(0, "")])
        return left.pop(0) if len(left) > 1 else left[0]

    def expected_daemons(self) -> set[str]:
        return set()


LATE = Done(124, "it did not end")


def test_a_second_try_goes_on_with_the_first() -> None:
    """Nothing that runs is ended and begun anew, and what is done is not done twice."""
    switch = Slow(
        ifreload__a=[LATE, Done(0, "")],
        systemctl_restart=[LATE],
        systemctl_is_active=[Done(3, "activating\n")],
    )
    first = switch.activate("restart", 10.0)
    assert first == f"ifreload: {LATE.said}; restart of frr: {LATE.said}"
    assert switch.activate("restart", 10.0, again=True) == ""
    assert [said for said, _ in switch.asked] == [
        "ifreload -a", "systemctl reset-failed", "systemctl restart",
        "ifreload -a", "systemctl is-active", "systemctl start",
    ]  # fmt: skip
    assert [seconds for said, seconds in switch.asked if said == "ifreload -a"] == [6, 9]


def test_a_second_try_starts_what_has_failed_anew() -> None:
    switch = Slow(systemctl_is_active=[Done(3, "failed\n")])
    switch.activate("restart", 10.0, interfaces=False, again=True)
    assert [said for said, _ in switch.asked] == [
        "systemctl is-active", "systemctl reset-failed", "systemctl restart",
    ]  # fmt: skip
