"""One engine over the hosts of a bench, in a process of its own: `-m bench_parts.role_engines ENGINE WORK`.

WORK is a file of JSON that `bench_parts.role_cases` writes. It prints a line of JSON for its start (what it
loads before the first host) and one for each run, which waits for a line on stdin: CPU seconds of itself with
its children and of the hosts, seconds, and what came of it; or why there is no figure. Engines are `ours`,
`pyinfra`, `ansible`, `exec`.
"""

# ruff: noqa: PLC0415 - each engine loads what it needs and nothing else

from __future__ import annotations

import sys

if sys.argv[1:2] == ["pyinfra"]:
    from gevent import monkey

    monkey.patch_all()

import json
import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

from bench_parts.cpu_groups import CpuGroup

AT_ONCE = 50
CALM_SECONDS = 20.0
EXEC_SECONDS = 900
# host -> was anything changed there; a host that failed raises
Run = Callable[[], dict[str, bool]]


class Failed(Exception):
    """A host on which an engine did not do its work: nothing may be measured."""


def main() -> None:
    try:
        _measure(sys.argv[1], json.loads(Path(sys.argv[2]).read_text("utf-8")))
    except Failed as failed:
        _say(failed=str(failed))


def _measure(engine: str, work: Mapping[str, Any]) -> None:
    client, targets = (CpuGroup(Path(work[name])) for name in ("client", "targets"))
    os.environ["IGOUDAR_SSH_KEY"] = work["key"]
    client.join()
    begun = client.seconds()
    run = ENGINES[engine](work)
    _say(start=client.seconds() - begun)
    calm = len(targets.processes())
    for _ in range(work["runs"]):
        sys.stdin.readline()
        before, there, clock = client.seconds(), targets.seconds(), time.monotonic()
        changed = run()
        wall = time.monotonic() - clock
        mine = client.seconds() - before
        _wait_until_calm(targets, calm)
        told = {"client": mine, "targets": targets.seconds() - there, "wall": wall}
        _say(**told, hosts=len(changed), changed=sum(changed.values()), **_workers(client))


def _say(**told: Any) -> None:
    print(json.dumps(told), flush=True)


def _wait_until_calm(targets: CpuGroup, processes: int) -> None:
    """Until what logins left on the hosts has ended: it is part of their CPU."""
    deadline = time.monotonic() + CALM_SECONDS
    while len(targets.processes()) > processes:
        if time.monotonic() > deadline:
            raise Failed(f"{len(targets.processes()) - processes} processes of logins do not end")
        time.sleep(0.05)


def _workers(client: CpuGroup) -> dict[str, int]:
    """How many worker processes there are; resident memory in kB and open files of all of them."""
    found = [place for pid in client.processes() if _is_worker(place := Path(f"/proc/{pid}"))]
    files = sum(len(list((place / "fd").iterdir())) for place in found)
    return {"workers": len(found), "rss": sum(map(_resident, found)), "files": files}


def _resident(process: Path) -> int:
    found = re.search(r"^VmRSS:\s+(\d+)", (process / "status").read_text(), re.MULTILINE)
    assert found is not None
    return int(found[1])


def _is_worker(process: Path) -> bool:
    with suppress(OSError):  # it has ended
        return b"igoudar.worker" in (process / "cmdline").read_bytes().split(b"\0")
    return False


def _ours(work: Mapping[str, Any]) -> Run:
    """`run_roles`; the workers have loaded all they need before the first run."""
    from igoudar.worker import pool

    hosts, processes = work["documents"], work["processes"]
    pool.HOSTS_A_WORKER = -(-len(hosts) // processes)
    pool.RUNS_A_WORKER = work["runs"] + 2  # with the one before the first, and none is replaced
    workers = pool.Pool()
    root, site = Path(work["root"]), Path(work["site"])
    arguments = {"root": str(root), "site": os.path.relpath(site, root), "plan": True, "whole": False}
    arguments |= {"serials": {}}
    arguments["hosts"] = {work["nobody"]: {}}  # it does not answer, and a worker has loaded all to say so
    asked = [workers.run("roles", arguments, threading.Event()) for _ in range(processes)]
    begun = [next(answers) for answers in asked]  # all at once, so that each is a process of its own
    for first, rest in zip(begun, asked, strict=True):
        if bad := [answer["error"] for answer in (first, *rest) if "error" in answer]:
            raise Failed(bad[0])

    def run() -> dict[str, bool]:
        found = pool.run_roles(site, root, hosts, serials={}, pool=workers)
        bad = [f"{r.host}: {r.status}: {r.message}" for r in found.values() if r.status != "ok"]
        if bad:
            raise Failed("; ".join(bad[:3]))
        return {name: bool(result.changes) for name, result in found.items()}

    return run


def _pyinfra(work: Mapping[str, Any]) -> Run:
    """The same roles as ordinary operations, without a plan before (`-y`)."""
    from igoudar.inventory import load
    from igoudar.transport import access_map
    from igoudar.worker.site_roles import Told, apply_operations

    root = Path(work["root"])
    reach = access_map(load(Path(work["site"]), root), root)
    hosts = {name: (reach[name], roles) for name, roles in work["documents"].items()}

    def run() -> dict[str, bool]:
        found = apply_operations(hosts, Told(root / "roles"))
        if bad := [f"{h}: {n}" for h, names in found.items() for n in names if n.startswith("failed")]:
            raise Failed("; ".join(bad[:3]))
        return {name: bool(names) for name, names in found.items()}

    return run


def _exec(work: Mapping[str, Any]) -> Run:
    """The floor: plain paramiko, a login and one exec a host with the finished script on its stdin."""
    import base64
    import socket

    import paramiko

    key = paramiko.PKey.from_path(work["key"])
    scripts = {name: Path(path).read_bytes() for name, path in work["scripts"].items()}

    def one(name: str) -> bool:
        kind, text = work["host_keys"][name].split()[:2]
        sock = socket.create_connection((work["reach"][name], 22))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client = paramiko.SSHClient()
        entry = paramiko.PKey.from_type_string(kind, base64.b64decode(text))
        client.get_host_keys().add(work["reach"][name], kind, entry)
        with client:
            alone = {"allow_agent": False, "look_for_keys": False}
            client.connect(work["reach"][name], username=work["login"], pkey=key, sock=sock, **alone)
            stdin, out, _ = client.exec_command("sudo -n sh -s", timeout=EXEC_SECONDS)
            stdin.write(scripts[name])
            stdin.channel.shutdown_write()
            said = out.read().decode("utf-8").splitlines()
            status = out.channel.recv_exit_status()
        words = [line.partition(" ")[2].partition("\t")[0] for line in said]
        if status or "failed" in words or "end" not in words:
            raise Failed(f"{name}: status {status}: {said[-1:]}")
        return "change" in words

    def run() -> dict[str, bool]:
        with ThreadPoolExecutor(AT_ONCE) as threads:
            return dict(zip(scripts, threads.map(one, scripts), strict=True))

    return run


def _ansible(work: Mapping[str, Any]) -> Run:
    """`ansible-playbook`; its sessions end with the run, as those of the others do."""
    folder = Path(work["play"])
    words = [work["ansible"], "-i", str(folder / "hosts.json"), str(folder / "site.yml")]
    recap = re.compile(r"^(\S+)\s+: ok=\d+\s+changed=(\d+)\s+unreachable=(\d+)\s+failed=(\d+)", re.MULTILINE)
    sockets = iter(folder / f"control-{n}" for n in range(work["runs"]))

    def run() -> dict[str, bool]:
        # a path of a socket has 108 characters at most
        env = {**os.environ, "ANSIBLE_CONFIG": str(folder / "ansible.cfg"), "PYTHONDONTWRITEBYTECODE": ""}
        env |= {"ANSIBLE_SSH_CONTROL_PATH_DIR": str(next(sockets)), "LC_ALL": "C.UTF-8"}
        env.pop("PYTHONPATH", None)
        done = subprocess.run(words, cwd=folder, env=env, capture_output=True, text=True, check=False)
        (folder / "said").write_text(done.stdout + done.stderr, "utf-8")
        _end_masters(CpuGroup(Path(work["client"])))
        found = {name: tuple(map(int, counts)) for name, *counts in recap.findall(done.stdout)}
        if done.returncode != 0 or any(lost or bad for _, lost, bad in found.values()):
            raise Failed(
                f"ansible-playbook ended with {done.returncode}: {done.stdout[-2500:]}{done.stderr[-500:]}"
            )
        return {name: changed > 0 for name, (changed, _, _) in found.items()}

    return run


def _end_masters(client: CpuGroup) -> None:
    for pid in client.processes():
        with suppress(OSError):
            if Path(f"/proc/{pid}/comm").read_text().strip() == "ssh":
                os.kill(pid, signal.SIGTERM)


ENGINES: dict[str, Callable[[Mapping[str, Any]], Run]] = {
    "ours": _ours,
    "pyinfra": _pyinfra,
    "ansible": _ansible,
    "exec": _exec,
}

if __name__ == "__main__":
    main()
