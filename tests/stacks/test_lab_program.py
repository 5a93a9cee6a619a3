"""Our program and our provider under the real engine, in a clean checkout: no device, no twin, no secret."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.factory import RULES
from tests.stacks.checkout import Checkout, make, sourced

pytestmark = [pytest.mark.engine, pytest.mark.timeout(600)]

CHANGED = 7  # exit status of --expect-no-changes where something would change
RECORDS = "hall,uplinks,tenants"  # layers whose resources touch no device


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return make(tmp_path)


def lines(text: str) -> list[str]:
    """Without indentation, that after the sign of a diff included."""
    return [" ".join(line.split()) for line in text.splitlines()]


def test_a_changed_number_is_one_line_of_one_switch_and_its_record(checkout: Checkout) -> None:
    made = checkout.record_what_is_previewed()
    text = made["igoudar:network:Switches::lab"]["border-1"]["/etc/frr/frr.conf"]
    assert "neighbor 203.0.113.1 password secret:bgp-north@1\n" in text
    checkout.run("preview", "--expect-no-changes")

    checkout.edit(
        "inventory/lab/uplinks.yaml",
        "max_prefixes4: 1000\n    max_prefixes6: 1000\n    password: bgp-north",
        "max_prefixes4: 1200\n    max_prefixes6: 1000\n    password: bgp-north",
    )
    shown = lines(checkout.run("preview", "--diff"))

    assert any(re.fullmatch(r"- neighbor 203.0.113.1 maximum-prefix 1000 80 .*", line) for line in shown)
    assert any(re.fullmatch(r"\+ neighbor 203.0.113.1 maximum-prefix 1200 80 .*", line) for line in shown)
    assert sum(line.startswith(("+ neighbor", "- neighbor")) for line in shown) == 2
    assert not any("border-2" in line or line.startswith(("~ leaf", "~ spine")) for line in shown)
    assert any("~ igoudar:network:Switches: (update)" in line for line in shown)
    assert any("~ igoudar:uplink:Session: (update)" in line for line in shown)
    assert not any("replace" in line for line in shown)
    checkout.run("preview", "--expect-no-changes", status=CHANGED)


def test_what_a_change_costs_stands_beside_the_resource_once(checkout: Checkout) -> None:
    checkout.record_what_is_previewed()
    assert "impact:" not in checkout.run("preview"), "nothing changes"
    devices = checkout.folder / "inventory/lab/devices.yaml"
    told = devices.read_text("utf-8").replace("  leaf-1: {", "  leaf-1: {drained: true, ")
    devices.write_text(told, "utf-8")
    checkout.edit("inventory/lab/secrets.yaml", "bgp-north: {version: 1}", "bgp-north: {version: 2}")

    seconds = max(
        rule.seconds for rule in RULES.files["/etc/frr/frr.conf"].rules if "password" in rule.line.pattern
    )
    wanted = [f"impact: leaf-1 hitless; border-1 resets 2 sessions ({seconds:g} s)"]
    _, _, diagnostics = checkout.run("preview").partition("Diagnostics:")  # rows of progress go before it
    for shown in (diagnostics, checkout.run("preview", "--diff")):
        assert [line[line.index("impact: ") :] for line in lines(shown) if "impact: " in line] == wanted, (
            shown
        )


def test_two_more_servers_in_a_rack_are_one_diff_for_rack_cables_and_switch(checkout: Checkout) -> None:
    checkout.record_what_is_previewed()
    kind = "type: generic-server-2, role: server, rack: a03"
    own = "number: {n}, u: {u}, serial: LAB900{n:02}, oob: 192.0.2.{at}/24"
    told = {n: own.format(n=n, u=n + 1, at=100 + n) for n in (9, 10)}
    new = "".join(f"  srv-{n}: {{{kind}, {more}}}\n" for n, more in told.items())
    checkout.edit("inventory/lab/devices.yaml", "  # somebody else's", f"{new}  # somebody else's")
    cables = "".join(f"  - {{a: srv-{n}/eth1, b: leaf-3/swp{n + 4}}}\n" for n in (9, 10))
    checkout.edit("inventory/lab/cables.yaml", "  # submarine", f"{cables}  # submarine")

    shown = lines(checkout.run("preview", "--diff"))

    rack = shown[shown.index("~ a03: {") :]
    for line in (
        '~ air: "3.23 kW" => "4.21 kW"',
        '~ A : "1.615 kW, alone 3.23 kW of 16.849 kW" => "2.105 kW, alone 4.21 kW of 16.849 kW"',
        '~ power: "3.23 kW of 12.5 kW" => "4.21 kW of 12.5 kW"',
        '+ u10: "srv-9 | generic-server-2 | LAB90009 | active"',
        '+ u11: "srv-10 | generic-server-2 | LAB90010 | active"',
    ):
        assert line in rack, line
    pulled = [line for line in shown if re.match(r"\+ \S+ -- srv-(9|10)/", line)]
    assert len(pulled) == 6, "a port and two cords each"
    assert any(line.startswith("+ rpdu-a03-b/outlet11 -- srv-10/PSU2") for line in pulled)
    (port,) = [line for line in pulled if line.startswith("+ leaf-3/swp13 -- srv-9/eth1 ")]
    assert re.search(r': "\d{6} \| \S+/\S+ \| dac 25G sfp28 \| 5 m \| connected"', port)
    assert any(line.startswith("~ B alone: ") and " => " in line for line in rack), "by phase, too"
    assert {"+ iface swp13", "+ iface swp14"} <= {*shown}, "the ports of the switch"
    assert not any(line.startswith(("~ a01", "~ a02", "~ a04", "~ a05")) for line in shown)


def test_records_live_through_up_refresh_destroy_and_up(checkout: Checkout) -> None:
    checkout.run("config", "set", "igoudar:layers", RECORDS)
    checkout.run("up", "--yes", "--skip-preview")
    checkout.run("preview", "--expect-no-changes")
    checkout.run("refresh", "--yes", "--skip-preview", "--expect-no-changes")

    checkout.edit("inventory/lab/uplinks.yaml", "classes: [commercial]", "classes: [sovereign, commercial]")
    shown = lines(checkout.run("up", "--yes", "--diff"))
    assert any("~ igoudar:uplink:Circuit: (update)" in line for line in shown)
    checkout.run("destroy", "--yes", "--skip-preview")
    checkout.run("up", "--yes", "--skip-preview")
    checkout.run("preview", "--expect-no-changes")


def test_numbers_that_are_not_in_the_ledger_are_shown_but_never_used(checkout: Checkout) -> None:
    (checkout.folder / "inventory/lab/tenants/eaux.yaml").write_text(
        "tenant: eaux\nvpcs:\n  prod:\n    subnets:\n      web: {ipv4: 172.16.9.0/24, servers: [srv-7]}\n",
        "utf-8",
    )
    checkout.run("config", "set", "igoudar:layers", RECORDS)

    assert "the preview shows provisional ones: `igoudar plan lab`" in checkout.run("preview")
    refused = checkout.run("up", "--yes", "--skip-preview", status=1)

    assert "run `igoudar plan lab` and commit the ledger" in refused
    assert "Traceback" not in refused


def test_bad_input_is_its_place_and_no_trace(checkout: Checkout) -> None:
    checkout.edit("inventory/lab/uplinks.yaml", "system: amber", "system: umber")

    refused = checkout.run("preview", status=1)

    assert re.search(r"inventory/lab/uplinks.yaml:\d+: waves.north-1", refused)
    assert "Traceback" not in refused


def test_the_environment_is_sourced_twice_and_by_zsh(checkout: Checkout) -> None:
    wanted = {k: v for k, v in checkout.environment.items() if k.startswith("PULUMI_")}
    assert wanted["PULUMI_BACKEND_URL"] == f"file://{checkout.folder}/.igoudar/state"
    assert wanted["PULUMI_HOME"] == f"{checkout.folder}/.igoudar/pulumi"
    assert checkout.run("stack", "--show-name").strip() == "lab"
    for shell in filter(shutil.which, ("bash", "zsh")):
        again = sourced(checkout.folder, shell)
        assert {k: v for k, v in again.items() if k.startswith("PULUMI_")} == wanted


def test_git_knows_nothing_of_what_a_preview_leaves(checkout: Checkout) -> None:
    def git(*words: str) -> str:
        who = ["-c", "user.name=t", "-c", "user.email=t@example.invalid"]
        command = ["git", *who, *words]
        return subprocess.run(command, cwd=checkout.folder, capture_output=True, text=True, check=True).stdout

    git("init", "-q")
    git("add", "Pulumi.yaml", "Pulumi.lab.yaml", "inventory", ".gitignore")
    git("commit", "-qm", "as it was")
    checkout.run("preview")

    assert git("status", "--porcelain", "--", "Pulumi.lab.yaml", "Pulumi.yaml", "inventory", ".igoudar") == ""
