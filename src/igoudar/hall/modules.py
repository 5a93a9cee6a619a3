"""Modules of single devices: what is said of their bays, as types of their own that devices are then of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from igoudar.errors import Finding, Where, unknown
from igoudar.hall.places import TypeFacts
from igoudar.hardware import DeviceType, ModuleType, fitted
from igoudar.hardware.fitted import Misfit
from igoudar.model import Device

NONE = "none"  # in an override: the bay is empty, whatever the row says


def refitted(old: Mapping[str, str], told: Mapping[str, str]) -> dict[str, str]:
    """What is in the bays where an override says some of them otherwise."""
    return {bay: module for bay, module in {**old, **told}.items() if module != NONE}


@dataclass(slots=True)
class Catalogue:
    """Module types by the names that people write: the model, and maker/model where two have one model."""

    by_name: Mapping[str, list[ModuleType]]

    @classmethod
    def of(cls, modules: Iterable[ModuleType]) -> Catalogue:
        found: dict[str, list[ModuleType]] = {}
        for module in modules:
            for name in (module.model, f"{module.manufacturer}/{module.model}"):
                found.setdefault(name, []).append(module)
        return cls(found)

    def missing(self, name: str, where: Where) -> Finding | None:
        """Nothing where the name is that of one type."""
        if name == NONE:
            said = f"{NONE!r} is no module type: only an override empties a bay with it"
            return Finding("unknown-module-type", where, said, "no entry, for a bay that is empty")
        found = self.by_name.get(name, [])
        if not found:
            return unknown("module type", name, where, self.by_name)
        if len(found) > 1:
            said = f"{len(found)} module types are called {name!r}"
            names = ", ".join(sorted(f"{module.manufacturer}/{module.model}" for module in found))
            return Finding("ambiguous-type", where, said, f"one of {names}")
        return None


@dataclass(slots=True)
class Fitting:
    """`types` and `facts` grow by those that are made; alike devices are of one. `findings`: once a line."""

    types: dict[str, DeviceType]
    facts: dict[str, TypeFacts]
    catalogue: Catalogue
    findings: list[Finding] = field(default_factory=list)
    _made: dict[tuple[str, tuple[tuple[str, str], ...]], tuple[str, tuple[Misfit, ...]]] = field(
        default_factory=dict
    )

    def all(self, devices: Mapping[str, Device]) -> dict[str, Device]:
        return {name: self.device(device) for name, device in devices.items()}

    def device(self, device: Device) -> Device:
        """Of a type that is not there, or of modules that are not, it is as it was."""
        old = device.instead_of
        if not device.modules and not (old and old.modules):
            return device
        before = self._type(old) if old else ("", ())
        slug, misfits = self._type(device)
        for misfit in misfits:
            self._say(device, misfit, old if old and misfit in before[1] else None)
        return replace(device, type=slug, instead_of=old and replace(old, type=before[0]))

    def _type(self, device: Device) -> tuple[str, tuple[Misfit, ...]]:
        kind = self.types.get(device.type)
        if not device.modules or kind is None or self._unknown(device):
            return device.type, ()
        key = (device.type, tuple(device.modules.items()))
        if key not in self._made:
            self._made[key] = self._make(kind, device.modules)
        return self._made[key]

    def _make(self, kind: DeviceType, told: Mapping[str, str]) -> tuple[str, tuple[Misfit, ...]]:
        modules = {bay: self.catalogue.by_name[name][0] for bay, name in told.items()}
        facts = self.facts.get(kind.slug)
        made = fitted(kind, modules, (facts.airflow if facts else "") or kind.airflow, told)
        if made.misfits:
            return kind.slug, made.misfits
        self.types[made.type.slug] = made.type
        if facts is not None:
            kg = None if facts.kg is None else facts.kg + made.kg
            self.facts[made.type.slug] = replace(facts, kg=kg)
        return made.type.slug, ()

    def _unknown(self, device: Device) -> bool:
        places = {bay: _told_at(device, bay) for bay in device.modules}
        wrong = [self.catalogue.missing(name, places[bay]) for bay, name in device.modules.items()]
        self.findings += [f for f in wrong if f is not None and f not in self.findings]
        return any(wrong)

    def _say(self, device: Device, misfit: Misfit, by_row: Device | None) -> None:
        """At the row's line where that is wrong without the override, too."""
        bay = misfit.bay
        where, see = _told_at(by_row or device, bay), None
        old = device.instead_of
        if by_row is None and old is not None and old.modules.get(bay) == device.modules.get(bay):
            where, see = device.where.at("type"), old.where.at("modules").at(bay)  # of another type
        finding = Finding(misfit.code, where, misfit.said, misfit.expected, see=see)
        if finding not in self.findings:
            self.findings.append(finding)


def _told_at(device: Device, bay: str) -> Where:
    """Where it is written what is in the bay: an override states some."""
    old = device.instead_of
    own = old is None or old.modules.get(bay) != device.modules.get(bay)
    return (device if own or old is None else old).where.at("modules").at(bay)
