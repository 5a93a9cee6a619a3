"""The stacks of a site: what each Pulumi.<stack>.yaml of the checkout says, and which halls each has.

    igoudar:site      folder under `inventory/`, or a path
    igoudar:scope     halls, comma-separated; default all of the site
    igoudar:layers    layers of `stacks/`, comma-separated; default all
    igoudar:secrets   the store of values (`igoudar.secrets`)

Each hall of a site belongs to exactly one stack; stacks that share no layer may share a hall. A stack of some
halls expands and checks these alone.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

from igoudar.errors import BadInput, Finding, Where
from igoudar.model import Inventory
from igoudar.tree import site_folder
from igoudar.yaml_source import Source, locate, read_source

PREFIX = "igoudar:"
KEYS = ("layers", "scope", "secrets", "site")
LISTS = ("layers", "scope")


@dataclass(frozen=True, slots=True)
class StackFile:
    """One stack. `told`: key without prefix -> what stands there."""

    name: str
    told: Mapping[str, str]

    def words(self, key: str, everything: Sequence[str]) -> tuple[str, ...]:
        """The words of a list, or `everything` where it is not there."""
        return split(self.told[key]) if key in self.told else tuple(everything)

    def at(self, key: str) -> Where:
        """The place of a key; that of the site where it is not there."""
        return _place(self.name, key if key in self.told else "site")


def split(words: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in words.split(","))


def stacks_of(folder: Path, root: Path) -> tuple[StackFile, ...]:
    """The stacks of the site in `folder`, by name. Raises BadInput."""
    found: list[StackFile] = []
    findings: list[Finding] = []
    for path in sorted(root.glob("Pulumi.*.yaml")):
        name = path.name.removeprefix("Pulumi.").removesuffix(".yaml")
        source, said = _read(path)
        site = said.get(PREFIX + "site")
        ours = isinstance(site, str | int) and _is(folder, str(site), root)
        if ours or not isinstance(site, str | int):
            findings += (*source.findings, *_broken(name, said))
        if ours:
            found.append(StackFile(name, {k.removeprefix(PREFIX): str(v) for k, v in said.items()}))
    if findings:
        raise BadInput(locate(findings, root))
    return tuple(found)


def stack_with(stacks: Iterable[StackFile], hall: str, layer: str) -> StackFile | None:
    """The stack of a site that has this layer of a hall; None where none has."""
    mine = (s for s in stacks if _has(s, hall) and layer in s.words("layers", (layer,)))
    return next(mine, None)


def site_of(stack: str, root: Path) -> str:
    """The site that a stack names, empty where it has no file or names none."""
    _, said = _read(root / f"Pulumi.{stack}.yaml")
    return str(said.get(PREFIX + "site") or "")


def _read(path: Path) -> tuple[Source, dict[str, Any]]:
    """The file, and what of its configuration is ours."""
    source = read_source(path, path.name)
    config = source.data.get("config") if isinstance(source.data, dict) else None
    return source, {
        k: v for k, v in (config if isinstance(config, dict) else {}).items() if k.startswith(PREFIX)
    }


def _is(folder: Path, site: str, root: Path) -> bool:
    return site_folder(site, root, root).resolve() == folder.resolve()


def _broken(stack: str, said: Mapping[str, Any]) -> Iterator[Finding]:
    """Keys that nobody reads, and values that are not text."""
    for key, value in said.items():
        name = key.removeprefix(PREFIX)
        if name not in KEYS:
            known = ", ".join(PREFIX + known for known in KEYS)
            near = difflib.get_close_matches(name, KEYS, n=1)
            hint = f"did you mean {PREFIX + near[0]!r}?" if near else f"known keys: {known}"
            where = _place(stack, name)
            yield Finding("unknown-key", where, f"the key {key!r} is not known here", hint=hint)
        elif isinstance(value, bool) or not isinstance(value, str | int):
            expected = "names, comma-separated, as one text" if name in LISTS else "text"
            yield Finding("wrong-type", _place(stack, name), "this is not text", expected)


def _place(stack: str, key: str) -> Where:
    return Where(f"Pulumi.{stack}.yaml", 0, "config").at(PREFIX + key)


def check(stacks: Sequence[StackFile], inventory: Inventory, layers: Sequence[str]) -> Iterator[Finding]:
    """What stands in no site, and halls that two stacks have, or none. Pure."""
    halls = tuple(inventory.halls)
    for stack in stacks:
        for key, kind, known in (("scope", "hall", halls), ("layers", "layer", tuple(layers))):
            for word in dict.fromkeys(stack.words(key, ())):
                if word not in known:
                    expected = f"some of {', '.join(known)}, comma-separated"
                    yield Finding("not-in-stack", stack.at(key), f"there is no {kind} {word!r}", expected)
    for first, second in combinations(stacks, 2):
        common = [hall for hall in halls if _has(first, hall) and _has(second, hall)]
        if common and set(first.words("layers", layers)) & set(second.words("layers", layers)):
            yield Finding(
                "stacks-overlap",
                second.at("scope"),
                f"the stacks {first.name} and {second.name} both have {', '.join(common)}",
                "each hall in one stack",
                f"{PREFIX}scope names the halls of a stack",
                see=first.at("scope"),
            )
    for name, hall in inventory.halls.items():
        if stacks and not any(_has(stack, name) for stack in stacks):
            said = f"no stack of the site has the hall {name}"
            yield Finding("no-stack", hall.where, said, "each hall in one stack", see=stacks[0].at("scope"))


def _has(stack: StackFile, hall: str) -> bool:
    return hall in stack.words("scope", (hall,))
