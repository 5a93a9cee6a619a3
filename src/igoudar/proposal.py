"""The patch that would make the described text of a switch what it runs; for `igoudar adopt`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from igoudar.agent.masks import UNKNOWN
from igoudar.agent.running import canonical
from igoudar.apply.change import DEAD, FRR, RUNNING
from igoudar.carry import CannotCarry, carried
from igoudar.compiler import Compiled
from igoudar.errors import CheckFailed, DeviceFailed, Finding, IgoudarError, Where
from igoudar.live import look
from igoudar.texts import differences
from igoudar.validate.image import cached
from igoudar.validate.oracles.frr import printed

Texts = Mapping[str, str]


def propose(compiled: Compiled, device: str, root: Path) -> str:
    """From the rendered text, without what was adopted before; empty where the switch runs just that.

    Raises DeviceFailed where the switch cannot say it now, CheckFailed with every secret nobody knows.
    """
    seen = look(compiled.design.inventory, root, {device: compiled.switches[device]})
    if device in seen.silent:
        raise DeviceFailed(seen.silent[device])
    live = seen.live[device]
    if live.open is not None:
        raise DeviceFailed(
            f"{device}: {live.open['id']} is open there; adopt when it is settled (igoudar txn)"
        )
    if live.texts.get(RUNNING, "").startswith(DEAD):
        said = live.texts[RUNNING].strip()
        raise DeviceFailed(f"{device}: {said}; start its daemons first (systemctl status frr)")
    now = _with_running(device, dict(live.texts), compiled.switches[device], root)
    rendered = compiled.adopted.get(device, compiled.switches[device])
    _require_known(device, rendered, now)
    return "".join(diff for _, _, diff in differences({device: rendered}, {device: now}))


def _with_running(device: str, files: dict[str, str], described: Texts, root: Path) -> Texts:
    """The files, the running configuration's difference carried over to frr.conf."""
    drift = files.pop(RUNNING, "")
    if not drift:
        return files
    try:
        text = carried(files[FRR], drift)
    except CannotCarry as error:
        raise DeviceFailed(
            f"{device}: what its daemons run cannot be written into {FRR} line by line ({error}); "
            "write it there by `vtysh -c 'write memory'`, or put it back, then adopt again"
        ) from error
    if files[FRR] == described[FRR]:  # nobody wrote into it, so its order is FRR's and may stay so
        text = in_order(device, text, root)
    return {**files, FRR: text}


def in_order(device: str, text: str, root: Path) -> str:
    """The same statements in FRR's own order, where an image with an FRR is on this machine and can run.

    Without one they stand where they resemble others most; check tells where FRR would write them.
    """
    try:
        back = printed(cached(root), device, text)
    except IgoudarError:
        return text
    return back if canonical(back) == canonical(text) else text


def _require_known(device: str, rendered: Texts, now: Texts) -> None:
    """What was masked because nobody knows it would be put on the switch as it stands here."""
    found = [
        Finding(
            "unknown-secret",
            Where(f"{device}:{path}", number),
            "the line holds a secret that the site does not know",
            "a secret of secrets.yaml",
            "name it there and put its value into the store, or take the line off the switch",
        )
        for path, text in now.items()
        for number, line in enumerate(text.split("\n"), 1)
        if UNKNOWN in line and line not in rendered.get(path, "").split("\n")
    ]
    if found:
        raise CheckFailed(found)
