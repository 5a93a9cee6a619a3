"""A tenant comes and goes on the converged lab, by one YAML file: nobody else notices.

The inventory is a copy beside links to everything else of the checkout, so that nothing tracked is touched.
IGOUDAR_ROUNDS (default 1) says how often. `pytest -rP` shows what each round lost.
"""

from __future__ import annotations

import os
import re
import threading
import time

import pytest

from tests.twin.checkout import Checkout

ROUNDS = int(os.environ.get("IGOUDAR_ROUNDS", "1"))
# A probe every 10 ms: daemons that start anew cost some hundred in a row. On a machine with more to do than
# cores a kernel that waits for one loses a few without any change; docs/benchmarks.md has an idle one.
STRAY = 0.05
LONGEST = 1200.0  # seconds of a probe
DAEMONS = "zebra mgmtd bgpd staticd bfdd"
TENANT = """tenant: essai
vpcs:
  prod:
    subnets:
      web: {ipv4: 172.16.1.0/24, ipv6: "2001:db8:1:1::/64", servers: [srv-7]}
"""
pytestmark = [
    pytest.mark.twin,
    pytest.mark.engine,
    pytest.mark.image,
    pytest.mark.timeout(1200 + 240 * ROUNDS),
]


def daemons(lab: Checkout) -> dict[str, str]:
    """Process ids of FRR's daemons on every switch."""
    each = f"for d in {DAEMONS}; do echo $d $(pgrep -x $d); done"
    return {name: lab.on(name, each) for name in lab.switches}


class Probe:
    """Pings of another tenant's server, 10 ms apart, until they are stopped."""

    def __init__(self, lab: Checkout, host: str, target: str) -> None:
        self.lab, self.host, self.told = lab, host, ""
        line = f"echo $$ > /tmp/probe.pid; exec ping -q -n -i 0.01 {target}"
        self.thread = threading.Thread(target=self._run, args=(line,))
        self.thread.start()
        time.sleep(2)

    def _run(self, line: str) -> None:
        self.told = self.lab.on(self.host, line, LONGEST)

    def stop(self) -> tuple[int, int]:
        """Packets sent and lost; one may still have been on its way."""
        self.lab.on(self.host, "kill -INT $(cat /tmp/probe.pid)")
        self.thread.join()
        sent, back = re.findall(r"(\d+) packets transmitted, (\d+) received", self.told)[0]
        return int(sent), int(sent) - int(back)


def up(lab: Checkout) -> None:
    lab.shell(f"igoudar plan lab && {lab.up}")


def other_server(lab: Checkout) -> str:
    """srv-5's address: the same VPC as srv-1, behind another leaf."""
    return lab.on("srv-5", "ip -4 -o addr show dev eth1 scope global").split()[3].partition("/")[0]


@pytest.mark.parametrize("number", range(ROUNDS))
def test_a_tenant_comes_and_goes(checkout: Checkout, number: int) -> None:
    file = checkout.inventory / "tenants" / "essai.yaml"
    before = daemons(checkout)
    probe = Probe(checkout, "srv-1", other_server(checkout))
    try:
        file.write_text(TENANT, "utf-8")
        up(checkout)
        proved = checkout.shell("igoudar verify lab --wait 90") if number == ROUNDS - 1 else " 0 failed"
        file.unlink()
        up(checkout)
    finally:
        sent, lost = probe.stop()
    assert " 0 failed" in proved
    assert daemons(checkout) == before, "every daemon keeps its process id"
    assert sent > 1000
    said = f"{lost} of {sent} packets of another tenant were lost, load {os.getloadavg()[0]:.1f}"
    print(f"round {number + 1}: {said}", flush=True)
    assert lost <= STRAY * sent, said


def test_afterwards_all_is_as_before(checkout: Checkout) -> None:
    assert " 0 failed" in checkout.shell("igoudar verify lab --wait 90")
    assert "0 files of 0 devices differ" in checkout.shell("igoudar diff lab --record lab --exit-code")
