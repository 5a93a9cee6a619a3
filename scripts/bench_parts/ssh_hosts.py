"""Hosts on one machine: a Debian tree, a host name, a host key and an sshd of its own each.

They are chroots, not machines: an overlay in memory over the twin's disk image, all in one network namespace
where every address of the site is local. Nothing outside of the calling process's own namespaces changes: it
must be root in a mount, network and process namespace of its own (`bench_parts.roles` makes them), and with
it all ends. No systemd runs in them (`stand_ins`).
"""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench_parts import stand_ins
from bench_parts.cpu_groups import CpuGroup
from bench_parts.role_site import LOGIN, NETWORK, address

UP_SECONDS = 60.0
DEVICES = {"null": (1, 3), "zero": (1, 5), "full": (1, 7), "random": (1, 8), "urandom": (1, 9), "tty": (5, 0)}
SSHD = (
    "hostname fresh && echo 0 >{group}/cgroup.procs && "
    "exec chroot {root} /usr/sbin/sshd -D -o ListenAddress={at}"
)


@dataclass(frozen=True, slots=True)
class Ground:
    """What all hosts stand on: `image` mounted, `prepared` over it, and the keys, made once."""

    folder: Path
    image: Path
    prepared: Path
    login_key: Path
    host_keys: Mapping[str, Path]

    def key_lines(self) -> dict[str, str]:
        """host -> public key line without its comment."""
        return {n: k.with_suffix(".pub").read_text("utf-8").strip() for n, k in self.host_keys.items()}


@contextmanager
def ground(folder: Path, image: Path, names: Sequence[str]) -> Iterator[Ground]:
    """Everything below `folder`, in memory; `image` is the twin's disk."""
    run("mount", "-t", "tmpfs", "-o", "mode=0755", "tmpfs", folder)
    run("ip", "link", "set", "lo", "up")
    run("ip", "route", "add", "local", NETWORK, "dev", "lo")
    made = Ground(folder, folder / "image", folder / "prepared", folder / "login", _keys(folder, names))
    made.image.mkdir()
    run("mount", "-o", "loop,ro,noload", image, made.image)
    key_pair(made.login_key)
    _prepare(made)
    try:
        yield made
    finally:
        run("umount", "--recursive", folder)


def _keys(folder: Path, names: Sequence[str]) -> dict[str, Path]:
    (folder / "keys").mkdir()
    keys = {name: folder / "keys" / name for name in names}
    for key in keys.values():
        key_pair(key)
    return keys


def key_pair(path: Path) -> None:
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", path)


def _prepare(made: Ground) -> None:
    """A machine as its installer leaves it: a login with a key that may become root."""
    root = _mounted(made.folder / "first", (made.image,), made.prepared)
    run("chroot", root, "useradd", "-m", "-s", "/bin/bash", "-p", "*", LOGIN)
    ssh = root / "home" / LOGIN / ".ssh"
    ssh.mkdir(mode=0o700)
    (ssh / "authorized_keys").write_bytes(made.login_key.with_suffix(".pub").read_bytes())
    run("chroot", root, "chown", "-R", f"{LOGIN}:{LOGIN}", f"/home/{LOGIN}")
    (root / "etc/sudoers.d/installer").write_text(f"{LOGIN} ALL=(ALL:ALL) NOPASSWD: ALL\n", "utf-8")
    (root / "etc/hosts").write_text("127.0.0.1 localhost fresh\n", "utf-8")
    for path, text in stand_ins.FILES.items():
        file = root / path.removeprefix("/")
        file.unlink(missing_ok=True)
        file.write_text(text, "utf-8")
        file.chmod(0o755)
    for name, (major, minor) in DEVICES.items():
        run("mknod", "-m", "0666", root / "dev" / name, "c", str(major), str(minor))
    (root / "run/sshd").mkdir(exist_ok=True)
    run("umount", root)


def _mounted(folder: Path, lower: Sequence[Path], upper: Path) -> Path:
    root, work = folder / "root", folder / "work"
    for each in (root, work, upper):
        each.mkdir(parents=True, exist_ok=True)
    layers = f"lowerdir={':'.join(map(str, lower))},upperdir={upper},workdir={work}"
    run("mount", "-t", "overlay", "-o", layers, "overlay", root)
    return root


@contextmanager
def fresh_hosts(made: Ground, names: Sequence[str], group: CpuGroup) -> Iterator[dict[str, Path]]:
    """Host -> its root directory, with an sshd in `group` that answers. Nobody has configured it yet."""
    base = made.folder / "hosts"
    run("mount", "--mkdir", "-t", "tmpfs", "-o", "mode=0755", "tmpfs", base)
    roots = {name: _root(made, base / name, made.host_keys[name]) for name in names}
    daemons = [_sshd(roots[name], address(name), group) for name in names]
    try:
        for name in names:
            _wait_for(name)
        yield roots
    finally:
        for daemon in daemons:
            daemon.kill()
        for daemon in daemons:
            daemon.wait()
        end_all(group)
        run("umount", "--recursive", base)


def _root(made: Ground, folder: Path, key: Path) -> Path:
    root = _mounted(folder, (made.prepared, made.image), folder / "upper")
    run("mount", "-t", "proc", "proc", root / "proc")
    for suffix, mode in (("", 0o600), (".pub", 0o644)):
        file = root / f"etc/ssh/ssh_host_ed25519_key{suffix}"
        file.write_bytes(key.with_name(f"{key.name}{suffix}").read_bytes())
        file.chmod(mode)
    return root


def _sshd(root: Path, at: str, group: CpuGroup) -> subprocess.Popen[bytes]:
    told = SSHD.format(group=group.folder, root=root, at=at)
    with (root / "var/log/sshd.log").open("wb") as log:
        return subprocess.Popen(["unshare", "--uts", "sh", "-c", told], stdout=log, stderr=log)


def _wait_for(name: str) -> None:
    deadline = time.monotonic() + UP_SECONDS
    while True:
        with socket.socket() as probe:
            if probe.connect_ex((address(name), 22)) == 0:
                return
        if time.monotonic() > deadline:
            raise TimeoutError(f"the sshd of {name} does not answer")
        time.sleep(0.02)


def end_all(group: CpuGroup) -> None:
    """What is left of it, such as sessions that a login left behind."""
    while left := [pid for pid in group.processes() if pid]:
        for pid in left:
            try:
                os.kill(pid, 9)
            except ProcessLookupError:
                continue
        time.sleep(0.02)


def run(*words: str | Path) -> None:
    done = subprocess.run([str(w) for w in words], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, words))}: {done.stderr.strip() or done.returncode}")
