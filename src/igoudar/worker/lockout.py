"""What keeps a host open while roles change how one gets in. Pure; what runs is `lockout.sh` and `back.sh`.

The script of a host with such a role carries a program that can put back what that role changes, and leaves
it on the host, with a watch, when there is something to change. Nothing is installed before, and a host
where nothing changes is asked nothing more.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from shlex import quote

from igoudar.worker.shell import shell_text

FOLDER = "/var/lib/igoudar/lockout"


@dataclass(frozen=True, slots=True)
class Window:
    """How long a host waits for a new login after `run` has ended, in seconds; then it goes back.

    `step`: what one command on the way back may take; `longest`: what a whole run may take.
    """

    run: str
    seconds: int = 60
    step: int = 30
    longest: int = 900


def guard(roles: Sequence[str], calls: Iterable[str], window: Window) -> Iterator[str]:
    """What a script holds beside its own functions, where these roles of it may lock everybody out.

    `calls`: of back.sh's functions, in the order in which things are activated again.
    """
    yield f"RUN={quote(window.run)}"
    yield shell_text("lockout.sh")
    yield _printing("back_program", back_program(roles, calls, window))
    yield _printing("boot_unit", shell_text("lockout-boot.service"))


def back_program(roles: Sequence[str], calls: Iterable[str], window: Window) -> str:
    """The program that stands on the host while it is armed."""
    return "\n".join(
        (
            f"RUN={quote(window.run)} ROLES={quote(' '.join(roles))}",
            f"WINDOW={window.seconds} STEP={window.step} LONGEST={window.longest}",
            f"STATE=/var/lib/igoudar/roles LOCKOUT={FOLDER}",
            shell_text("back.sh"),
            "activate() {",
            "    :",
            *(f"    {call}" for call in calls),
            "}",
            "",
            'main "$@"',
            "",
        )
    )


def is_armed(lines: Iterable[str]) -> bool:
    """Whether the host's answer says that it goes back by itself."""
    return any(line.partition(" ")[2].startswith("armed\t") for line in lines)


def _printing(name: str, text: str) -> str:
    """A function of the script that prints the text."""
    end = f"END-{hashlib.sha256(text.encode()).hexdigest()[:16]}"
    return f"{name}() {{\n    cat <<'{end}'\n{text}{end}\n}}"
