"""`igoudar check` compares with the commit that is changed, or says that it could not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.errors import run
from tests.repository import git, repository


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return repository(tmp_path)


def test_a_tenant_in_use_may_not_vanish(root: Path) -> None:
    (root / "inventory/lab/tenants/portail.yaml").unlink()
    lines = run("check lab", root).splitlines()

    assert lines[-2:] == ["lab: 1 error, 7 warnings", "exit 3"]
    assert (
        "main:inventory/lab/tenants/portail.yaml:4: vpcs.pub: the VPC portail/pub vanishes and still has "
        "srv-8; expected a VPC without servers: take them out of its subnets first"
    ) in lines


def test_what_is_committed_is_the_new_base(root: Path) -> None:
    (root / "inventory/lab/tenants/portail.yaml").unlink()
    git(root, "commit", "-q", "-am", "it went")

    assert run("check lab", root).endswith("lab: 0 errors, 7 warnings\nexit 0\n")
    assert "portail/pub vanishes" in run("check lab --base HEAD~1", root)


def test_without_a_base_it_says_that_it_could_not_look(root: Path) -> None:
    git(root, "branch", "-m", "trunk")
    said = run("check lab", root)

    assert "info: not compared with main, so what may not vanish was not looked at" in said
    assert said.endswith("exit 0\n")
    assert run("check lab --base nowhere", root).endswith("exit 2\n")
