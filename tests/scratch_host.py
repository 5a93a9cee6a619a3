"""A folder that stands for a host: the script of its roles runs there for real, as an ordinary user.

Only systemd is a stand-in: `systemctl` keeps the state of each unit in a file and notes what it was told.
"""

from __future__ import annotations

import getpass
import grp
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from igoudar.roles import RoleFile
from igoudar.worker.results import HostResult, read_answer
from igoudar.worker.script import RoleSteps, Step, bundle_script

SYSTEMCTL = """#!/bin/sh
here={folder}/systemd
exists() {{ [ -e "{folder}/system/$1" ] || [ -e "$here/$1.vendor" ]; }}
[ "$1" = --no-reload ] && shift
verb=$1
shift
case $verb in
show)
    while [ "$1" != -- ]; do shift; done
    shift
    for unit; do
        state=inactive
        [ -e "$here/$unit.active" ] && state=active
        printf 'Id=%s\\nActiveState=%s\\n\\n' "$unit" "$state"
    done
    exit ;;
is-enabled)
    shift
    for unit; do
        state=not-found
        exists "$unit" && state=disabled
        [ -e "$here/$unit.enabled" ] && state=enabled
        echo $state
    done
    exit ;;
reset-failed) exit ;;
esac
echo "$verb${{1:+ $1}}" >>{folder}/told
[ ! -e "{folder}/refuses-$verb" ] || exit 1
case $verb in
start) exists "$1" && touch "$here/$1.active" ;;
stop) rm -f "$here/$1.active" ;;
enable) exists "$1" && touch "$here/$1.enabled" ;;
disable) rm -f "$here/$1.enabled" ;;
esac
"""


class ScratchHost:
    """`folder` holds its files (`etc`), its unit files (`system`), and what igoudar keeps there (`state`)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("bin", "systemd", "system", "etc"):
            (folder / name).mkdir(parents=True)
        tool = folder / "bin" / "systemctl"
        tool.write_text(SYSTEMCTL.format(folder=folder))
        tool.chmod(0o755)

    def file(self, name: str, text: str, **more: object) -> RoleFile:
        owner, group = getpass.getuser(), grp.getgrgid(os.getgid()).gr_name
        return RoleFile(f"{self.folder}/{name}", text=text, owner=owner, group=group, **more)  # type: ignore[arg-type]

    def run(self, roles: Sequence[RoleSteps], *, plan: bool = False, whole: bool = True) -> HostResult:
        script = bundle_script(roles, "", plan=plan, whole=whole)
        script = script.replace("STATE=/var/lib/igoudar/roles", f"STATE={self.folder}/state")
        script = script.replace("PATH=/usr/sbin", f"PATH={self.folder}/bin:/usr/sbin")
        script = script.replace("/etc/systemd/system", f"{self.folder}/system")
        done = subprocess.run(["sh", "-s"], input=script, capture_output=True, text=True, check=False)
        assert done.stderr == "", done.stderr
        return read_answer("here", done.stdout.splitlines(), 0.0, done.stderr)

    def apply(self, *roles: RoleSteps, whole: bool = True) -> list[str]:
        """What was changed: a plan said the very same before, and nothing is left to do."""
        planned = self.run(roles, plan=True, whole=whole)
        result = self.run(roles, whole=whole)
        assert (result.status, result.message) == ("ok", "")
        assert self.said(planned) == self.said(result)
        assert self.said(self.run(roles, whole=whole)) == []
        return self.said(result)

    def said(self, result: HostResult) -> list[str]:
        return [f"{c.kind} {c.name.removeprefix(f'{self.folder}/')}: {c.what}" for c in result.changes]

    def vendor_unit(self, name: str) -> None:
        """A unit of a package, enabled and running."""
        for state in ("vendor", "active", "enabled"):
            (self.folder / "systemd" / f"{name}.{state}").touch()

    def told(self) -> list[str]:
        """What systemctl was told since the last time."""
        path = self.folder / "told"
        lines = path.read_text().splitlines() if path.exists() else []
        path.unlink(missing_ok=True)
        return lines

    def texts(self) -> dict[str, str]:
        """Name -> text of what stands in `etc`."""
        return {path.name: path.read_text() for path in sorted((self.folder / "etc").iterdir())}


def role(name: str, *steps: Step, private: bool = False) -> RoleSteps:
    return RoleSteps(name, f"d-{name}", steps, private)
