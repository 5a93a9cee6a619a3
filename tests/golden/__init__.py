"""The texts of every site of the checkout, as files: site, device and path on it with dashes.

`scripts/golden` rewrites them; people read `git diff`.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from pathlib import Path

from igoudar.compiler import Compiled, compile_site
from igoudar.stack_files import stacks_of
from igoudar.texts import device_texts

ROOT = Path(__file__).parents[2]
FOLDER = Path(__file__).parent
TODAY = date(2026, 11, 25)  # only numbers that rest in the ledger depend on it
NO_SITES = {"types", "data"}


def sites() -> list[str]:
    """Every site that a stack brings up; one that is only planned has no texts, and a test of its own."""
    folders = [p for p in (ROOT / "inventory").iterdir() if p.is_dir() and p.name not in NO_SITES]
    return sorted(p.name for p in folders if stacks_of(p, ROOT))


@lru_cache(maxsize=4)
def compiled(site: str) -> Compiled:
    return compile_site(ROOT / "inventory" / site, root=ROOT, today=TODAY)


def texts(site: str) -> dict[str, str]:
    """`<device>/<path with dashes>` -> text, of every setting of every device; programs are left out."""
    return {
        f"{device}/{path.strip('/').replace('/', '-')}": text
        for device, files in device_texts(compiled(site)).items()
        for path, text in files.items()
        if not path.startswith("/usr/")
    }


def written(site: str) -> dict[str, str]:
    """The golden files as they stand."""
    folder = FOLDER / site
    return {
        str(path.relative_to(folder)): path.read_text("utf-8")
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def rewrite(site: str) -> tuple[int, int]:
    """Write what is new or changed, remove what is gone; (written, removed)."""
    now, before = texts(site), written(site)
    changed = [name for name in now if before.get(name) != now[name]]
    for name in changed:
        path = FOLDER / site / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(now[name], "utf-8")
    gone = [name for name in before if name not in now]
    for name in gone:
        (FOLDER / site / name).unlink()
    return len(changed), len(gone)
