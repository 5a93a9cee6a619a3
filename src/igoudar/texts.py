"""All texts of a compiled site by device, whoever carries them there; and the difference of two such sets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from igoudar.patches import make

if TYPE_CHECKING:
    from igoudar.compiler import Compiled

Texts = Mapping[str, Mapping[str, str]]


def device_texts(compiled: Compiled) -> dict[str, dict[str, str]]:
    """device -> path -> text: the files of a switch, and the files that roles put on hosts and switches."""
    texts: dict[str, dict[str, str]] = {name: dict(files) for name, files in compiled.switches.items()}
    for host, roles in compiled.hosts.items():
        own = texts.setdefault(host, {})
        for declaration in roles.values():
            for file in declaration.files:
                if file.text is not None and not file.unless:
                    own.setdefault(file.path, file.text)
    return {name: dict(sorted(texts[name].items())) for name in sorted(texts)}


def differences(old: Texts, new: Texts) -> Iterator[tuple[str, str, str]]:
    """(device, path, unified diff) for each file that differs, in order."""
    for device in sorted({*old, *new}):
        before, after = old.get(device, {}), new.get(device, {})
        for path in sorted({*before, *after}):
            a, b = before.get(path, ""), after.get(path, "")
            if a != b:
                yield device, path, unified(a, b, f"{device}:{path}")


def unified(before: str, after: str, name: str) -> str:
    """A unified diff with three lines of context; an absent file counts as empty."""
    return make(before, after, name)
