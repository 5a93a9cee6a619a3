"""What a change costs: the rules of the NOS folders over every text of every site, and what follows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from igoudar.apply.change import RUNNING, mode
from igoudar.bogons import load_bogons
from igoudar.derive import derive
from igoudar.impact import Impact, impact, summary
from igoudar.impact_rules import Class, FileRules, Rule, Scope, lines, rule_of
from igoudar.render import render_all
from igoudar.vendors import Nos, load
from tests import factory, golden

FRR, INTERFACES, DAEMONS = "/etc/frr/frr.conf", "/etc/network/interfaces", "/etc/frr/daemons"
FOLDERS = load(golden.ROOT / "templates")
RULES = factory.RULES
LEAF, BORDER = (dict(golden.compiled("lab").switches[name]) for name in ("leaf-1", "border-1"))
PEERS = ("default swp1", "default swp2")
UPSTREAMS = ("world 2001:db8:113::1", "world 203.0.113.1")


def edited(texts: Mapping[str, str], path: str, old: str, new: str) -> dict[str, str]:
    assert old in texts[path], old
    return {**texts, path: texts[path].replace(old, new)}


def cost(texts: Mapping[str, str], old: str, new: str, path: str = FRR) -> Impact:
    return impact(texts, edited(texts, path, old, new), RULES)


def rendered() -> Iterator[tuple[Nos, str, str]]:
    """(NOS folder, path, text) of every site, its base texts too; and of a made one with rare lines."""
    for site in golden.sites():
        compiled = golden.compiled(site)
        for name, files in [*compiled.switches.items(), *compiled.base.items()]:
            nos = FOLDERS[compiled.design.inventory.devices[name].nos]
            yield from ((nos, path, text) for path, text in files.items())
    inventory = factory.site(leaves=2, vpcs=4)
    inventory = factory.with_device(inventory, "leaf-1", drained=True)
    inventory = factory.with_wave(inventory, "wave-2", drained=True)
    intents = derive(factory.plan(inventory), load_bogons(golden.ROOT)).intents
    for files in render_all(intents, FOLDERS).texts.values():
        yield from ((FOLDERS["frr"], path, text) for path, text in files.items())


def test_every_line_that_is_rendered_has_a_rule_and_every_rule_a_line() -> None:
    used: set[int] = set()
    unknown: set[str] = set()
    for nos, path, text in rendered():
        rules: FileRules = nos.impact.files[path]
        for section, line in lines(text, rules.ignore):
            found = rule_of(section, line, rules)
            used |= {id(found[0])} if found else set()
            unknown |= set() if found else {f"{path}: {section}: {line}"}
    every: list[Rule] = [r for nos in FOLDERS.values() for f in nos.impact.files.values() for r in f.rules]
    assert not unknown
    assert [f"{r.within.pattern} > {r.line.pattern}" for r in every if id(r) not in used] == []


def test_a_peer_group_is_all_its_members_and_a_neighbour_is_itself() -> None:
    assert cost(LEAF, " neighbor FABRIC peer-group\n", " neighbor LEAVES peer-group\n").sessions == PEERS
    assert (
        cost(LEAF, " neighbor swp1 remote-as 4201019001\n", " neighbor swp1 remote-as 7\n").sessions
        == PEERS[:1]
    )
    renamed = {**LEAF, FRR: LEAF[FRR].replace("FABRIC", "SPINES")}
    assert impact(LEAF, renamed, RULES).sessions == PEERS


def test_an_instance_is_all_its_sessions() -> None:
    found = cost(LEAF, " bgp router-id 218.37.4.1\n", " bgp router-id 218.37.4.9\n")
    assert (found.kind, found.sessions) == (Class.RESETS, ("fisc-prod swp12",))
    assert [str(line) for line in found.lines] == [
        f"{FRR}: router bgp 4201010001 vrf fisc-prod > bgp router-id 218.37.4.{n} (changed)" for n in (1, 9)
    ]


def test_a_port_is_the_session_of_its_name_and_those_with_an_address_in_its_networks() -> None:
    assert cost(
        LEAF, "    vrf fisc-prod\n    mtu 9216", "    vrf sante-prod\n    mtu 9216", INTERFACES
    ).sessions == ("fisc-prod swp12",)
    assert cost(BORDER, "iface swp3\n", "iface swp3\n    link-down yes\n", INTERFACES).sessions == UPSTREAMS


def test_a_new_secret_is_its_neighbours() -> None:
    assert cost(BORDER, "secret:bgp-north@1", "secret:bgp-north@2").sessions == UPSTREAMS


def test_one_policy_is_counted_once_and_told_apart_from_sessions() -> None:
    found = cost(BORDER, "permit 198.51.100.0/24\n", "permit 198.51.100.0/25\n")
    assert (found.kind, found.sessions, found.things) == (Class.RESETS, (), ((Scope.POLICY, "AGGREGATES"),))
    found = cost(BORDER, " set local-preference 0\n", " set local-preference 1\n")
    assert found.things == ((Scope.POLICY, "route-map TRANSIT-IN permit 100"),)


def test_a_tenant_that_comes_or_goes_is_hitless_for_the_others() -> None:
    """VRF, VNI, bridge ports, tunnels, gateways, an instance, prefix lists: not one line of anybody else."""
    compiled = golden.compiled("lab")
    inventory = compiled.design.inventory
    without = replace(inventory, vpcs={n: v for n, v in inventory.vpcs.items() if n != "fisc-prod"})
    less, more = (
        render_all(derive(factory.plan(site), load_bogons(golden.ROOT)).intents, FOLDERS).texts
        for site in (without, inventory)
    )
    touched = [name for name in more if more[name] != less[name]]
    assert len(touched) >= 4
    for name in touched:
        assert impact(less[name], more[name], RULES).kind is Class.HITLESS, name
        assert mode(less[name], more[name], RULES) == "reload"
        gone = impact(more[name], less[name], RULES)
        assert gone.kind is not Class.RESTART
        assert all(session.startswith("fisc-prod ") for session in gone.sessions), gone


def test_who_is_new_resets_nothing() -> None:
    more = LEAF[FRR].replace(
        " neighbor swp12 interface remote-as 4201019999\n",
        " neighbor swp12 interface remote-as 4201019999\n neighbor swp14 interface remote-as 7\n"
        " neighbor swp14 password secret:x@1\n neighbor swp14 bfd\n",
    )
    assert impact(LEAF, {**LEAF, FRR: more}, RULES).kind is Class.HITLESS
    assert impact({**LEAF, FRR: more}, LEAF, RULES).sessions == ("fisc-prod swp14",)


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        (FRR, "router bgp 4201010001\n", "router bgp 4201010002\n"),
        (FRR, "router bgp 4201010001 vrf fisc-prod\n", "router bgp 7 vrf fisc-prod\n"),
        (FRR, "frr defaults datacenter\n", "frr defaults traditional\n"),
        (FRR, "bfd\n profile", "nht resolve-via-default\nbfd\n profile"),
        (DAEMONS, "bfdd=yes\n", "bfdd=no\n"),
        (DAEMONS, "bfdd=yes\n", "bfdd=yes\npimd=yes\n"),
        (INTERFACES, "auto swp1\n", "auto swp1\nallow-hotplug swp1\n"),
    ],
)
def test_what_a_reload_cannot_do_and_what_nobody_knows_is_a_restart(path: str, old: str, new: str) -> None:
    found = cost(LEAF, old, new, path)
    assert found.kind is Class.RESTART
    assert (found.seconds, found.drained) == (RULES.restart.seconds, False)
    drained = impact(LEAF, edited(LEAF, path, old, new), RULES, relieved=True)
    assert (drained.seconds, drained.drained) == (RULES.restart.drained, True)
    assert len(found.sessions) == 4
    assert found.lines


def test_an_unknown_line_in_a_section_that_is_new_is_one_too() -> None:
    more = LEAF[FRR].replace("bfd\n profile", "router bgp 7 vrf new\n mystery\nexit\n!\nbfd\n profile")
    assert impact(LEAF, {**LEAF, FRR: more}, RULES).kind is Class.RESTART


def test_a_file_that_nobody_knows_is_one_too() -> None:
    assert impact(LEAF, {**LEAF, "/etc/frr/vtysh.conf": "x\n"}, RULES).kind is Class.RESTART


def test_no_instance_before_or_afterwards_and_dead_daemons() -> None:
    base = golden.compiled("lab").base["leaf-1"]
    for before, after in ((base, LEAF), (LEAF, base), ({}, LEAF)):
        assert impact(before, after, RULES).kind is Class.RESTART
        assert mode(before, after, RULES) == "restart"
    other = edited(LEAF, FRR, "description srv-2/eth1", "description srv-2/eth9")
    assert mode(LEAF, other, RULES) == "reload"
    assert mode({**LEAF, RUNNING: "not running: bgpd"}, other, RULES) == "restart"
    assert mode({**LEAF, RUNNING: "+ip route 198.51.100.0/24 blackhole"}, other, RULES) == "reload"


def test_comments_and_order_cost_nothing() -> None:
    assert impact(LEAF, edited(LEAF, INTERFACES, "auto lo\n", "# by igoudar\nauto lo\n"), RULES) == Impact(
        Class.HITLESS
    )
    stanzas = LEAF[INTERFACES].split("\n\n")
    assert impact(LEAF, {**LEAF, INTERFACES: "\n\n".join(reversed(stanzas))}, RULES).kind is Class.HITLESS


def test_the_summary_puts_alike_together_the_cheapest_first() -> None:
    restart = cost(LEAF, "frr defaults datacenter\n", "frr defaults traditional\n")
    two = replace(cost(BORDER, "secret:bgp-north@1", "secret:bgp-north@2"), seconds=2.5)
    free = Impact(Class.HITLESS)
    one = Impact(Class.RESETS, ("a b",), ((Scope.POLICY, "x"), (Scope.POLICY, "y")), 3.0)
    assert summary({"s": restart, "b": two, "l2": free, "l1": free, "c": one}) == (
        "impact: l1, l2 hitless; b resets 2 sessions (2.5 s); c resets 1 session and 2 policies (3 s); "
        f"s restart, 4 sessions ({RULES.restart.seconds:g} s)"
    )
    assert summary({f"l{n:02}": free for n in range(9)}) == "impact: l00, l01, l02, l03 and 5 more hitless"
    assert summary({"n": impact({}, LEAF, RULES, relieved=True)}) == "impact: n restart, no sessions"
    drained = impact(LEAF, edited(LEAF, DAEMONS, "bfdd=yes", "bfdd=no"), RULES, relieved=True)
    told = f"{RULES.restart.drained:g} s; without another way {RULES.restart.seconds:g} s"
    assert summary({"s": drained}) == f"impact: s restart, 4 sessions, drained first ({told})"


# -- properties, over all lines of a leaf and a border


SWITCHES = st.sampled_from([LEAF, BORDER])
PLACES = st.integers(min_value=0, max_value=10**6)


def without(texts: Mapping[str, str], path: str, places: list[int]) -> dict[str, str]:
    told = texts[path].splitlines(keepends=True)
    gone = {place % len(told) for place in places}
    return {**texts, path: "".join(line for n, line in enumerate(told) if n not in gone)}


@given(SWITCHES, st.sampled_from([FRR, INTERFACES, DAEMONS]), st.lists(PLACES, max_size=6))
@settings(deadline=None)
def test_what_holds_of_any_change(texts: Mapping[str, str], path: str, places: list[int]) -> None:
    less = without(texts, path, places)
    for before, after in ((texts, less), (less, texts)):
        found = impact(before, after, RULES)
        assert found == impact(before, after, RULES)
        assert set(found.sessions) <= set(impact(before, {}, RULES).sessions), "only sessions that there are"
        assert (found.kind is Class.RESETS) == bool(
            found.kind is not Class.RESTART and (found.sessions or found.things)
        )
        assert found.seconds == 0.0 or found.kind is not Class.HITLESS
        assert mode(before, after, RULES) == ("restart" if found.kind is Class.RESTART else "reload")
        if path == DAEMONS and before != after:
            assert found.kind is Class.RESTART
    assert impact(texts, texts, RULES) == Impact(Class.HITLESS)


@given(SWITCHES, st.lists(PLACES, max_size=3), st.lists(PLACES, max_size=3))
@settings(deadline=None)
def test_two_changes_at_once_are_no_cheaper_than_one(
    texts: Mapping[str, str], first: list[int], second: list[int]
) -> None:
    """Of two files: within one, the other half of a change may make a removal a section's."""
    one = impact(texts, without(texts, FRR, first), RULES)
    other = impact(texts, without(texts, INTERFACES, second), RULES)
    both = impact(texts, without(without(texts, FRR, first), INTERFACES, second), RULES)
    cheapest_first = list(Class)
    assert cheapest_first.index(both.kind) >= max(cheapest_first.index(i.kind) for i in (one, other))
    assert set(both.sessions) >= {*one.sessions, *other.sessions}
    assert both.seconds >= max(one.seconds, other.seconds)
