"""Templates: what they see, and how their mistakes are said."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from igoudar import vendors
from igoudar.bogons import load_bogons
from igoudar.derive import derive
from igoudar.errors import BadInput
from igoudar.explain import _switch_file, explain
from igoudar.render import Renderer, render, render_all
from igoudar.vendors import Feature
from tests import factory, golden

ROOT = Path(__file__).parents[2]
NOS = vendors.load(ROOT / "templates")
INVENTORY = factory.site(leaves=4, vpcs=4, spread=2)
INTENTS = derive(factory.plan(INVENTORY), load_bogons(ROOT)).intents


def copied(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "templates", tmp_path / "templates")
    return tmp_path / "templates"


def test_shared_fragments_change_no_text() -> None:
    """One renderer for all switches says the same as a new one for each."""
    together = render_all(INTENTS, NOS)
    assert together.findings == ()
    assert together.texts == {name: render(intent, NOS["frr"]) for name, intent in INTENTS.items()}


def test_a_fragment_is_made_once_for_all_switches(monkeypatch: pytest.MonkeyPatch) -> None:
    renderer = Renderer(NOS["frr"])
    for intent in INTENTS.values():
        renderer.device(intent)
    vrfs = {instance.vrf.name for i in INTENTS.values() for instance in i.vrfs}
    made = [key for key in renderer._fragments if key[0] == "interfaces/vrf.j2"]
    assert len(made) == len(vrfs)


@pytest.mark.parametrize(
    ("template", "written", "wrong", "said"),
    [
        ("bgp/fabric.j2", "{{ fabric.bfd }}", "{{ fabric.bdf }}", "Fabric object' has no attribute 'bdf'"),
        ("interfaces/vrf.j2", "{{ this.table }}", "{{ this.tabel }}", "has no attribute 'tabel'"),
        ("bfd.j2", "{% if device.bfd_profiles %}", "{% if device.bfd_profiles", "end of statement block"),
        ("frr.conf.j2", '{% include "bfd.j2" %}', '{% include "bdf.j2" %}', "there is no template 'bdf.j2'"),
        ("daemons.j2", "{{ routing }}", "{{ 1 / 0 }}", "division by zero"),
    ],
)
def test_a_mistake_in_a_template_is_said_at_its_line(
    tmp_path: Path, template: str, written: str, wrong: str, said: str
) -> None:
    folder = copied(tmp_path)
    path = folder / "frr" / template
    lines = path.read_text().splitlines()
    line = next(n for n, text in enumerate(lines, 1) if written in text)
    path.write_text(path.read_text().replace(written, wrong, 1))
    found = render_all({"leaf-1": INTENTS["leaf-1"]}, vendors.load(folder))
    assert found.texts == {}
    (finding,) = found.findings
    assert finding.where.file == f"templates/frr/{template}"
    assert finding.where.line - line in ((0, 1) if "block" in said else (0,))
    assert "rendering leaf-1: " in finding.message
    assert said in finding.message


@pytest.mark.parametrize("name", ["leaf-1", "border-1", "spine-1"])
def test_tracing_renders_the_very_text_and_knows_every_line(name: str) -> None:
    texts = render(INTENTS[name], NOS["frr"])
    for file in NOS["frr"].files:
        lines = _switch_file(NOS["frr"], file.template, INTENTS[name])
        assert [line.text for line in lines] == texts[file.path].splitlines()
        for line in lines:
            if line.text:
                source = (ROOT / line.template).read_text().splitlines()[line.line - 1]
                assert source.split("{")[0].strip() in line.text


def test_explain_names_template_line_and_path() -> None:
    compiled = golden.compiled("lab")
    path = "/etc/frr/frr.conf"
    lines = compiled.switches["leaf-1"][path].splitlines()
    number = next(n for n, text in enumerate(lines, 1) if text.startswith("  rd "))
    found = explain(compiled, ("leaf-1", path, number), ROOT)
    source = (ROOT / found.line.template).read_text().splitlines()[found.line.line - 1]
    assert source in {"   rd {{ local.rd }}", "  rd {{ instance.rd }}"}
    (value,) = found.line.values
    assert value[0].startswith("device.")
    assert lines[number - 1].endswith(value[1])
    assert found.as_json()["template_line"] == found.line.line
    assert str(found).startswith(f"leaf-1:{path}:{number}: ")


def test_explain_of_a_server_names_the_role() -> None:
    found = explain(golden.compiled("lab"), ("srv-1", "/etc/network/interfaces", 1), ROOT)
    assert found.line.template.startswith("roles/")


@pytest.mark.parametrize(
    ("place", "said"),
    [
        (("leaf-1", "/etc/frr/frr.conf", 99999), "no such line"),
        (("leaf-1", "/etc/frr", 1), "no such file"),
        (("leaf-99", "/etc/frr/frr.conf", 1), "no such device"),
    ],
)
def test_explain_of_nothing(place: tuple[str, str, int], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        explain(golden.compiled("lab"), place, ROOT)


@pytest.mark.parametrize(
    ("written", "wrong", "said"),
    [
        (
            "driver: frr",
            "driver: frr\nvalidator: no",
            "device.yaml:4: validator: the key 'validator' is not known here",
        ),
        ("template: daemons.j2", "template: demons.j2", "there is no template demons.j2"),
        ("port_pattern: swp[0-9]+(s[0-9]+)?", "port_pattern: swp[0-9", "expected a regular expression"),
        ("features: [access,", "features: [acces,", "expected one of access, routed, sessions"),
        ("in_doubt: device", "in_doubt: nobody", "expected one of device, operator"),
    ],
)
def test_a_mistake_in_device_yaml(tmp_path: Path, written: str, wrong: str, said: str) -> None:
    folder = copied(tmp_path)
    path = folder / "frr/device.yaml"
    assert written in path.read_text()
    path.write_text(path.read_text().replace(written, wrong, 1))
    with pytest.raises(BadInput) as caught:
        vendors.load(folder)
    assert said in str(caught.value)


def test_a_nos_must_exist_and_be_able() -> None:
    inventory = factory.with_device(INVENTORY, "leaf-1", nos="frrr")
    assert [f.code for f in vendors.check(inventory, NOS)] == ["unknown-nos"]
    poor = {"frr": replace(NOS["frr"], features=frozenset({Feature.ACCESS}))}
    found = list(vendors.check(INVENTORY, poor))
    assert {f.code for f in found} == {"missing-feature"}
    assert {f.message.split("'")[1] for f in found} == {"routed", "sessions"}
    narrow = {"frr": replace(NOS["frr"], port_pattern=re.compile("Ethernet[0-9]+"))}
    assert {f.code for f in vendors.check(INVENTORY, narrow)} == {"port-name"}
    assert list(vendors.check(INVENTORY, NOS)) == []


def test_secret_lines_find_secrets() -> None:
    line = " neighbor 203.0.113.1 password s3cret and more"
    found = [m.group("secret") for p in NOS["frr"].secret_lines if (m := p.match(line))]
    assert found == ["s3cret and more"]
