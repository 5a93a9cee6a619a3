"""`docs/add-a-role.md` says what works: its role is made from the page's own blocks and applied to a view."""

from __future__ import annotations

import re
from pathlib import Path

from igoudar.errors import Where
from igoudar.render_roles import render_declaration
from igoudar.roles import load_roles
from igoudar.worker.calls import Bundle, going
from igoudar.worker.site_roles import deploy_function
from tests.roles.views import ACCESS

PAGE = (Path(__file__).parents[2] / "docs" / "add-a-role.md").read_text("utf-8")
BLOCK = re.compile(r"`(roles/motd/[^`]+)`[^\n]*:\n\n```[a-z]*\n(.*?)```", re.DOTALL)


def test_the_role_of_the_page(tmp_path: Path) -> None:
    for name, text in BLOCK.findall(PAGE):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (entry,) = re.findall(r"  - role: motd\n    why: [^\n]+\n", PAGE)
    (tmp_path / "roles" / "order.yaml").write_text(f"roles:\n{entry}")
    role = load_roles(tmp_path / "roles")["motd"]
    told = render_declaration(
        role.declare(role.settings({"contact": "us"}, Where("d.yaml")), ACCESS, {}), role
    )
    bundle = Bundle()
    with going(bundle):
        deploy_function(tmp_path / "roles", "motd").__wrapped__(told)  # type: ignore[attr-defined]

    assert told.files[0].text == "srv-1.small.example, server of small. Call us.\n"
    assert told.files[0] in bundle.steps
