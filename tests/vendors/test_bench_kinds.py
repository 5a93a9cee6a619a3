"""What `scripts/bench impact` brings to a switch for one line is taken by FRR and by ifupdown2."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

from igoudar.validate.oracles import frr, ifupdown2
from tests import golden

pytestmark = pytest.mark.image
sys.path.append(str(golden.ROOT / "scripts"))
KINDS = [k for k in importlib.import_module("bench_parts.lines").every() if k.name.startswith("line:")]
ORACLES = {"/etc/frr/frr.conf": frr.validate, "/etc/network/interfaces": ifupdown2.validate}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_the_texts_of_a_kind_are_valid_and_canonical(kind: object, image: Path) -> None:
    texts = {name: dict(files) for name, files in golden.compiled("lab").switches.items()}
    for step in kind.steps:  # type: ignore[attr-defined]
        after = step.applied(texts)
        for name in step.edits:
            changed = [path for path in ORACLES if after[name][path] != texts[name][path]]
            assert [ORACLES[path](image, name, after[name][path]) for path in changed] == [[]] * len(changed)
        texts = after
