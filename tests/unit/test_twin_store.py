"""Secrets that a twin brings: what a store has after it, and what it never touches."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from igoudar.inventory import load
from igoudar.model import Inventory
from igoudar.twin.passwords import passwords_of

ROOT = Path(__file__).parents[2]
STORE = ".igoudar/secrets/lab.yaml"


@pytest.fixture(scope="module")
def lab() -> Inventory:
    return load(ROOT / "inventory" / "lab", ROOT)


def values(folder: Path, lab: Inventory) -> dict[str, str]:
    passwords_of(lab, folder)
    found: dict[str, str] = yaml.safe_load((folder / STORE).read_text("utf-8"))
    return found


def without(lab: Inventory, *names: str) -> Inventory:
    return replace(lab, secrets={name: s for name, s in lab.secrets.items() if name not in names})


def signed(folder: Path, known: dict[str, str], host: str) -> str:
    """What openssl finds in the certificate of a host, signed by the authority of the store."""
    for name, mark in (("ca", "authority-logs@1"), ("host", f"logs-{host}@1")):
        (folder / name).write_text(known[mark])
    verify = ["openssl", "verify", "-CAfile", folder / "ca", folder / "host"]
    subprocess.run(verify, check=True, capture_output=True)
    named = ["openssl", "x509", "-in", folder / "host", "-noout", "-ext", "subjectAltName"]
    return subprocess.run(named, check=True, capture_output=True, text=True).stdout


def test_every_secret_of_the_lab_has_a_value_that_only_its_owner_may_read(
    lab: Inventory, tmp_path: Path
) -> None:
    known = values(tmp_path, lab)

    assert {secret.mark.removeprefix("secret:") for secret in lab.secrets.values()} < set(known)
    assert (tmp_path / STORE).stat().st_mode & 0o777 == 0o600
    assert len(set(known.values())) == len(known)
    assert "DNS:leaf-1.lab.igoudar.example" in signed(tmp_path, known, "leaf-1")
    assert values(tmp_path, lab) == known, "made once"


def test_a_host_that_comes_later_is_signed_by_the_same_authority(lab: Inventory, tmp_path: Path) -> None:
    before = values(tmp_path, without(lab, "logs-srv-8"))
    after = values(tmp_path, lab)

    assert after == {**before, "logs-srv-8@1": after["logs-srv-8@1"]}
    assert signed(tmp_path, after, "srv-8")


def test_what_somebody_else_signs_is_not_made_up(lab: Inventory, tmp_path: Path) -> None:
    path = tmp_path / STORE
    path.parent.mkdir(parents=True)
    path.write_text("authority-logs@1: of another\n", "utf-8")

    assert set(values(tmp_path, lab)) == {"authority-logs@1", "bgp-north@1", "bgp-south@1"}


def test_a_site_without_log_servers_has_passwords_alone(lab: Inventory, tmp_path: Path) -> None:
    names = [name for name in lab.secrets if "logs" in name]

    assert set(values(tmp_path, without(lab, *names))) == {"bgp-north@1", "bgp-south@1"}
