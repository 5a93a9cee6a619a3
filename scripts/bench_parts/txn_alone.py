"""The transaction itself, without daemons: what of it grows with the number of switches.

Switches and witnesses are `ssh_hosts`: a Debian tree and an sshd each, with the real agent and the real
register. FRR and ifupdown2 are stand-ins there that take no time and say what a good switch says, and the
disks are in memory. Links do not exist; the waves are those of `bench_parts.txn`. `txn_alone` runs itself
once more in namespaces of its own.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench_parts.cpu_groups import CpuGroup, cpu_groups
from bench_parts.role_site import LOGIN, address, names
from bench_parts.roles import env, image, inside, lacking
from bench_parts.ssh_hosts import Ground, fresh_hosts, ground, run
from bench_parts.txn import WITNESS_SETUP, Clos, measured
from igoudar.agent.install import agent_files
from igoudar.errors import Missing
from igoudar.transport import Access
from tests.twin import bare
from tests.twin.faults.fabric import WITNESSES

# What it was told last is what it runs, and each neighbour that is in it is up.
VTYSH = r"""#!/bin/sh
case $* in
*running-config*) cat /run/frr/runs ;;
esac
case $* in
*summary*)
    printf '{"default":{"ipv4Unicast":{"peers":{'
    sed -n 's/^ neighbor \([a-z0-9]*\) interface .*/"\1":{"state":"Established"}/p' /run/frr/runs | paste -sd,
    printf '}}}}\n'
    ;;
esac
"""
RELOAD = """#!/bin/sh
case $* in
*--reload*) cp /etc/frr/frr.conf /run/frr/runs ;;
esac
"""
SYSTEMCTL = """#!/bin/sh
case $* in
*igoudar-agent-watch*) setsid /usr/sbin/igoudar-agent watch </dev/null >/dev/null 2>&1 & ;;
reload*ssh*) read -r pid </run/sshd.pid && kill -HUP "$pid" ;;
esac
"""
STAND_INS = {
    "/usr/bin/vtysh": VTYSH,
    "/usr/lib/frr/frr-reload.py": RELOAD,
    "/usr/bin/systemctl": SYSTEMCTL,
}
# A daemon is a process of its name, by its file.
SWITCH_SETUP = """
chmod 755 /usr/sbin/igoudar-agent
mkdir -p /run/frr/bin
cp /etc/frr/frr.conf /run/frr/runs
for daemon in zebra staticd mgmtd bgpd; do
    ln -s /usr/bin/sleep /run/frr/bin/$daemon
    setsid /run/frr/bin/$daemon infinity </dev/null >/dev/null 2>&1 &
    echo $! >/run/frr/$daemon.pid
done
"""
INSIDE = 'echo 0 >{group}/cgroup.procs; exec chroot "$1" sh -ec "$0"'


@dataclass(frozen=True, slots=True)
class Alone(Clos):
    """`hosts`: how each is reached."""

    hosts: Mapping[str, Access]

    def access(self, name: str) -> Access:
        return self.hosts[name]


def txn_alone(sizes: Sequence[int]) -> None:
    """A transaction over so many switches, one size after the other. Raises Missing where that cannot be."""
    if lack := lacking():
        raise Missing(lack)
    with cpu_groups("client", "targets") as groups:
        asked = {"image": str(image()), "sizes": sizes}
        asked |= {name: str(group.folder) for name, group in groups.items()}
        command = inside("bench_parts.txn_alone", json.dumps(asked))
        done = subprocess.run(command, env=env(), check=False)
    if done.returncode != 0:
        sys.exit("the measurement ended early, see above")


def main() -> None:
    asked = json.loads(sys.argv[1])
    client, targets = (CpuGroup(Path(asked[name])) for name in ("client", "targets"))
    client.join()
    hosts = names(max(asked["sizes"]) + len(WITNESSES))
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as made,
        ground(Path(made), Path(asked["image"]), hosts) as on,
    ):
        for size in asked["sizes"]:
            with _fabric(on, size, targets) as clos:
                _measured(clos, client, targets)


def _measured(clos: Clos, client: CpuGroup, targets: CpuGroup) -> None:
    print(f"{clos.size} switches without daemons", flush=True)
    before = client.seconds(), targets.seconds()
    measured(clos.operator(1, 2), clos.names)
    mine, theirs = client.seconds() - before[0], targets.seconds() - before[1]
    print(f"  CPU a switch: {1000 * mine / clos.size:.0f} ms of the operator, ", end="")
    print(f"{1000 * theirs / clos.size:.0f} ms of its own and of witnesses", flush=True)


@contextmanager
def _fabric(made: Ground, size: int, group: CpuGroup) -> Iterator[Alone]:
    chosen = names(size + len(WITNESSES))
    keys = made.key_lines()
    plain = Clos(made.folder, size)
    hosts = dict(zip((*plain.names, *WITNESSES), chosen, strict=True))
    reach = {n: Access(n, address(h), LOGIN, made.login_key, keys[h]) for n, h in hosts.items()}
    with fresh_hosts(made, chosen, group) as roots:
        for name, host in hosts.items():
            own = bare.witness_host(name, 1) if name in WITNESSES else None
            files = dict(own.files) if own else _switch_files(plain, name)
            _put(roots[host], files | STAND_INS)
            setup = WITNESS_SETUP if own else SWITCH_SETUP
            run("sh", "-ec", INSIDE.format(group=group.folder), setup, roots[host])
        yield Alone(made.folder, size, reach)


def _switch_files(clos: Clos, name: str) -> dict[str, str]:
    agent = {path: text for path, (text, _) in agent_files().items()}
    return agent | clos.text(name, 1) | {"/etc/igoudar/serial": f"S-{name}\n"}


def _put(root: Path, files: Mapping[str, str]) -> None:
    for path, text in files.items():
        file = root / path.removeprefix("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.unlink(missing_ok=True)
        file.write_text(text, "utf-8")
        if path in STAND_INS:
            file.chmod(0o755)


if __name__ == "__main__":
    main()
