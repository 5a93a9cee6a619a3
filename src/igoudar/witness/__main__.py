"""`igoudar-witness WORDS`, or what SSH_ORIGINAL_COMMAND says: `hello`, `propose ID VALUE`.

The operator, as root, may also `enrol` (public key lines on stdin: whose switches may come; each ends with
its site, as `site:NAME`), `look ID` (`commit`, `abort` or `none`: what is held, deciding nothing) and `list`.
Answers are a word on stdout; status 1 and a sentence on stderr where there is none.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pwd
import sys
from collections.abc import Iterator
from pathlib import Path

from . import SITE, USER
from .register import Refused, Register, sync_folder

REGISTERS = Path(os.environ.get("IGOUDAR_WITNESS_STORE", "/var/lib/igoudar-witness/registers"))
KEYS = Path("/etc/ssh/igoudar-witness-keys")


def answer(words: list[str], register: Register) -> str:
    """What everybody may ask."""
    match words:
        case ["hello"]:
            return "here"
        case ["propose", id_, value]:
            return register.propose(id_, value)
    raise Refused("expected: hello, or propose ID commit|abort")


def enrol(lines: list[str]) -> str:
    """Whose keys of these sites may come: these and no others. In one step: each login reads the file.

    Other sites that share this host keep theirs; a line of no site is of one that enrolled before there were
    any. On disk before the answer: a switch that has voted must still get in after a power cut here.
    """
    told = [line.strip() for line in lines if line.strip()]
    sites = {"", *map(_site, told)}
    with _locked(KEYS.parent):
        # People may have written into it: what is not ours stays as it is, or goes, but stops nobody.
        known = KEYS.read_text("ascii", "surrogateescape").split("\n") if KEYS.exists() else []
        kept = [line for line in known if _site(line) not in sites]
        beside = KEYS.with_suffix(".new")
        with beside.open("w", encoding="ascii", errors="surrogateescape") as out:
            out.writelines(f"{line}\n" for line in (*kept, *(f"restrict {line}" for line in told)))
            out.flush()
            os.fsync(out.fileno())
        beside.chmod(0o644)
        beside.replace(KEYS)
        sync_folder(KEYS.parent)
    return "enrolled"


def _site(line: str) -> str:
    last = line.split()[-1:]
    return last[0] if last and last[0].startswith(SITE) else ""


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """One operator after the other."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def become_witness() -> None:
    """Registers belong to one user, whoever asks."""
    if os.geteuid() == 0 and "IGOUDAR_WITNESS_STORE" not in os.environ:
        entry = pwd.getpwnam(USER)
        os.setgroups([])
        os.setgid(entry.pw_gid)
        os.setuid(entry.pw_uid)


def main() -> int:
    words = sys.argv[1:] or os.environ.get("SSH_ORIGINAL_COMMAND", "").split()
    try:
        by_hand = "SSH_ORIGINAL_COMMAND" not in os.environ  # sudo drops it, sshd sets it
        if words == ["enrol"] and by_hand and os.geteuid() == 0:
            print(enrol(sys.stdin.read().splitlines()))
            return 0
        become_witness()
        register = Register(REGISTERS)
        if words == ["list"] and by_hand:
            json.dump(register.held(), sys.stdout)
        elif words[:1] == ["look"] and len(words) == 2 and by_hand:
            print(register.look(words[1]))
        else:
            print(answer(words, register))
    except (Refused, OSError, KeyError) as problem:
        print(f"igoudar-witness: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
