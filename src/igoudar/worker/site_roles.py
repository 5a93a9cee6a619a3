"""In a worker process: all roles of many hosts by pyinfra, one operation and one exec a host.

Import only where gevent has patched the process already (`igoudar.worker.__main__`, tests).
"""

from __future__ import annotations

import importlib.util
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
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

from igoudar import runs, vendors
from igoudar.errors import BadInput, Finding, IgoudarError, Where
from igoudar.inventory import load, shown
from igoudar.role_document import Document, digest, from_document
from igoudar.roles import PAGE, Declaration, line_of
from igoudar.transport import Access, access_map
from igoudar.worker.calls import Bundle, going
from igoudar.worker.connector import SiteConnector
from igoudar.worker.host_secrets import NOTHING, Values, has_secrets, values_of
from igoudar.worker.live_masks import known_lines, masked
from igoudar.worker.lockout import Window, is_armed
from igoudar.worker.new_login import after_break, settled
from igoudar.worker.operations import Operations
from igoudar.worker.results import SILENT, HostResult, read_answer
from igoudar.worker.script import RoleSteps, bundle_script, may_arm

# Installing packages from a slow mirror is the longest thing that a role does.
EXEC_SECONDS = 900
PARALLEL = 50
# Of one command on a host's way back: as long as the whole of a switch's may take, and no less than this.
STEP_SECONDS = 30

Emit = Callable[[Mapping[str, Any]], None]
Hosts = Mapping[str, tuple[Access, Mapping[str, Document]]]  # the way to each, and its roles


def run(arguments: Mapping[str, Any], emit: Emit) -> dict[str, Any]:
    """`{root, site, plan, whole, by, serials, stores, hosts: {host: roles}}` to a `HostResult` of each host.

    Both as JSON; each is told by `emit` as it comes, so that nothing is left to return. A host that lacks the
    value of a secret is not contacted.
    """
    root = Path(arguments["root"])
    inventory = load(root / arguments["site"], root)
    reach, site = access_map(inventory, root), inventory.site
    values, missing = values_of(arguments["hosts"], arguments.get("stores", {}), root)
    for host, why in missing.items():
        emit({"host": host, "result": HostResult(host, "failed", message=why).as_json()})
    hosts = {name: (reach[name], roles) for name, roles in arguments["hosts"].items() if name not in missing}
    if hosts:
        window = Window(runs.new_id(), site.window_s, max(STEP_SECONDS, site.restore_s), EXEC_SECONDS)
        told = Told(root / "roles", arguments["serials"], values, window, arguments.get("by", ""))
        how = {key: arguments[key] for key in ("plan", "whole")}
        apply_roles(hosts, told, emit=emit, **how)
    return {}


@dataclass(frozen=True, slots=True)
class Told:
    """What is told to hosts beside their declarations: the roles' `folder`, which box is meant, secrets.

    `window`: how long a host waits for a new login; that of a site which says nothing where there is none.
    `by`: in whose name, for the history of each host.
    """

    folder: Path
    serials: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Values] = field(default_factory=dict)
    window: Window | None = None
    by: str = ""


def apply_roles(
    hosts: Hosts, told: Told, *, plan: bool, emit: Emit, whole: bool = True
) -> dict[str, HostResult]:
    """All roles that each host is given, in that order. Never raises for what a host does.

    `whole`: they are all that the host has, so what none of them declares any more is removed. A change that
    may lock everybody out is confirmed by a new login in its `window`.
    """
    window = told.window or Window(runs.new_id())
    known = known_lines(vendors.load(told.folder.parent / "templates"))

    def mask(result: HostResult) -> HostResult:
        host = result.host
        return masked(result, hosts[host][1], known, told.values.get(host, NOTHING))

    run_state = _Run(emit, mask)
    state = _connected(hosts, run_state)
    try:
        for host in list(state.active_hosts):
            steps = _steps(state, host, hosts[host.name][1], told)
            serial = told.serials.get(host.name, "")
            script = bundle_script(steps, serial, plan=plan, whole=whole, window=window, by=told.by)
            armable = may_arm(steps, plan=plan, whole=whole)
            job = Job(script, hosts[host.name][0], window if armable else None)
            add_op(state, all_roles, job, run_state, name="roles", host=host)
        if state.active_hosts:
            run_ops(state)
    except PyinfraError:  # "no hosts remaining": every host has said so itself
        pass
    finally:
        disconnect_all(state)
    for name in hosts:
        if name not in run_state.results:
            run_state.add(HostResult(name, "failed", message="pyinfra gave no answer for this host"))
    return {name: run_state.results[name] for name in hosts}


def _connected(hosts: Hosts, results: _Run) -> State:
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
        self.add(HostResult(host.name, SILENT, message=str(error)))


def _steps(state: State, host: Host, roles: Mapping[str, Document], told: Told) -> list[RoleSteps]:
    """What the roles' own @deploy functions call, gathered for one host; secrets come in after them."""
    values, found = told.values.get(host.name, NOTHING), []
    with ctx_state.use(state), ctx_host.use(host):
        for name, document in roles.items():
            bundle = Bundle()
            with going(bundle):
                act(told.folder, name, from_document(document), bare=True)
            steps = tuple(values.step(step) for step in bundle.steps)
            private = bool(document.get("secret_lines")) or has_secrets(document)
            lockout = bool(document.get("lockout"))
            found.append(RoleSteps(name, digest(document), steps, private, lockout))
    return found


def _bare(function: Callable[[Declaration], None]) -> Callable[[Declaration], None]:
    """Without pyinfra's @deploy where that stands outermost, and with all other decorators of the role.

    Gathered steps are no operations: pyinfra's arguments of those, which cost more than the script, mean
    nothing for them.
    """
    wrapped: Callable[[Declaration], None] = getattr(function, "__wrapped__", function)
    return wrapped if getattr(function, "_inner", None) is wrapped else function  # wrappers copy `_inner`


def apply_operations(hosts: Hosts, told: Told) -> dict[str, list[str]]:
    """The same roles as ordinary pyinfra operations: host -> names of those that changed something.

    Some twenty execs a role where `apply_roles` needs one a host; for comparing and debugging. A host that
    fails has the name of its last operation, marked `failed:`. Files that no role declares any more stay.
    """
    state = _connected(hosts, _Run(lambda _: None))
    with ctx_state.use(state):
        for host in list(state.active_hosts):
            with ctx_host.use(host):
                for name, document in hosts[host.name][1].items():
                    with going(Operations(told.values.get(host.name, NOTHING))):
                        act(told.folder, name, from_document(document))
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


def act(folder: Path, role: str, told: Declaration, *, bare: bool = False) -> None:
    """The acting half of a role, which is what people write: what it raises is BadInput at its line."""
    try:
        function = deploy_function(folder, role)
        (_bare(function) if bare else function)(told)
    except (IgoudarError, PyinfraError):
        raise
    except Exception as error:
        file = folder / role / "__init__.py"
        where = Where(shown(file, folder.parent), line_of(error, file) or 1)
        said = f"the role {role} cannot act: {type(error).__name__}: {error}"
        raise BadInput([Finding("broken-role", where, said, f"a function as {PAGE} has it")]) from error


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


@dataclass(frozen=True)
class Job:
    """What one host is given. `script` holds the values of its secrets; pyinfra prints what it is given.

    `window`: where a role of it may lock everybody out.
    """

    script: str = field(repr=False)
    access: Access
    window: Window | None


@operation(is_idempotent=False, idempotent_notice="The script itself writes only what differs.")  # type: ignore[untyped-decorator,unused-ignore]
def all_roles(job: Job, results: _Run) -> Iterator[FunctionCommand]:
    """Run the bundle on this host as root and keep its answer."""
    yield FunctionCommand(_execute, (job, results), {})


def _execute(state: State, host: Host, job: Job, results: _Run) -> bool:
    began = time.monotonic()
    result = _result(host, job)
    results.add(replace(result, seconds=round(time.monotonic() - began, 3)))
    return result.status == "ok"


def _result(host: Host, job: Job) -> HostResult:
    try:
        _, output = host.run_shell_command(
            StringCommand("sh", "-s"), _sudo=True, _stdin=job.script, _timeout=EXEC_SECONDS
        )
    except Exception as error:  # whatever breaks a session is this host's result, not the run's end
        said = f"the session broke: {error or type(error).__name__}"
        broken = HostResult(host.name, "failed", message=said)
        return after_break(job.access, job.window, broken) if job.window else broken
    result = read_answer(host.name, output.stdout_lines, 0.0, output.stderr)
    if job.window and is_armed(output.stdout_lines):
        return settled(job.access, job.window, result)
    return result
