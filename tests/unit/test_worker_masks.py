"""No secret of a live file leaves a worker: not in a result, not in a message, so not in state or report."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pyinfra.connectors.util import CommandOutput, OutputLine

from igoudar.group_inputs import host_documents, server_group_inputs
from igoudar.provider.group_state import live
from igoudar.role_document import as_document
from igoudar.roles import Declaration, RoleFile
from igoudar.transport import Access
from igoudar.worker import site_roles
from igoudar.worker.connector import SiteConnector
from igoudar.worker.results import HostResult

ROOT = Path(__file__).parents[2]
ACCESS = Access("srv", "192.0.2.1", "igoudar", Path("/nowhere"), "")
FRR, KEYS = "/etc/frr/frr.conf", "/etc/chrony/chrony.keys"
LIVE = {
    FRR: "router bgp 1\n neighbor eth1 remote-as external\n neighbor eth1 password HUNTER2\n",
    KEYS: "# keys\n1 SHA1 HUNTER2\n",
}
TOLD = {
    "chrony": Declaration(
        files=(RoleFile(FRR, text="router bgp 1\n"), RoleFile(KEYS, text="# keys\n")),
        secret_lines=(r"^[0-9]+ \S+ (?P<secret>.+)$",),
    )
}
INPUTS = server_group_inputs("inventory/lab", "row", {"srv": TOLD}, {"srv": "S"})


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def answer(monkeypatch: pytest.MonkeyPatch, *lines: str) -> HostResult:
    """What a group hears of a host that answers so; the host's plan is the only stand-in."""

    class Answers(SiteConnector):
        def connect(self) -> None: ...

        def disconnect(self) -> None: ...

        def run_shell_command(self, *_: Any, **__: Any) -> tuple[bool, CommandOutput]:
            return True, CommandOutput([OutputLine("stdout", f"{len(line)} {line}") for line in lines])

    monkeypatch.setattr(site_roles, "SiteConnector", Answers)
    told: list[Any] = []
    hosts = {"srv": (ACCESS, host_documents(INPUTS)["srv"])}
    results = site_roles.apply_roles(hosts, site_roles.Told(ROOT / "roles"), plan=True, emit=told.append)
    assert "HUNTER2" not in json.dumps([told, results["srv"].as_json()])
    return results["srv"]


DECORATED = """
from functools import wraps
from pyinfra.api.deploy import deploy
from igoudar.worker.calls import install
def twice(function):
    @wraps(function)
    def both(told):
        function(told)
        function(told)
    return both
{0}@deploy("One")
{1}def one(told):
    install(told)
"""


@pytest.mark.parametrize("decorators", [("", ""), ("@twice\n", ""), ("", "@twice\n")])
def test_a_role_s_own_decorators_act_as_in_pyinfra(tmp_path: Path, decorators: tuple[str, str]) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "__init__.py").write_text(DECORATED.format(*decorators))
    hosts = {"srv": (ACCESS, {"one": as_document(Declaration(packages=("a",)))})}
    state = site_roles._connected(hosts, site_roles._Run(lambda _: None))
    [told] = site_roles._steps(
        state, state.inventory.get_host("srv"), hosts["srv"][1], site_roles.Told(tmp_path)
    )
    assert len(told.steps) == (2 if any(decorators) else 1)


def changes() -> Iterator[str]:
    yield "role\tchrony"
    for path, text in LIVE.items():
        yield f"change\tfile\t{path}\ttext\t{encoded(text)}"


def test_a_refresh_records_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    result = answer(monkeypatch, *changes(), "done\tchrony\t-", "end")
    found, _ = live(INPUTS, {}, {"srv": result})

    assert found["texts"][FRR] == {"srv": LIVE[FRR].replace("HUNTER2", "secret:?")}
    assert found["texts"][KEYS] == {"srv": "# keys\n1 SHA1 secret:?\n"}


def test_a_message_that_quotes_a_live_line_tells_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    said = 'INFO: Executing "no neighbor eth1 password HUNTER2"\nERROR: 1 SHA1 HUNTER2\nno such thing'
    failed = f"failed\tunit\tfrr.service\t{encoded(said)}"
    result = answer(monkeypatch, *changes(), failed, "end")

    assert "neighbor eth1 password secret:?\nERROR: 1 SHA1 secret:?\nno such thing" in result.message
    assert result.message == f"role chrony: {result.roles[0].failed}"
