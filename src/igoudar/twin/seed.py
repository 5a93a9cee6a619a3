"""What a twin host is told before its first boot: one tar archive, its second disk."""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Mapping
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from igoudar.twin.paths import Folder, is_of_another_box
from igoudar.twin.spec import OOB_PORT, TwinHost, TwinSpec

BLOCK = 512
INSTALLED = "/etc/network/interfaces"


def make_keys(folder: Folder, spec: TwinSpec) -> None:
    """The login key, and a host key for each box, made once; `known_hosts` with names and addresses."""
    folder.host_keys.mkdir(parents=True, exist_ok=True)
    if not folder.login_key.exists():
        _make_key(folder.login_key)
    for host in spec.hosts:
        path = folder.host_keys / host.name
        box = path.with_name(f"{host.name}.serial")
        if not path.exists() or is_of_another_box(box, host.serial):
            _make_key(path)
        box.write_text(host.serial, "utf-8")
    lines = []
    for host in spec.hosts:
        public = public_line(folder.host_keys / host.name)
        lines.append(f"{host.name},{host.oob.partition('/')[0]} {public}\n")
    folder.known_hosts.write_text("".join(lines), "utf-8")


def _make_key(path: Path) -> None:
    key = Ed25519PrivateKey.generate()
    beside = path.with_name(f"{path.name}.new")
    beside.touch(mode=0o600)
    beside.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
    public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    path.with_name(f"{path.name}.pub").write_bytes(public + b"\n")
    beside.replace(path)


def public_line(path: Path) -> str:
    return path.with_name(f"{path.name}.pub").read_text("utf-8").strip()


def write_seed(folder: Folder, spec: TwinSpec, host: TwinHost) -> Path:
    """Writes the archive of one host and returns its path."""
    key = folder.host_keys / host.name
    home = f"/home/{spec.login}/.ssh"
    texts: dict[str, tuple[str, int]] = {
        "/etc/hostname": (f"{host.name}\n", 0o644),
        "/etc/hosts": (f"127.0.0.1 localhost\n127.0.1.1 {host.name}\n", 0o644),
        "/etc/igoudar/login": (f"{spec.login}\n", 0o644),
        "/etc/igoudar/serial": (f"{host.serial}\n", 0o644),
        "/etc/igoudar/ports": (_ports(host), 0o644),
        "/etc/igoudar/files": (_digest(host), 0o644),
        "/etc/ssh/ssh_host_ed25519_key": (key.read_text("utf-8"), 0o600),
        "/etc/ssh/ssh_host_ed25519_key.pub": (public_line(key) + "\n", 0o644),
        f"{home}/authorized_keys": (public_line(folder.login_key) + "\n", 0o600),
        **{path: (text, 0o644) for path, text in host.files},
    }
    links = {
        f"/etc/systemd/system/multi-user.target.wants/{u}": f"/usr/lib/systemd/system/{u}"
        for u in host.enable
    }
    folder.seeds.mkdir(exist_ok=True)
    target = folder.seeds / f"{host.name}.tar"
    target.touch(mode=0o600)
    target.write_bytes(_archive(texts, links, {home}))
    return target


def _digest(host: TwinHost) -> str:
    """Another one makes a host take its files again, not only on its first boot.

    What an installer leaves it leaves once: by now it may be somebody's text.
    """
    lasting = tuple(file for file in host.files if file[0] != INSTALLED)
    return hashlib.sha256(repr((lasting, host.enable)).encode()).hexdigest() + "\n"


def _ports(host: TwinHost) -> str:
    rows = [f"0 {OOB_PORT} {host.oob}"]
    rows += [f"{number} {port.name} -" for number, port in enumerate(host.ports, 1)]
    return "\n".join(rows) + "\n"


def _archive(texts: Mapping[str, tuple[str, int]], links: Mapping[str, str], private: set[str]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for folder in sorted(private):
            entry = tarfile.TarInfo(folder.lstrip("/"))
            entry.type, entry.mode = tarfile.DIRTYPE, 0o700
            archive.addfile(entry)
        for path, (text, mode) in sorted(texts.items()):
            data = text.encode()
            entry = tarfile.TarInfo(path.lstrip("/"))
            entry.size, entry.mode = len(data), mode
            archive.addfile(entry, io.BytesIO(data))
        for path, to in sorted(links.items()):
            entry = tarfile.TarInfo(path.lstrip("/"))
            entry.type, entry.linkname = tarfile.SYMTYPE, to
            archive.addfile(entry)
    padding = -buffer.tell() % BLOCK
    return buffer.getvalue() + b"\0" * padding
