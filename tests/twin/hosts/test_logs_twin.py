"""Logs of the lab on real kernels: its log server and a server, with the texts and certificates of theirs."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from igoudar import twin
from igoudar.compiler import compile_site
from igoudar.day import today
from igoudar.errors import DeviceFailed
from igoudar.role_document import Document, as_document
from igoudar.transport import Access, Relay
from igoudar.transport.access import twin_keys
from igoudar.twin.passwords import passwords_of
from igoudar.twin.site import twin_spec
from igoudar.verify.facts import commands_for, facts_of
from igoudar.worker.host_secrets import Values, values_of
from igoudar.worker.results import HostResult
from igoudar.worker.site_roles import Told, apply_roles

pytestmark = [pytest.mark.image, pytest.mark.timeout(900)]
ROOT = Path(__file__).parents[3]
SERVER, SENDER = "mgmt-2", "srv-4"
SECONDS = 90.0


@dataclass(frozen=True)
class Hosts:
    folder: Path
    ways: dict[str, tuple[Access, dict[str, Document]]]
    values: dict[str, Values]

    def apply(self) -> dict[str, HostResult]:
        told = Told(ROOT / "roles", values=self.values, by="a test")
        return apply_roles(self.ways, told, plan=False, emit=lambda _: None, whole=False)

    def on(self, host: str, command: str) -> str:
        return twin.run(self.folder, host, command).out.decode().strip()

    def answers(self, host: str) -> bool:
        try:
            return self.on(host, "echo yes") == "yes"
        except DeviceFailed:
            return False

    def heard(self, word: str) -> set[str]:
        """Whose word the verification finds."""
        keys = [("logs", host) for host in self.ways]
        ((name, words),) = commands_for(keys, word).items()
        on_stdin = f"echo {shlex.quote(shlex.join(words))} | sudo sh"  # sudo logs its arguments, the word too
        done = twin.run(self.folder, SERVER, on_stdin)
        told = facts_of({name: {"rc": done.status, "out": done.out.decode()}}, keys)
        return {host for _, host in keys if told[("logs", host)] == {"heard"}}


@pytest.fixture(scope="module")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hosts]:
    root = tmp_path_factory.mktemp("logs")
    compiled = compile_site(ROOT / "inventory" / "lab", root=ROOT, today=today())
    inventory = compiled.design.inventory
    spec = twin_spec(inventory, passwords_of(inventory, root))
    two = tuple(replace(spec.host(name), ports=()) for name in (SERVER, SENDER))
    roles = {name: {"logs": as_document(compiled.hosts[name]["logs"])} for name in (SERVER, SENDER)}
    values, missing = values_of(roles, dict.fromkeys(roles, "file:.igoudar/secrets/lab.yaml"), root)
    assert missing == {}
    folder = root / "twin"
    twin.up(replace(spec, hosts=two, wires=()), folder, twin.find_image(ROOT), lambda _: None)
    try:
        keys, ways = twin_keys(folder), {}
        for host in two:
            address = host.oob.partition("/")[0]
            way = Access(host.name, address, spec.login, keys.login, keys.hosts[address], via=Relay(folder))
            ways[host.name] = (way, roles[host.name])
        yield Hosts(folder, ways, values)
    finally:
        twin.down(folder, wipe=True)


@pytest.fixture(scope="module")
def applied(hosts: Hosts) -> dict[str, HostResult]:
    return hosts.apply()


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not true():
        assert time.monotonic() < deadline
        time.sleep(1)


def test_the_role_is_applied_and_its_secrets_are_told_to_nobody(
    hosts: Hosts, applied: dict[str, HostResult]
) -> None:
    assert {h: (r.status, r.message) for h, r in applied.items()} == dict.fromkeys(hosts.ways, ("ok", ""))
    assert [c for r in applied.values() for c in r.changes if c.kind == "package"] == [], "in the image"
    again = hosts.apply()
    assert {h: (r.status, [*r.changes]) for h, r in again.items()} == dict.fromkeys(hosts.ways, ("ok", []))
    said = repr((applied, again)) + "".join(hosts.on(host, "sudo journalctl -o cat") for host in hosts.ways)
    lines = {line for v in hosts.values.values() for text in v.of.values() for line in text.split("\n")}
    assert not [line for line in lines if len(line) > 30 and line in said]
    assert hosts.on(SENDER, "sudo stat -c %a /etc/igoudar/logs/identity.pem") == "600"


def test_what_a_host_says_is_in_its_own_file(hosts: Hosts, applied: object) -> None:
    for host in hosts.ways:
        hosts.on(host, f"logger word-of-{host}")
    for host in hosts.ways:
        until(lambda host=host: hosts.heard(f"word-of-{host}") == {host})  # type: ignore[misc]
    day = hosts.on(SERVER, "date +%F")
    assert hosts.on(SERVER, "sudo ls /var/log/igoudar").split() == sorted(hosts.ways)
    assert hosts.on(SERVER, f"sudo ls /var/log/igoudar/{SENDER}") == f"{day}.log"


def test_a_server_that_was_switched_off_gets_what_was_said_meanwhile(hosts: Hosts, applied: object) -> None:
    twin.power(hosts.folder, SERVER, "off")
    hosts.on(SENDER, "logger said-meanwhile")
    twin.power(hosts.folder, SERVER, "on")
    until(lambda: hosts.answers(SERVER))
    until(lambda: hosts.heard("said-meanwhile") == {SENDER})


def test_the_certificate_is_watched(hosts: Hosts, applied: object) -> None:
    unit = "igoudar-logs-certificate"
    assert hosts.on(SENDER, f"systemctl is-active {unit}.timer") == "active"
    assert hosts.on(SENDER, f"sudo systemctl start {unit}.service && echo good") == "good"
