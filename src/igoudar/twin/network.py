"""Wires and the out-of-band bridge, in the twin's own network namespace, by `ip`, `tc` and `ethtool`."""

from __future__ import annotations

import json
import re
import struct
import subprocess
from collections.abc import Iterable
from pathlib import Path

BRIDGE = "oob"
_END = re.compile(r"w\d+[ab]")
WIRE_MTU = 9216
OOB_MTU = 1500
# Classic BPF: drop frames of packet type OUTGOING, or each end hears what it sent itself (unnumbered BGP
# would peer with itself and bridges would loop).
_FILTER = ((0x20, 0, 0, 0xFFFFF004), (0x15, 0, 1, 4), (6, 0, 0, 0), (6, 0, 0, 0xFFFFFFFF))

_STEAL = "1,6 0 0 4"  # return TC_ACT_STOLEN
_MATCH = "1,6 0 0 4294967295"  # every frame, which the action after it takes
_ALL = "egress protocol all prio 1 handle 1 bpf"


def write_filter(path: Path) -> None:
    path.write_bytes(b"".join(struct.pack("<HBBI", *step) for step in _FILTER))


def prepare(gateway: str) -> set[str]:
    """The loopback and the out-of-band bridge with the twin's own address; answers which ends are there."""
    found = json.loads(subprocess.check_output(["ip", "-json", "link", "show"]))
    there = {str(link["ifname"]) for link in found}
    made = "" if BRIDGE in there else f"link add {BRIDGE} type bridge mcast_snooping 0\n"
    _ip(
        f"""{made}link set lo up
link set {BRIDGE} addrgenmode none
address flush dev {BRIDGE}
address add {gateway} dev {BRIDGE}
link set {BRIDGE} up"""
    )
    return {name for name in there if _END.fullmatch(name)}


def make_pairs(pairs: Iterable[tuple[str, str, int]]) -> None:
    """veth pairs (end, end, MTU), up and without offloads: the kernels inside see raw frames."""
    lines: list[str] = []
    ends: list[str] = []
    for a, b, mtu in pairs:
        lines.append(f"link add {a} mtu {mtu} type veth peer name {b} mtu {mtu}")
        lines += [f"link set {end} addrgenmode none up" for end in (a, b)]
        ends += [a, b]
    _batch("ip", lines)
    for end in ends:
        _run("ethtool", "-K", end, "tx", "off", "rx", "off", "gro", "off", "gso", "off", "tso", "off")


def plug_oob(ends: Iterable[tuple[str, bool]]) -> None:
    """Ends into the bridge; `isolated` ones reach management hosts and the bridge only."""
    listed = list(ends)
    _batch("ip", (f"link set {end} master {BRIDGE}" for end, _ in listed))
    _batch("bridge", (f"link set dev {end} isolated {'on' if alone else 'off'}" for end, alone in listed))


def remove(ends: Iterable[str]) -> None:
    """One end of each pair; the other goes with it."""
    _batch("ip", (f"link del {end}" for end in ends))


def silence(end: str) -> None:
    """What is sent at this end arrives nowhere, while its link stays up. One set down would not come back.

    The frames are "stolen", not dropped: of a drop (or a queue of no length) the sending kernel hears
    ENOBUFS, tries again for ever, and hangs once its ring is full.
    """
    _at(end, "da", "bytecode", _STEAL)


def divert(end: str, to: str) -> None:
    """What is sent at `end` arrives at `to`, as if it had come in there: no kernel's socket is touched.

    Into the ingress of `to`, not out of its pair: a filter there would divert it once more.
    """
    _at(end, "bytecode", _MATCH, *f"action mirred ingress redirect dev {to}".split())


def restore(end: str) -> None:
    """What is sent at `end` arrives at the other end of its pair again."""
    subprocess.run(["tc", "qdisc", "del", "dev", end, "clsact"], capture_output=True, check=False)


def _at(end: str, *action: str) -> None:
    """The one thing that happens to all that is sent at an end."""
    _run("tc", "qdisc", "replace", "dev", end, "clsact")
    _run(*f"tc filter replace dev {end} {_ALL}".split(), *action)


def _ip(batch: str) -> None:
    _batch("ip", batch.splitlines())


def _batch(tool: str, lines: Iterable[str]) -> None:
    batch = "\n".join(lines)
    if not batch:
        return
    done = subprocess.run([tool, "-batch", "-"], input=batch, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise OSError(f"{tool}: {done.stderr.strip()}")


def _run(*words: str) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise OSError(f"{' '.join(words)}: {done.stderr.strip()}")
