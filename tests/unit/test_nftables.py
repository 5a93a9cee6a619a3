"""The packet filter of the role nftables, judged by nft and by packets between two network namespaces: a host
and who asks it. A twin cannot: its kernel has no tables for IP.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import pytest

from tests.roles.test_roles_golden import declared

NFT = shutil.which("nft", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin") or ""
ALONE = ["unshare", "--map-root-user", "--net"]
# Listens on all of PORTS, loads the text twice, and tries each (source, address, port) from the other side.
PROGRAM = """
import json, socket, subprocess, sys
nft, text, ports, tries = json.load(sys.stdin)
other = subprocess.Popen(["unshare", "--net", "sh", "-c", "echo; exec sleep 60"], stdout=subprocess.PIPE)
other.stdout.readline()
inside = ["nsenter", "-t", str(other.pid), "-n"]
def do(words):
    subprocess.run(words.split() if isinstance(words, str) else words, check=True)
for port, own, theirs in (("eth0", ["192.0.2.2/24"], ["192.0.2.3/24", "192.0.2.50/24"]),
                          ("eth1", ["172.16.1.10/24"], ["172.16.1.1/24"])):
    do(f"ip link add {port} type veth peer name {port} netns {other.pid}")
    for ip, addresses in (([], own), (inside, theirs)):
        for address in addresses:
            do([*ip, "ip", "address", "add", address, "dev", port])
        do([*ip, "ip", "link", "set", port, "up"])
do("ip link set lo up")
do([*inside, "ip", "rule", "add", "from", "172.16.1.1", "lookup", "100", "priority", "1"])
do([*inside, "ip", "route", "add", "default", "via", "172.16.1.10", "dev", "eth1", "table", "100"])
listening = [socket.create_server(("", port)) for port in ports]
for _ in range(2):
    subprocess.run([nft, "-f", "-"], input=text.encode(), check=True)
ASK = "import json, socket, sys\\nfound = []\\nfor source, address, port in json.load(sys.stdin):\\n" \\
    "    try: socket.create_connection((address, port), 0.5, (source, 0)).close(); found.append(True)\\n" \\
    "    except OSError: found.append(False)\\nprint(json.dumps(found))"
asked = [*inside, sys.executable, "-c", ASK]
done = subprocess.run(asked, input=json.dumps(tries), stdout=subprocess.PIPE, text=True, check=True)
print(done.stdout)
other.kill()
"""
# (source, address, port) -> whether a connection comes about. It is mgmt-1, the bastion; 192.0.2.3 is mgmt-2,
# which gathers metrics too, and 192.0.2.50 nobody in particular.
WANTED = {
    ("192.0.2.50", "192.0.2.2", 22): True,
    ("192.0.2.50", "192.0.2.2", 53): True,
    ("192.0.2.3", "192.0.2.2", 9100): True,
    ("192.0.2.50", "192.0.2.2", 9100): False,
    ("192.0.2.3", "192.0.2.2", 9090): False,
    ("192.0.2.3", "192.0.2.2", 9999): False,
    ("172.16.1.1", "172.16.1.10", 22): False,
    ("172.16.1.1", "172.16.1.10", 9999): True,
    ("172.16.1.1", "192.0.2.2", 9999): False,
}
# The same host where workers come in by mgmt-2, and people by both: from there, too, they see its metrics.
OF_A_MEMBER = WANTED | {("192.0.2.3", "192.0.2.2", 9090): True}


def filtered(text: str) -> dict[tuple[str, str, int], bool]:
    tries, ports = list(WANTED), sorted({port for _, _, port in WANTED})
    told = json.dumps([NFT, text, ports, tries])
    words = [*ALONE, sys.executable, "-c", PROGRAM]
    done = subprocess.run(words, input=told, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return dict(zip(tries, json.loads(done.stdout), strict=True))


def text_of(case: str) -> str:
    return declared("nftables", case).files[0].text or ""


def allowed() -> bool:
    """A table of both families, in a namespace: the user's right, nft, and what the kernel is built with."""
    words = [*ALONE, NFT, "add", "table", "inet", "t"]
    return bool(NFT) and subprocess.run(words, capture_output=True, check=False).returncode == 0


pytestmark = pytest.mark.skipif(
    not allowed(),
    reason="needs nft (apt install nftables), namespaces and a kernel with tables for IP",
)


def test_who_comes_in_by_which_port() -> None:
    open_to_all = dict.fromkeys(WANTED, True)

    assert filtered("flush ruleset\n") == open_to_all
    assert filtered(text_of("management")) == WANTED
    assert filtered(text_of("member")) == OF_A_MEMBER


@pytest.mark.parametrize("case", ["access", "switch"])
def test_nft_takes_the_text(case: str) -> None:
    words = [*ALONE, NFT, "-c", "-f", "-"]
    done = subprocess.run(words, input=text_of(case), capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
