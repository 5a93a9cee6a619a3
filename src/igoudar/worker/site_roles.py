"""In a worker process: all roles of many hosts by pyinfra, one operation and one exec a host.

Import only where gevent has patched the process already (`igoudar.worker.__main__`, tests).
"""

from __future__ import annotations

import importlib.util
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

from pyinfra.api.command import FunctionCommand, StringCommand
from pyinfra.api.config import Config
from pyinfra.api.connect import connect_all, disconnect_all
from pyinfra.api.exceptions import PyinfraError
from pyinfra.api.host import Host
from pyinfra.api.inventory import Inventory
from pyinfra.api.operation import add_op, operation
from pyinfra.api.operations import run_ops
from pyinfra.api.state import BaseStateCallback, State
from pyinfra.context import ctx_host, ctx_state

from igoudar import vendors
from igoudar.inventory import load
from igoudar.role_document import Document, digest, from_document
from igoudar.roles import Declaration
from igoudar.transport import Access, access_map
from igoudar.worker.calls import Bundle, going
from igoudar.worker.connector import SiteConnector
from igoudar.worker.live_masks import known_lines, masked
from igoudar.worker.operations import Operations
from igoudar.worker.results import HostResult, read_answer
from igoudar.worker.script import RoleSteps, bundle_script

# Installing packages from a slow mirror is the longest thing that a role does.
EXEC_SECONDS = 900
PARALLEL = 50

Emit = Callable[[Mapping[str, Any]], None]


def run(arguments: Mapping[str, Any], emit: Emit) -> dict[str, Any]:
    """`{root, site, plan, serials, by, hosts: {host: {role: document}}}` to `{host: HostResult}`, as JSON."""
    root = Path(arguments["root"])
    reach = access_map(load(root / arguments["site"], root), root)
    hosts = {name: (reach[name], roles) for name, roles in arguments["hosts"].items()}
    by, plan = arguments.get("by", ""), arguments["plan"]
    results = apply_roles(hosts, root / "roles", arguments["serials"], plan=plan, emit=emit, by=by)
    return {name: result.as_json() for name, result in results.items()}


def apply_roles(
    hosts: Mapping[str, tuple[Access, Mapping[str, Document]]],
    folder: Path,
    serials: Mapping[str, str],
    *,
    plan: bool,
    emit: Emit,
    by: str = "",
) -> dict[str, HostResult]:
    """All roles of `folder` that each host is given, in that order. Never raises for what a host does."""
    known = known_lines(vendors.load(folder.parent / "templates"))
    run_state = _Run(emit, lambda result: masked(result, hosts[result.host][1], known))
    state = _connected(hosts, run_state)
    try:
        for host in list(state.active_hosts):
            steps = _steps(state, host, hosts[host.name][1], folder)
            script = bundle_script(steps, serials.get(host.name, ""), plan=plan, by=by)
            add_op(state, all_roles, script, run_state, name="roles", host=host)
        if state.active_hosts:
            run_ops(state)
    except PyinfraError:  # "no hosts remaining": every host has said so itself
        pass
    finally:
        disconnect_all(state)
    return {name: run_state.results.get(name) or _lost(name) for name in hosts}


def _lost(host: str) -> HostResult:
    return HostResult(host, "failed", message="pyinfra gave no answer for this host")


def _connected(hosts: Mapping[str, tuple[Access, Mapping[str, Document]]], results: _Run) -> State:
    named = [(name, {"igoudar_access": access}) for name, (access, _) in hosts.items()]
    inventory = Inventory((named, {}))
    for host in inventory:
        host.connector_cls = SiteConnector
    state = State(inventory, Config(PARALLEL=min(PARALLEL, len(named))), check_for_changes=False)
    state.add_callback_handler(results)
    with suppress(PyinfraError):  # every host that could not be reached has said so itself
        connect_all(state)
    return state


class _Run(BaseStateCallback):  # type: ignore[misc]
    """Gathers results by host, without secrets (`mask`), and tells of each as it comes."""

    def __init__(self, emit: Emit, mask: Callable[[HostResult], HostResult] = lambda result: result) -> None:
        self.emit, self.mask = emit, mask
        self.results: dict[str, HostResult] = {}

    def add(self, result: HostResult) -> None:
        result = self.mask(result)
        self.results[result.host] = result
        self.emit({"host": result.host, "result": result.as_json()})

    def host_connect_error(self, state: State, host: Host, error: Exception) -> None:
        self.add(HostResult(host.name, "unreachable", message=str(error)))


def _steps(state: State, host: Host, roles: Mapping[str, Document], folder: Path) -> list[RoleSteps]:
    """What the roles' own @deploy functions call, gathered for one host."""
    told = []
    with ctx_state.use(state), ctx_host.use(host):
        for name, document in roles.items():
            bundle = Bundle()
            with going(bundle):
                deploy_function(folder, name)(from_document(document))
            told.append(RoleSteps(name, digest(document), tuple(bundle.steps)))
    return told


def apply_operations(
    hosts: Mapping[str, tuple[Access, Mapping[str, Document]]], folder: Path
) -> dict[str, list[str]]:
    """The same roles as ordinary pyinfra operations: host -> names of those that changed something.

    Some twenty execs a role where `apply_roles` needs one a host; for comparing and debugging. A host that
    fails has the name of its last operation, marked `failed:`.
    """
    state = _connected(hosts, _Run(lambda _: None))
    with ctx_state.use(state):
        for host in list(state.active_hosts):
            with ctx_host.use(host):
                for name, document in hosts[host.name][1].items():
                    with going(Operations()):
                        deploy_function(folder, name)(from_document(document))
    with suppress(PyinfraError):
        run_ops(state)
    disconnect_all(state)
    return {host.name: _changed(state, host) for host in state.inventory}


def _changed(state: State, host: Host) -> list[str]:
    names = []
    for operation_hash in host.op_hash_order:
        done = state.get_op_data_for_host(host, operation_hash).operation_meta
        name = ", ".join(sorted(state.get_op_meta(operation_hash).names))
        if not done.is_complete():
            break
        if not done.did_succeed():
            names.append(f"failed: {name}")
        elif done.did_change():
            names.append(name)
    return names


@lru_cache(maxsize=256)
def deploy_function(folder: Path, role: str) -> Callable[[Declaration], None]:
    """The function that `roles/<role>/__init__.py` names after its folder."""
    name = f"igoudar_role_{role}"
    spec = importlib.util.spec_from_file_location(name, folder / role / "__init__.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    function: Callable[[Declaration], None] = getattr(module, role)
    return function


@operation(is_idempotent=False, idempotent_notice="The script itself writes only what differs.")  # type: ignore[untyped-decorator,unused-ignore]
def all_roles(script: str, results: _Run) -> Iterator[FunctionCommand]:
    """Run the bundle on this host as root and keep its answer."""
    yield FunctionCommand(_execute, (script, results), {})


def _execute(state: State, host: Host, script: str, results: _Run) -> bool:
    began = time.monotonic()
    try:
        _, output = host.run_shell_command(
            StringCommand("sh", "-s"), _sudo=True, _stdin=script, _timeout=EXEC_SECONDS
        )
    except Exception as error:  # whatever breaks a session is this host's result, not the run's end
        said = f"the session broke: {error or type(error).__name__}"
        results.add(HostResult(host.name, "failed", message=said, seconds=time.monotonic() - began))
        return False
    seconds = round(time.monotonic() - began, 3)
    result = read_answer(host.name, output.stdout_lines, seconds, output.stderr)
    results.add(result)
    return result.status == "ok"
