"""The Pulumi program: everything it does is in `stacks/` and `igoudar.program`."""

import gc

from igoudar.program import run

if __name__ == "__main__":
    gc.disable()  # a process of seconds: what it makes stays, and looking for more takes a third of it
    run()
