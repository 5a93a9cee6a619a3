"""Certificates by which log servers and hosts know each other, for a twin: what its store does not have.

On hardware somebody signs them whose key no machine of ours sees. A twin is its own authority: that key lies
beside the certificates, so that a host which comes later gets one too.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

from igoudar.log_secrets import AUTHORITY, identity_of
from igoudar.model import Inventory
from igoudar.secrets import PREFIX

SIGNER = "signer-of-logs"  # in the store; no site names it
DAYS = 3650  # longer than any twin lives
BEFORE = timedelta(days=1)  # clocks of kernels that just booted


def lacking(inventory: Inventory, known: Mapping[str, str]) -> dict[str, str]:
    """`name@version` -> PEM. Nothing where the authority is known and its key is not: somebody else signs."""
    named = {name: secret.mark.removeprefix(PREFIX) for name, secret in inventory.secrets.items()}
    if AUTHORITY not in named:
        return {}
    own, found = named[AUTHORITY], dict[str, str]()
    signer = f"{SIGNER}@{inventory.secrets[AUTHORITY].version}"
    if own not in known:
        key = ec.generate_private_key(ec.SECP256R1())
        found = {own: _text(_signed(_name(f"logs of {inventory.site.name}"), key, key)), signer: _key(key)}
    if signer not in {**known, **found}:
        return {}
    by = load_pem_private_key({**known, **found}[signer].encode(), None)
    assert isinstance(by, ec.EllipticCurvePrivateKey)
    issuer = x509.load_pem_x509_certificate({**known, **found}[own].encode())
    for host in inventory.devices:
        mark = named.get(identity_of(host), "")
        if mark and mark not in known:
            key = ec.generate_private_key(ec.SECP256R1())
            signed = _signed(_name(host), key, by, issuer, f"{host}.{inventory.site.domain}")
            found[mark] = _text(signed) + _key(key)
    return found


def _signed(
    subject: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    by: ec.EllipticCurvePrivateKey,
    issuer: x509.Certificate | None = None,
    host: str = "",
) -> x509.Certificate:
    """Without an issuer it is an authority, and its own; else of `host`, its full name."""
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BEFORE)
        .not_valid_after(now + timedelta(days=DAYS))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
    )
    if issuer is not None:
        made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
    return made.sign(by, SHA256())


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _text(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(Encoding.PEM).decode()


def _key(key: ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
