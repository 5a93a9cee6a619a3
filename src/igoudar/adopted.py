"""What people adopted of a switch: `adopted/<device>.patch` of a site, put on the rendered text exactly.

A patch is a proposal of `igoudar adopt` that somebody committed. It stands until what it says is written into
templates or inventory; each check reminds of it. Reads files and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from igoudar import patches
from igoudar.agent.masks import MARK, UNKNOWN
from igoudar.errors import BadInput, Finding, Severity, Where, first_few
from igoudar.inventory import shown
from igoudar.model import Inventory
from igoudar.patches import FilePatch

FOLDER = "adopted"
Texts = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Adopted:
    """The patch of one switch. `file` as findings show it."""

    device: str
    file: str
    patches: tuple[FilePatch, ...]

    def at(self, line: int) -> Where:
        return Where(self.file, line)


def patch_file(folder: Path, device: str) -> Path:
    return folder / FOLDER / f"{device}.patch"


def read(folder: Path, root: Path) -> tuple[Adopted, ...]:
    """Every patch of the site in `folder`, by name. Raises BadInput."""
    found: list[Adopted] = []
    findings: list[Finding] = []
    for path in sorted((folder / FOLDER).glob("*.patch")):
        file = shown(path, root)
        if path.name.startswith("."):
            continue
        if not path.is_file():  # a pipe would be waited for
            findings.append(Finding("not-a-patch", Where(file), "this is no regular file", "a unified diff"))
            continue
        try:
            found.append(Adopted(path.stem, file, _parsed(path.read_bytes().decode("utf-8"))))
        except (OSError, UnicodeDecodeError) as error:
            said = error.strerror if isinstance(error, OSError) else "not UTF-8"
            findings.append(Finding("not-a-patch", Where(file), f"cannot be read: {said}", "a unified diff"))
        except patches.Unreadable as error:
            where = Where(file, error.line)
            findings.append(Finding("not-a-patch", where, str(error), "a unified diff", _AGAIN))
    if findings:
        raise BadInput(findings)
    return tuple(found)


def _parsed(text: str) -> tuple[FilePatch, ...]:
    parsed = patches.parse(text)
    if not parsed:
        raise patches.Unreadable(1, "there is no diff in it")
    return parsed


def put_on(
    adopted: tuple[Adopted, ...], texts: Mapping[str, Texts], inventory: Inventory
) -> tuple[dict[str, Texts], list[Finding]]:
    """device -> its texts with what was adopted, of devices that have a patch; and what is to be said."""
    patched: dict[str, Texts] = {}
    findings: list[Finding] = []
    for one in adopted:
        wrong = [*_misnamed(one, texts), *_secrets(one, inventory)]
        if not wrong:
            files, wrong = _patched(one, texts[one.device])
            patched[one.device] = files
        findings += wrong or [_reminder(one)]
    return patched, findings


def _misnamed(one: Adopted, texts: Mapping[str, Texts]) -> Iterator[Finding]:
    if one.device not in texts:
        said, known = f"there is no switch {one.device!r} that has a text", ", ".join(texts)
        yield Finding("adopted-name", one.at(1), said, f"one of {known}", "rename the file, or remove it")
        return
    paths = sorted(texts[one.device])
    for patch in one.patches:
        device, _, path = patch.name.partition(":")
        if device != one.device:
            said = f"the patch of {one.device} speaks of {device!r}"
            yield Finding("adopted-name", one.at(patch.line), said, f"--- a/{one.device}:<file>")
        elif path not in paths:
            said = f"{device} has no file {path!r}"
            yield Finding("adopted-name", one.at(patch.line), said, f"one of {', '.join(paths)}")


def _secrets(one: Adopted, inventory: Inventory) -> Iterator[Finding]:
    """What was masked is not known; a mark must be one that the site knows."""
    known = {secret.mark for secret in inventory.secrets.values()}
    for patch in one.patches:
        for line, text in (added for hunk in patch.hunks for added in hunk.added):
            marks = [mark for mark in re.findall(MARK, text) if mark not in known]
            if UNKNOWN in text or marks:
                said = f"the line holds {marks[0] if marks else 'a secret whose value nobody wrote down'}"
                listed = first_few(sorted(known), 8) or "it has none yet"
                expected = f"a mark of the site's secrets: {listed}"
                hint = "name it in secrets.yaml, and put its value into the store"
                yield Finding("adopted-secret", one.at(line), said, expected, hint)


def _patched(one: Adopted, texts: Texts) -> tuple[Texts, list[Finding]]:
    files, wrong = dict(texts), list[Finding]()
    for patch in one.patches:
        path = patch.name.partition(":")[2]
        try:
            files[path] = patches.apply(patch, files[path])
        except patches.DoesNotApply as error:
            said, expected = f"{path} of {one.device}: {error}", "the text that is rendered now"
            wrong.append(Finding("adopted-stale", one.at(error.line), said, expected, _AGAIN))
    return files, wrong


def _reminder(one: Adopted) -> Finding:
    lines = sum(patch.changed for patch in one.patches)
    said = f"{one.device} carries an adopted patch of {lines} {'line' if lines == 1 else 'lines'}"
    hint = "write it into templates or inventory, then remove the file"
    return Finding("adopted", one.at(1), said, hint=hint, severity=Severity.WARNING)


_AGAIN = "remove the file; `igoudar adopt` makes it again from what the switch runs"
