"""The Pulumi program: everything it does is in `stacks/` and `igoudar.program`."""

from igoudar.program import run

if __name__ == "__main__":
    run()
