"""The same declarations as an Ansible playbook: its own modules, one task each, in the order of ours.

Facts are not gathered, which spares Ansible a start of Python on every host: no task needs one. Packages are
asked of dpkg, because the module `apt` wants python3-apt on the host.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from shlex import quote
from typing import Any

from igoudar.roles import Declaration, RoleCommand, RoleFile, RoleUnit, RoleUser
from igoudar.worker.script import keys_file

FORKS = 50
LOGIN_SECONDS = 60  # its own 10 are too few where all hosts share one busy machine
Task = dict[str, Any]


def write_play(
    folder: Path,
    told: Mapping[str, Mapping[str, Declaration]],
    reach: Mapping[str, str],
    key: Path,
    user: str,
) -> None:
    """`site.yml`, `hosts.json` and `ansible.cfg`. Texts that differ by host are variables of the hosts."""
    texts = {host: _texts(roles.values()) for host, roles in told.items()}
    first = next(iter(told))
    todo = [task for declaration in told[first].values() for task in tasks(declaration)]
    play = {"hosts": "all", "gather_facts": False, "become": True, "tasks": todo}
    # JSON is YAML, and leaves no doubt about texts
    (folder / "site.yml").write_text(json.dumps([play], indent=1), "utf-8")
    common = {"ansible_user": user, "ansible_ssh_private_key_file": str(key)}
    common |= {"ansible_python_interpreter": "/usr/bin/python3"}
    hosts = {name: {"ansible_host": reach[name], "texts": texts[name]} for name in told}
    (folder / "hosts.json").write_text(json.dumps({"all": {"vars": common, "hosts": hosts}}), "utf-8")
    (folder / "ansible.cfg").write_text(_settings(folder), "utf-8")


def _settings(folder: Path) -> str:
    ssh = f"-o ControlMaster=auto -o ControlPersist=60s -o UserKnownHostsFile={folder / 'known_hosts'}"
    return "\n".join(
        (
            "[defaults]",
            f"forks = {FORKS}",
            f"timeout = {LOGIN_SECONDS}",
            "host_key_checking = True",
            f"home = {folder / 'home'}",
            "[connection]",
            "pipelining = True",
            "[ssh_connection]",
            f"ssh_args = {ssh}",
            "",
        )
    )


def _texts(roles: Iterable[Declaration]) -> dict[str, str]:
    return {file.path: file.text or "" for told in roles for file in _files(told)}


def _files(told: Declaration) -> Iterator[RoleFile]:
    for user in told.users:
        if user.keys:
            yield keys_file(user)
    yield from told.files


def tasks(told: Declaration) -> Iterator[Task]:
    """In the order of `igoudar.worker.calls`. What a file notified is asked of its task's result."""
    if told.packages:
        yield _task(
            "packages", "command", {"cmd": f"dpkg-query -W {' '.join(told.packages)}"}, changed_when=False
        )
    for user in told.users:
        yield from _user(user)
    told_by: dict[str, list[str]] = {}
    for at, file in enumerate(_files(told)):
        register = f"file_{at}"
        yield _file(file) | {"register": register}
        for word in file.notify:
            told_by.setdefault(word, []).append(f"{register} is changed")
    for command in told.before_units:
        yield _command(command, told_by.get(f"run:{command.name}", []))
    for unit in told.units:
        yield from _unit(unit, told_by)
    for command in told.commands:
        yield _command(command, told_by.get(f"run:{command.name}", []))


def _task(name: str, module: str, arguments: Mapping[str, Any], **more: Any) -> Task:
    return {"name": name, f"ansible.builtin.{module}": dict(arguments), **more}


def _user(user: RoleUser) -> Iterator[Task]:
    told: dict[str, Any] = {"name": user.name, "shell": "/bin/bash", "password": "*"}
    if user.groups:
        told |= {"groups": list(user.groups), "append": True}
    yield _task(f"login {user.name}", "user", told)
    if user.keys:
        folder = f"/home/{user.name}/.ssh"
        owner = {"owner": user.name, "group": user.name}
        yield _task(f"folder {folder}", "file", {"path": folder, "state": "directory", **owner})


def _file(file: RoleFile) -> Task:
    told = {
        "dest": file.path,
        "content": f"{{{{ texts['{file.path}'] }}}}",
        "owner": file.owner,
        "group": file.group,
        "mode": file.mode,
    }
    if file.validate:
        told["validate"] = f"sh -c {quote(file.validate.replace('{}', '%s'))}"
    return _task(f"file {file.path}", "copy", told)


def _command(command: RoleCommand, told_by: Sequence[str]) -> Task:
    """Where the role has a test for it, the shell of one task asks it and runs the command."""
    if not command.unless:
        return _task(f"command {command.name}", "shell", {"cmd": command.run}, when=_any(told_by))
    due = f"{{% if {_any(told_by)} %}}false{{% else %}}true{{% endif %}}"
    script = f"if {due} && {{ {command.unless}; }}; then echo same; else {command.run}; fi"
    result = f"command_{command.name}"
    changed = f"{result}.stdout != 'same'"
    return _task(f"command {command.name}", "shell", {"cmd": script}, register=result, changed_when=changed)


def _unit(unit: RoleUnit, told_by: Mapping[str, Sequence[str]]) -> Iterator[Task]:
    state = {} if unit.running is None else {"state": "started" if unit.running else "stopped"}
    told = {"name": unit.name, "enabled": unit.enabled, **state}
    yield _task(f"unit {unit.name}", "systemd_service", told)
    for verb, state_word in (("restart", "restarted"), ("reload", "reloaded")):
        if files := told_by.get(f"{verb}:{unit.name}"):
            again = {"name": unit.name, "state": state_word}
            yield _task(f"{verb} {unit.name}", "systemd_service", again, when=_any(files))


def _any(tests: Sequence[str]) -> str:
    return " or ".join(tests) or "false"
