"""Certificates of hosts, `certificates/<host>-cert.pub` of a site: whose they are, and until when.

They are made outside, where the private key of the authority is (`ssh-keygen -s`), and hold nothing secret.
The format is that of OpenSSH's PROTOCOL.certkeys. Signatures are for clients to verify.
Reads files and nothing else.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from igoudar.errors import BadInput, Finding, Severity, Where, unknown
from igoudar.inventory import shown
from igoudar.model import Inventory

FOLDER, SUFFIX = "certificates", "-cert.pub"
KIND, PLAIN = "ssh-ed25519-cert-v01@openssh.com", "ssh-ed25519"
OF_A_HOST = 2  # the other type, 1, is of a person
FOR_EVER = 2**64 - 1  # seconds: a certificate that never ends
CUT = "it is cut off, or changed"
EXPECTED = "a certificate of an ed25519 host key, one line, as `ssh-keygen -h -s` writes it"


@dataclass(frozen=True, slots=True)
class HostCertificate:
    """`text`: its line. `key` and `authority` are public key lines; `until`: day of its end, None: never."""

    file: str
    text: str
    key: str
    authority: str
    principals: tuple[str, ...]
    until: date | None

    @property
    def fingerprint(self) -> str:
        """Of the host key, as `ssh-keygen -l` says it."""
        digest = hashlib.sha256(base64.b64decode(self.key.split()[1])).digest()
        return f"SHA256:{base64.b64encode(digest).decode().rstrip('=')}"


def read(folder: Path, root: Path) -> dict[str, HostCertificate]:
    """host -> its certificate, of the site in `folder`. Raises BadInput."""
    found: dict[str, HostCertificate] = {}
    findings: list[Finding] = []
    for path in sorted((folder / FOLDER).glob(f"[!.]*{SUFFIX}")):
        file = shown(path, root)
        try:
            text = path.read_text("utf-8").strip() if path.is_file() else ""
            found[path.name.removesuffix(SUFFIX)] = parsed(text, file)
        except (OSError, ValueError, OverflowError, struct.error) as error:
            known = error.strerror if isinstance(error, OSError) else str(error)
            said = known if isinstance(error, OSError | ValueError) else CUT
            findings.append(Finding("bad-certificate", Where(file, 1), f"cannot be read: {said}", EXPECTED))
    if findings:
        raise BadInput(findings)
    return found


def parsed(text: str, file: str) -> HostCertificate:
    """Raises ValueError or struct.error for another text."""
    words = text.split()
    if len(words) < 2 or "\n" in text or words[0] != KIND:
        raise ValueError("no such certificate")
    try:
        blob = base64.b64decode(words[1], validate=True)
    except binascii.Error as error:
        raise ValueError(CUT) from error
    kind, nonce, key = _strings(blob, 3)
    rest = blob[12 + len(kind) + len(nonce) + len(key) :]
    _serial, of = struct.unpack(">QI", rest[:12])
    if kind.decode() != KIND or of != OF_A_HOST:
        raise ValueError("it is of a person, not of a host")
    _id, principals = _strings(rest[12:], 2)
    rest = rest[12 + 8 + len(_id) + len(principals) :]
    _since, until = struct.unpack(">QQ", rest[:16])
    *_options, authority = _strings(rest[16:], 4)
    ends = None if until == FOR_EVER else datetime.fromtimestamp(until, UTC).date()
    names = tuple(name.decode() for name in _all(principals))
    return HostCertificate(file, text, _line(_packed(PLAIN.encode(), key)), _line(authority), names, ends)


def _strings(data: bytes, count: int) -> list[bytes]:
    """The first strings of SSH's wire format: a length of 4 bytes, then so many bytes."""
    found, at = [], 0
    for _ in range(count):
        (length,) = struct.unpack_from(">I", data, at)
        if at + 4 + length > len(data):
            raise ValueError(CUT)
        found.append(data[at + 4 : at + 4 + length])
        at += 4 + length
    return found


def _all(data: bytes) -> Iterator[bytes]:
    while data:
        (first,) = _strings(data, 1)
        yield first
        data = data[4 + len(first) :]


def _packed(*parts: bytes) -> bytes:
    return b"".join(struct.pack(">I", len(part)) + part for part in parts)


def _line(blob: bytes) -> str:
    (kind,) = _strings(blob, 1)
    return f"{kind.decode()} {base64.b64encode(blob).decode()}"


def check(found: Mapping[str, HostCertificate], inventory: Inventory, today: date) -> Iterator[Finding]:
    """Certificates of another host, key or authority, those that end soon, and logins that nobody has."""
    site = inventory.site
    logins = {site.login, *(user.name for user in site.users)}
    where = site.where.at("ssh_ca")
    for login in site.ssh_ca.principals:
        if login not in logins:
            yield unknown("login", login, where.at("principals").at(login), logins)
    for host, certificate in found.items():
        here = Where(certificate.file, 1)
        if host not in inventory.devices:
            yield unknown("device", host, here, inventory.devices)
            continue
        if wrong := _wrong(host, certificate, inventory):
            yield Finding("bad-certificate", here, *wrong)
        yield from _ends(host, certificate, site.ssh_ca.warn_days, today)


def _wrong(host: str, certificate: HostCertificate, inventory: Inventory) -> tuple[str, str] | None:
    site, key = inventory.site, inventory.devices[host].host_key
    authorities = [" ".join(line.split()[:2]) for line in site.ssh_ca.hosts]
    if certificate.authority not in authorities:
        return f"the certificate of {host} is signed by another authority", "a key of site.ssh_ca.hosts"
    if key and " ".join(key.split()[:2]) != certificate.key:
        return f"the certificate of {host} is for another key than its `host_key`", "one of that key"
    named = {host, f"{host}.{site.domain}"}
    if not named & {*certificate.principals}:
        listed = ", ".join(certificate.principals) or "no name at all"
        return f"the certificate of {host} is for {listed}", f"{' and '.join(sorted(named))} among its names"
    return None


def _ends(host: str, certificate: HostCertificate, warn: int, today: date) -> Iterator[Finding]:
    days = warn + 1 if certificate.until is None else (certificate.until - today).days
    if days <= warn:
        ends = f"ends in {days} days" if days > 0 else f"ended {-days} days ago"
        said = f"the certificate of {host} {ends}, on {certificate.until}"
        hint = "sign its key again, then `pulumi up`"
        where = Where(certificate.file, 1)
        yield Finding("certificate-expires", where, said, hint=hint, severity=Severity.WARNING)
