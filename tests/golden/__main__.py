"""`scripts/golden`: rewrite the golden texts of every site."""

from __future__ import annotations

import sys

from igoudar.errors import IgoudarError
from tests import golden


def main() -> int:
    try:
        for site in golden.sites():
            changed, gone = golden.rewrite(site)
            print(f"{site}: {changed} files written, {gone} removed; read `git diff tests/golden/{site}`")
    except IgoudarError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
