"""A device type with modules in its bays is a type of its own: who asks what a type has need not know."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from igoudar.errors import in_runs
from igoudar.hardware.parts import Bay, Components, DeviceType, ModuleType, installed

THROUGH = frozenset({"front-to-rear", "rear-to-front"})  # air that all of a box has to follow
WORDS = {
    "interfaces": "interface",
    "consoles": "console port",
    "console_servers": "console server port",
    "inlets": "power port",
    "outlets": "power outlet",
    "fronts": "front port",
    "rears": "rear port",
    "module_bays": "module bay",
}


@dataclass(frozen=True, slots=True)
class Misfit:
    """What is wrong with the module of a bay; `code` is that of a finding."""

    code: str
    bay: str
    said: str
    expected: str


@dataclass(frozen=True, slots=True)
class Fitted:
    """`kg`: of the modules, as far as their files say it. With misfits the type is not to be used."""

    type: DeviceType
    kg: float
    misfits: tuple[Misfit, ...]


def fitted(
    kind: DeviceType, modules: Mapping[str, ModuleType], airflow: str, called: Mapping[str, str]
) -> Fitted:
    """`modules`: by the name of the bay, of the type or of another of the modules; `called`: as people do.
    `airflow`: of the type.

    Masses add up, as in NetBox: that of the type is without what is in its bays.
    """
    parts, misfits = kind.parts, list[Misfit]()
    filled: dict[str, str] = {}
    at = 0
    while at < len(parts.module_bays):  # modules bring bays
        bay = parts.module_bays[at]
        at += 1
        module = modules.get(bay.name) if bay.name not in filled else None
        if module is None:
            continue
        filled[bay.name] = called[bay.name]
        brought = installed(module, bay)
        misfits += _misfits(kind, module, bay, airflow)
        misfits += _twice(kind, parts, brought, f"{module.model} in {bay.name}", bay.name)
        parts = _joined(parts, brought)
    misfits += _no_bays(kind, parts, [name for name in modules if name not in filled])
    kg = sum(modules[name].kg or 0.0 for name in filled)
    powered = None if len(parts.inlets) > len(kind.parts.inlets) else kind.powered
    made = replace(
        kind,
        slug=f"{kind.slug} ({told_of(filled)})",
        chassis=kind.bare,
        parts=parts,
        kg=None if kind.kg is None else kind.kg + kg,
        powered=powered,
    )
    return Fitted(made, kg, tuple(misfits))


def told_of(filled: Mapping[str, str]) -> str:
    """`PSU-1 in PSU1 to PSU2, NIC in Slot 3`, of bays and what is in them."""
    found: dict[str, list[str]] = {}
    for bay, model in filled.items():
        found.setdefault(model, []).append(bay)
    return ", ".join(f"{model} in {in_runs(bays)}" for model, bays in found.items())


def _joined(parts: Components, brought: Components) -> Components:
    names = [field.name for field in fields(Components)]
    return Components(**{name: getattr(parts, name) + getattr(brought, name) for name in names})


def _misfits(kind: DeviceType, module: ModuleType, bay: Bay, airflow: str) -> Iterator[Misfit]:
    code = "module-does-not-fit"
    if not bay.position and installed(module, Bay("", "1")) != installed(module, Bay("", "2")):
        said = f"a {module.model} names its ports by the position of its bay, and {bay.name} has none"
        yield Misfit(code, bay.name, said, f"`position` of the bay in {kind.where.file}")
    if {airflow, module.airflow} == THROUGH:
        said = f"air goes {module.airflow} through a {module.model}, and {airflow} through a {kind.slug}"
        yield Misfit(code, bay.name, said, f"a module with {airflow}, or the type that blows the other way")


def _twice(
    kind: DeviceType, parts: Components, brought: Components, whose: str, bay: str
) -> Iterator[Misfit]:
    """Files that list power supplies as ports and as bays (quirk 9) would have them twice."""
    for key, word in WORDS.items():
        there = {part.name for part in getattr(parts, key)}
        again: list[Any] = [part for part in getattr(brought, key) if part.name in there]
        if again:
            said = f"{whose} brings the {word} {again[0].name!r}, which is there already"
            own = any(part.name == again[0].name for part in getattr(kind.parts, key))
            expected = f"one of the two: the file of the type ({kind.where.file}) has it, too"
            yield Misfit("part-twice", bay, said, expected if own else "bays of different positions")


def _no_bays(kind: DeviceType, parts: Components, names: list[str]) -> Iterator[Misfit]:
    listed = in_runs(bay.name for bay in parts.module_bays)
    for name in names:
        said = f"a {kind.slug} has no bay {name!r}"
        yield Misfit("unknown-bay", name, said, f"one of {listed}" if listed else "a type with `module-bays`")
