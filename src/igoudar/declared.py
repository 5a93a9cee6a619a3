"""What the roles do to each of many hosts.

Most of what a role does to a host it does to the next one too: that is not made anew.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from igoudar.errors import BadInput, Finding
from igoudar.hostview import HostView
from igoudar.model import Device, SecretName
from igoudar.render_roles import Rendered, render_after
from igoudar.role_clashes import clashes
from igoudar.roles import Declaration, RoleFolder, RoleSettings
from igoudar.secret_marks import brought


@dataclass(frozen=True, slots=True)
class _Told:
    """What is written for a role at a host, and the marks of secrets in it."""

    data: Mapping[str, Any]
    settings: RoleSettings
    brought: frozenset[str]

    def again(self) -> _Told:
        """For another host. A role may change a list in its settings, and that is of one host alone."""
        try:
            hash(self.settings)
        except TypeError:
            return replace(self, settings=self.settings.model_copy(deep=True))
        return self


@dataclass(frozen=True, slots=True)
class Declaring:
    """`secrets` are the site's. `told` and `before`: role -> what it had at the host that was last."""

    roles: Mapping[str, RoleFolder]
    secrets: Mapping[str, SecretName]
    told: dict[str, _Told] = field(default_factory=dict)
    before: dict[str, Rendered] = field(default_factory=dict)

    def of(
        self,
        device: Device,
        written: Mapping[str, Mapping[str, Any]],
        view: HostView,
        chosen: Collection[str],
    ) -> tuple[dict[str, Declaration], list[Finding]]:
        """Role -> declaration with texts, in the order of `chosen`; what is wrong with one leaves it out.

        `written`: role -> settings of the device.
        """
        found: dict[str, Declaration] = {}
        findings: list[Finding] = []
        for role in sorted(chosen, key=lambda r: self.roles[r].sees_others):
            try:
                told = self._told(role, device, written.get(role, {}))
                declared = self.roles[role].declare(told.settings, view, found)
                known = self.before.get(role)
                self.before[role] = render_after(known, declared, self.roles[role], told.brought)
                found[role] = self.before[role].told
            except BadInput as error:
                findings += error.findings
        found = {role: found[role] for role in chosen if role in found}
        return found, [*findings, *clashes(found, view.name, device.where)]

    def _told(self, role: str, device: Device, data: Mapping[str, Any]) -> _Told:
        """Nothing written is the same for every host. Raises BadInput."""
        known = self.told.get(role)
        if known is not None and not data and not known.data:
            return known.again()
        where = device.where.at("settings").at(role)
        settings = self.roles[role].settings(data, where, self.secrets)
        told = _Told(data, settings, frozenset(mark for _, mark in brought(settings)))
        self.told[role] = told
        return told.again()
