"""The cases of `scripts/bench roles`, in the namespaces that `bench_parts.roles` made, which starts it.

After the first run every host must have every file, owner, mode and login that was declared, and no engine
may change anything in a later one: else there is no figure. Prints a line of JSON a case: what its engine
said, or why there is no figure; the next case is measured all the same.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bench_parts import role_playbook, role_site
from bench_parts.cpu_groups import CpuGroup
from bench_parts.roles import CHECKOUT
from bench_parts.ssh_hosts import Ground, end_all, fresh_hosts, ground
from igoudar.roles import Declaration
from igoudar.worker.calls import Bundle, activate, configure, going, install
from igoudar.worker.script import RoleSteps, bundle_script, keys_file

Told = Mapping[str, Mapping[str, Declaration]]
Fields = Mapping[str, Any]
Said = list[dict[str, Any]]  # of an engine: its start, then each run


class NoFigure(Exception):
    """An engine did not do what it is measured for."""


def main() -> None:
    asked = json.loads(sys.argv[1])
    names = role_site.names(max(case["hosts"] for case in asked["cases"]))
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as name,
        ground(Path(name), Path(asked["image"]), names) as made,
    ):
        for case in asked["cases"]:
            with tempfile.TemporaryDirectory(dir=made.folder) as folder:
                try:
                    told: Any = _case(made, Path(folder), case, asked)
                except NoFigure as why:
                    told = {"failed": str(why)}
                print(json.dumps(told), flush=True)


def _case(made: Ground, folder: Path, case: Fields, asked: Fields) -> Said:
    names = role_site.names(case["hosts"])
    keys = {name: line for name, line in made.key_lines().items() if name in names}
    site = role_site.write_site(folder, CHECKOUT, keys)
    told = role_site.declared(folder, names)
    work = {
        "root": str(folder),
        "site": str(site),
        "documents": role_site.documents(told),
        "key": str(made.login_key),
        "login": role_site.LOGIN,
        "nobody": role_site.MANAGER,
        "reach": {name: role_site.address(name) for name in names},
        "host_keys": keys,
        "scripts": _scripts(folder, told),
        "play": str(_play(made, folder, told, keys)),
        **{key: asked[key] for key in ("client", "targets", "ansible")},
        **{key: case[key] for key in ("processes", "runs")},
    }
    (folder / "work.json").write_text(json.dumps(work), "utf-8")
    with fresh_hosts(made, names, CpuGroup(Path(asked["targets"]))) as roots:
        try:
            return _ran(case, folder, told, roots)
        finally:
            end_all(CpuGroup(Path(asked["client"])))


def _ran(case: Fields, folder: Path, told: Told, roots: Mapping[str, Path]) -> Said:
    command = [sys.executable, "-m", "bench_parts.role_engines", case["engine"], str(folder / "work.json")]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    said: Said = []
    with subprocess.Popen(command, **pipes) as engine:  # type: ignore[call-overload]
        for line in engine.stdout:
            said.append(json.loads(line))
            if wrong := _wrong(case, said, told, roots):
                engine.kill()
                raise NoFigure(wrong)
            if len(said) <= case["runs"]:
                engine.stdin.write("go\n")
                engine.stdin.flush()
    if engine.returncode or len(said) != case["runs"] + 1:
        raise NoFigure(f"its process ended with {engine.returncode}")
    return said


def _wrong(case: Fields, said: Said, told: Told, roots: Mapping[str, Path]) -> str:
    """Why there is no figure; empty where all is as it must be."""
    if "failed" in said[-1]:
        return str(said[-1]["failed"])
    if len(said) == 1:
        return ""
    if case["engine"] == "ours" and said[-1]["workers"] != case["processes"]:
        return f"has {said[-1]['workers']} worker processes, not {case['processes']}"
    if said[-1]["hosts"] != case["hosts"]:
        return f"spoke of {said[-1]['hosts']} hosts, not of {case['hosts']}"
    if len(said) > 2:
        return f"changed {said[-1]['changed']} hosts in a run after the first" if said[-1]["changed"] else ""
    if said[-1]["changed"] != case["hosts"]:
        return f"changed {said[-1]['changed']} of {case['hosts']} hosts in the first run"
    return next((f"{host}: {what}" for host, root in roots.items() for what in _amiss(root, told[host])), "")


def _amiss(root: Path, declared: Mapping[str, Declaration]) -> Iterator[str]:
    """What a host lacks of what was declared, or whether it may go back on it yet."""
    if (root / "var/lib/igoudar/lockout/armed").exists():
        yield "waits for a new login"
    logins = _numbers(root / "etc/passwd")
    groups = _numbers(root / "etc/group")
    for told in declared.values():
        yield from (f"no login {user.name}" for user in told.users if user.name not in logins)
        for file in (*told.files, *(keys_file(user) for user in told.users if user.keys)):
            path = root / file.path.removeprefix("/")
            if not path.is_file() or path.read_text("utf-8") != file.text:
                yield f"{file.path} is absent or has another text"
                continue
            facts = path.stat()
            want = (logins.get(file.owner), groups.get(file.group), int(file.mode, 8))
            if (facts.st_uid, facts.st_gid, facts.st_mode & 0o7777) != want:
                yield f"{file.path} has another owner or mode"


def _numbers(file: Path) -> dict[str, int]:
    return {words[0]: int(words[2]) for words in (line.split(":") for line in file.read_text().splitlines())}


def _scripts(folder: Path, told: Told) -> dict[str, str]:
    """What `ours` would send, for the engine that only sends it. It does not look at digests."""
    (folder / "scripts").mkdir()
    found = {}
    for host, roles in told.items():
        steps = []
        for role, declaration in roles.items():
            bundle = Bundle()
            with going(bundle):  # all roles of the set act by these three
                install(declaration)
                configure(declaration)
                activate(declaration)
            steps.append(RoleSteps(role, "0" * 32, tuple(bundle.steps)))
        path = folder / "scripts" / host
        path.write_text(bundle_script(steps, "", plan=False), "utf-8")
        found[host] = str(path)
    return found


def _play(made: Ground, folder: Path, told: Told, keys: Mapping[str, str]) -> Path:
    play = folder / "play"
    play.mkdir()
    reach = {name: role_site.address(name) for name in told}
    known = "".join(f"{reach[name]} {line}\n" for name, line in keys.items())
    (play / "known_hosts").write_text(known, "utf-8")
    role_playbook.write_play(play, told, reach, made.login_key, role_site.LOGIN)
    return play


if __name__ == "__main__":
    main()
