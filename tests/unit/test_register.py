"""The register of a witness: the first word is held for good, whoever comes at once, whatever comes later."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from igoudar.apply.witnesses import SshWitnesses, of_site
from igoudar.transport import Access
from igoudar.witness import __main__ as witness
from igoudar.witness import register as module
from igoudar.witness.register import Refused, Register
from tests import factory
from tests.synced import synced

ROOT = Path(__file__).parents[2]
PROPOSE = """
import sys
from pathlib import Path
from igoudar.witness.register import Register
register = Register(Path(sys.argv[1]))
sys.stdin.readline()
for number in range(50):
    print(register.propose(f"t{number}", sys.argv[2]))
"""


def asked(folder: Path, *words: str, command: str = "") -> tuple[int, str]:
    """What the command answers, as root does without a user of its own, or as sshd forces it."""
    environment = {**os.environ, "IGOUDAR_WITNESS_STORE": str(folder), "SSH_ORIGINAL_COMMAND": command}
    if not command:
        del environment["SSH_ORIGINAL_COMMAND"]
    done = subprocess.run(
        [sys.executable, "-m", "igoudar.witness", *words],
        cwd=ROOT / "src",
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout.strip()


def test_the_first_word_is_held(tmp_path: Path) -> None:
    register = Register(tmp_path)
    assert register.propose("t1", "commit") == "commit"
    assert register.propose("t1", "abort") == "commit"
    assert Register(tmp_path).propose("t1", "abort") == "commit"
    assert register.held() == {"t1": "commit"}
    assert [path.name for path in tmp_path.iterdir()] == ["t1"], "nothing lies beside it"


def test_of_two_at_once_both_are_told_the_same(tmp_path: Path) -> None:
    def start(value: str) -> subprocess.Popen[str]:
        words = [sys.executable, "-c", PROPOSE, str(tmp_path), value]
        return subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    running = [start(value) for value in ("commit", "abort", "commit", "abort")]
    told: list[Sequence[str]] = []
    for process in running:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    for process in running:
        told.append(process.communicate()[0].split())
    assert told[0] == told[1] == told[2] == told[3]
    assert len(told[0]) == 50


@pytest.mark.parametrize(
    ("id_", "value"), [("../x", "commit"), ("", "abort"), ("t1", "maybe"), (".t", "abort")]
)
def test_what_is_no_proposal_is_refused(tmp_path: Path, id_: str, value: str) -> None:
    with pytest.raises(Refused):
        Register(tmp_path).propose(id_, value)
    assert list(tmp_path.iterdir()) == []


def test_it_forgets_after_a_year_and_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    register = Register(tmp_path)
    register.propose("old", "commit")
    year = time.time() - module.REMEMBERED_SECONDS - 60
    os.utime(tmp_path / "old", (year, year))
    (tmp_path / ".half").write_text("com")
    os.utime(tmp_path / ".half", (year, year))
    monkeypatch.setattr(module, "MOST", 2)
    monkeypatch.setattr(module, "NEWEST", 1)
    register.propose("a", "commit")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "old"], "the newest, of any age"
    register.propose("b", "abort")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]
    with pytest.raises(Refused, match="2 registers are held already"):
        register.propose("c", "abort")
    assert register.propose("a", "abort") == "commit", "what is held is told also when it is full"


@pytest.mark.parametrize("years", [(-56, 0), (0, 3), (30, -30, 0, 40)], ids=["slow", "fast", "wild"])
def test_a_wrong_clock_loses_no_decision(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, years: tuple[int, ...]
) -> None:
    """Of a host that starts in 1970, or one that jumps: what was decided a moment ago is still held."""
    register, real, asked = Register(tmp_path), time.time_ns(), list[str]()
    monkeypatch.setattr(module, "NEWEST", 3)
    for number, offset in enumerate(years):
        monkeypatch.setattr(time, "time_ns", lambda at=real + offset * 366 * 86400 * 10**9: at)
        for each in range(2):
            asked.append(f"t{number}-{each}")
            assert register.propose(asked[-1], "commit") == "commit"
            assert [register.look(id_) for id_ in asked[-3:]] == ["commit"] * len(asked[-3:])
    assert [*register.held()][-3:] == asked[-3:], "in the order in which they came"


def test_it_is_on_disk_before_the_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The word before its name, and the name before the answer, also to one that comes second."""
    done, link = synced(monkeypatch), os.link

    def linked(source: Path, target: Path) -> None:
        done.append(f"link {target.name}")
        link(source, target)

    monkeypatch.setattr(os, "link", linked)
    register = Register(tmp_path)
    register.propose("t1", "commit")
    assert done == ["6 bytes", "link t1", "folder"]
    register.propose("t1", "abort")
    register.look("t1")
    assert done[3:] == ["folder", "folder"]


def test_whose_keys_may_come_is_on_disk_before_the_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done, keys = synced(monkeypatch), tmp_path / "keys"
    monkeypatch.setattr(witness, "KEYS", keys)
    assert witness.enrol(["ssh-ed25519 AAAA", "", " ssh-ed25519 BBBB "]) == "enrolled"
    assert keys.read_text("ascii") == "restrict ssh-ed25519 AAAA\nrestrict ssh-ed25519 BBBB\n"
    assert done == [f"{keys.stat().st_size} bytes", "folder"]


def test_sites_that_share_a_witness_keep_each_its_own_keys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = tmp_path / "keys"
    monkeypatch.setattr(witness, "KEYS", keys)

    def known() -> list[str]:
        return [line.removeprefix("restrict ssh-ed25519 ") for line in keys.read_text("ascii").splitlines()]

    witness.enrol(["ssh-ed25519 OLD", "ssh-ed25519 OLDER root@leaf-1"])
    witness.enrol(["ssh-ed25519 A1 site:one", "ssh-ed25519 A2 site:one"])
    assert known() == ["A1 site:one", "A2 site:one"], "of no site: enrolled before there were any"
    witness.enrol(["ssh-ed25519 B1 site:two", "ssh-ed25519 A1 site:two"])
    assert known() == ["A1 site:one", "A2 site:one", "B1 site:two", "A1 site:two"]
    witness.enrol(["ssh-ed25519 A2 site:one"])
    assert known() == ["B1 site:two", "A1 site:two", "A2 site:one"], "removed is only one's own"


def test_what_people_wrote_among_the_keys_stops_no_operator(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = tmp_path / "keys"
    monkeypatch.setattr(witness, "KEYS", keys)
    theirs, mine = "restrict ssh-ed25519 A1 René site:two\n", "restrict ssh-ed25519 {} site:one\n"
    keys.write_text(f"# by René\n\n   \n{theirs}{mine.format('B1')}")

    assert witness.enrol(["ssh-ed25519 B2 site:one"]) == "enrolled"
    assert keys.read_text("utf-8") == theirs + mine.format("B2")


def test_an_operator_enrols_in_the_name_of_its_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[tuple[str, bytes]] = []

    def ask(self: SshWitnesses, host: Access, words: str, stdin: bytes, problems: object) -> str:
        sent.append((words, stdin))
        return "enrolled"

    monkeypatch.setattr(SshWitnesses, "_ask", ask)
    site = factory.site().site
    access = {
        name: Access(name, "192.0.2.2", "igoudar", tmp_path, "ssh-ed25519 AAAA") for name in site.witnesses
    }
    of_site(site, access).enrol(["ssh-ed25519 BBBB", "ssh-ed25519 AAAA"])
    line = f"ssh-ed25519 {{}} site:{site.name}\n"
    assert sent[0] == ("enrol", (line.format("AAAA") + line.format("BBBB")).encode())


def test_two_sites_that_enrol_at_once_lose_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(witness, "KEYS", tmp_path / "keys")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: witness.enrol([f"ssh-ed25519 K{n} site:s{n}"]), range(40)))
    found = {line.split()[-1] for line in (tmp_path / "keys").read_text("ascii").splitlines()}
    assert found == {f"site:s{n}" for n in range(40)}


def test_who_comes_by_ssh_may_ask_and_nothing_else(tmp_path: Path) -> None:
    assert asked(tmp_path, command="hello") == (0, "here")
    assert asked(tmp_path, command="propose t1 abort") == (0, "abort")
    for words in ("list", "look t1", "enrol", "propose t1", "propose t1 commit now", "sh"):
        assert asked(tmp_path, command=words) == (1, ""), words
    assert asked(tmp_path, "list") == (0, '{"t1": "abort"}')


def test_looking_decides_nothing(tmp_path: Path) -> None:
    assert asked(tmp_path, "look", "t1") == (0, "none")
    assert list(tmp_path.iterdir()) == []
    Register(tmp_path).propose("t1", "commit")
    assert asked(tmp_path, "look", "t1") == (0, "commit")
    assert asked(tmp_path, "look", "../t1") == (1, "")
    assert asked(tmp_path, "look", "t1", "abort") == (1, "")
    assert Register(tmp_path).held() == {"t1": "commit"}
