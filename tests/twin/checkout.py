"""Other checkouts than this one, with an inventory of their own: the lab's, and one with a small site.

Nothing that git tracks is touched by what tests change there.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from igoudar import twin
from igoudar.errors import IgoudarError
from tests.twin.bare import ROOT, at_all

WINDOW = 8  # seconds


@dataclass(frozen=True, slots=True)
class Checkout:
    """A site in it, and the site's switches; its twin runs, its stack is up."""

    folder: Path
    site: str
    switches: tuple[str, ...]

    @property
    def inventory(self) -> Path:
        return self.folder / "inventory" / self.site

    @property
    def twin(self) -> Path:
        return self.folder / ".igoudar" / "twin" / self.site

    @property
    def up(self) -> str:
        return f"pulumi up --stack {self.site} --yes --skip-preview --non-interactive"

    @property
    def refresh(self) -> str:
        return f"pulumi refresh --stack {self.site} --yes --skip-preview --non-interactive"

    def shell(self, script: str, *, fails: bool = False) -> str:
        """Output of a bash script with the environment of `scripts/env`; `fails`: as it must."""
        words = ["bash", "-c", f". scripts/env {self.site} && {script}"]
        done = subprocess.run(
            words, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
        assert (done.returncode != 0) is fails, f"{script}: {done.returncode}\n{done.stdout[-6000:]}"
        return done.stdout

    def on(self, host: str, command: str, seconds: float = 60.0) -> str:
        done = twin.run(self.twin, host, command, seconds)
        assert done.status == 0, f"{host}: {command}: {done.status}\n{done.err.decode()}"
        return done.out.decode()

    def at_all(self, command: str) -> dict[str, str]:
        """What every switch answers; empty where it does not."""

        def ask(name: str) -> str:
            try:
                return twin.run(self.twin, name, command).out.decode().strip()
            except IgoudarError:
                return ""

        return dict(zip(self.switches, at_all(self.switches, ask), strict=True))

    def texts(self) -> dict[str, str]:
        """Digests of what every switch carries; each must answer."""
        found = self.at_all("sudo sha256sum /etc/frr/frr.conf /etc/network/interfaces")
        assert all(found.values()), found
        return found

    def drain(self, *names: str) -> None:
        """These switches, and no others, shut down gracefully: a line of text each, and no packet less."""
        devices = self.inventory / "devices.yaml"
        text = devices.read_text("utf-8").replace("drained: true, ", "")
        for name in names:
            text = text.replace(f"  {name}: {{", f"  {name}: {{drained: true, ")
        devices.write_text(text, "utf-8")

    def short_windows(self) -> None:
        """Switches whose operator vanished go back in seconds."""
        site = self.inventory / "site.yaml"
        text = site.read_text("utf-8")
        kept = [
            line for line in text.splitlines() if not line.strip().startswith(("restore_s:", "window_s:"))
        ]
        at = kept.index("site:") + 1
        windows = [f"  window_s: {WINDOW}", f"  restore_s: {WINDOW}"]
        site.write_text("\n".join([*kept[:at], *windows, *kept[at:], ""]), "utf-8")


def link(folder: Path, *own: str) -> None:
    """The entries of this checkout as links, without `own`; the inventory as a copy."""
    for entry in ROOT.iterdir():
        if entry.name not in ("inventory", ".git", *own):
            (folder / entry.name).symlink_to(entry)
    shutil.copytree(ROOT / "inventory", folder / "inventory")


@contextmanager
def of_lab(folder: Path) -> Iterator[Checkout]:
    """A second way into the lab: state, twin and code are links. In the end the lab is as described again."""
    link(folder)
    leaves = ("leaf-1", "leaf-2", "leaf-3", "leaf-4")
    switches = ("spine-1", "spine-2", "border-1", "border-2", *leaves)
    yield Checkout(folder, "lab", switches)
    ours = Checkout(ROOT, "lab", switches)
    ours.shell(f"igoudar twin mend lab && igoudar unlock lab && {ours.up}")


@contextmanager
def of_small(folder: Path) -> Iterator[Checkout]:
    """The site that `igoudar new` makes, but for a spine, on a twin and with a state of its own."""
    link(folder, ".igoudar", "Pulumi.lab.yaml")
    small = Checkout(folder, "small", ("spine-1", "leaf-1", "leaf-2"))
    try:
        small.shell("igoudar new small")
        _without(small, "spine-2")
        small.short_windows()
        small.shell(f"igoudar twin up small && {small.up}")
        yield small
    finally:
        small.shell("igoudar twin down small --wipe")


def _without(site: Checkout, device: str) -> None:
    """It and its cables are not there."""
    for name in ("devices.yaml", "cables.yaml"):
        file = site.inventory / name
        lines = file.read_text("utf-8").splitlines(keepends=True)
        kept = [line for line in lines if device not in line]
        assert len(kept) < len(lines)
        file.write_text("".join(kept), "utf-8")
