"""Roles as ordinary pyinfra operations against `@fake`: what a host says of itself in, commands out."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyinfra.api.config import Config
from pyinfra.api.connect import connect_all
from pyinfra.api.exceptions import PyinfraError
from pyinfra.api.inventory import Inventory
from pyinfra.api.operations import run_ops
from pyinfra.api.state import State
from pyinfra.context import ctx_host, ctx_state

from igoudar.errors import BadInput
from igoudar.roles import Declaration, RoleCommand, RoleFile, RoleUnit
from igoudar.worker.calls import Bundle, going
from igoudar.worker.operations import Operations
from igoudar.worker.site_roles import act, deploy_function

ROOT = Path(__file__).parents[2]
TOLD = Declaration(
    packages=("chrony",),
    files=(
        RoleFile(
            "/etc/chrony/chrony.conf",
            text="server 192.0.2.2\n",
            validate="chronyd -p -f {}",
            notify=("restart:chrony.service",),
        ),
    ),
    before_units=(RoleCommand("zone", "set-zone", unless="zone-is-right"),),
    units=(RoleUnit("chrony.service"),),
)

ACTS = """from igoudar.worker.calls import configure

def one(told):
    configure(told)
"""


def commands(told: Declaration, says: dict[str, object]) -> tuple[list[str], bool]:
    """What the role made the host run beside questions, and whether all went well."""
    data = {"fake_delay": 0, "fake_delay_jitter": 0, "fake_responses": says}
    state = State(Inventory(([("@fake/host", data)], {})), Config(), check_for_changes=False)
    connect_all(state)
    (host,) = state.inventory
    with ctx_state.use(state), ctx_host.use(host), going(Operations()):
        deploy_function(ROOT / "roles", "chrony")(told)
    try:
        run_ops(state)
        good = True
    except PyinfraError:
        good = False
    asked = ("command -v", "stat ", "sha256sum", "if {")
    return [c for c in host.connector.executed_commands if not any(word in c for word in asked)], good


def test_a_fresh_host_gets_everything_in_order() -> None:
    running = {"--property SubState": ["Id=chrony.service", "SubState=running"]}
    ran, good = commands(TOLD, {"if { zone": "no", **running})

    assert good
    said = " ; ".join(ran)
    order = [
        "install --no-install-recommends chrony",
        "chmod 0644",
        "chronyd -p -f",
        "mv -f",
        "set-zone",
        "enable chrony.service",
        "restart chrony.service",
    ]
    assert [word for word in order if word in said] == order
    assert [said.index(word) for word in order] == sorted(said.index(word) for word in order)


def test_a_refused_text_never_replaces_the_old_one() -> None:
    ran, good = commands(TOLD, {"chronyd -p": {"success": False, "stderr": "no such directive"}})

    assert not good
    assert not [c for c in ran if "mv -f" in c or "restart" in c]


@pytest.mark.parametrize("verb", ["restart", "reload"])
def test_a_unit_is_left_alone_where_nobody_asked(verb: str) -> None:
    told = Declaration(units=(RoleUnit("chrony.service"),))
    ran, good = commands(told, {})

    assert good
    assert not [c for c in ran if f"{verb} chrony" in c]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("worker.calls", "worker.callz", "1: the role one cannot act: ModuleNotFoundError: No module named"),
        ("configure(told)", "configure()", "4: the role one cannot act: TypeError: configure() missing 1"),
    ],
)
def test_a_half_that_cannot_act_is_said_at_its_line(tmp_path: Path, old: str, new: str, said: str) -> None:
    (tmp_path / "roles" / "one").mkdir(parents=True)
    (tmp_path / "roles" / "one" / "__init__.py").write_text(ACTS.replace(old, new))
    with pytest.raises(BadInput) as caught, going(Bundle()):
        act(tmp_path / "roles", "one", TOLD)

    assert str(caught.value).startswith(f"roles/one/__init__.py:{said}")
