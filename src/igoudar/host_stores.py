"""Which store has the secrets of a host, and that it has them: for runs without Pulumi."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from igoudar.compiler import Compiled
from igoudar.errors import BadInput, Finding, Where
from igoudar.role_document import Document
from igoudar.secret_marks import Shape, shapes
from igoudar.secrets import require_values
from igoudar.stack_files import StackFile, stack_with

LAYER = "servers"  # of the stacks: the one that brings roles to hosts
NONE = Where("Pulumi.<stack>.yaml", 0, 'config["igoudar:secrets"]')


def stores_of(compiled: Compiled, hosts: Mapping[str, Iterable[Document]], root: Path) -> dict[str, str]:
    """host -> its store, for hosts with a secret in a file: that of the stack which brings its roles.

    Raises BadInput with all values that are missing, before any host is asked.
    """
    stores: dict[str, str] = {}
    wanted: dict[str, tuple[StackFile | None, list[str]]] = {}
    for host, documents in hosts.items():
        files = (file for document in documents for file in document.get("files", {}).values())
        if shapes(texts := [file["text"] for file in files]):
            hall = compiled.design.inventory.devices[host].hall
            stack = stack_with(compiled.stacks, hall, LAYER)
            stores[host] = stack.told.get("secrets", "") if stack else ""
            wanted.setdefault(stack.name if stack else "", (stack, []))[1].extend(texts)
    findings = [f for stack, texts in wanted.values() for f in _missing(compiled, stack, shapes(texts), root)]
    if findings:
        raise BadInput(findings)
    return stores


def _missing(
    compiled: Compiled, stack: StackFile | None, marks: Mapping[str, Shape], root: Path
) -> Iterable[Finding]:
    store = stack.told.get("secrets", "") if stack else ""
    named = [secret for secret in compiled.design.inventory.secrets.values() if secret.mark in marks]
    try:
        require_values(store, named, stack.at("secrets") if stack else NONE, root, marks)
    except BadInput as error:
        return error.findings
    return ()
