"""A twin of three hosts for tests of the twin itself: two switches on one wire and a management host.

python -m tests.twin.small up FOLDER IMAGE        the tests' own process that may be killed
python -m tests.twin.small life FOLDER IMAGE      a whole life; what was seen, as JSON
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from igoudar import twin
from igoudar.twin import Image, TwinHost, TwinPort, TwinSpec, TwinWire

ROOT = Path(__file__).parents[2]
WIRE = "one"


def host(name: str, number: int, ports: tuple[str, ...], *, management: bool = False) -> TwinHost:
    return TwinHost(
        name=name,
        memory_mb=128,
        oob=f"192.0.2.{number}/24",
        oob_mac=f"02:00:00:00:00:{number:02x}",
        serial=f"S{number}",
        ports=tuple(TwinPort(p, f"02:00:00:00:{at:02x}:{number:02x}", 9216) for at, p in enumerate(ports, 1)),
        files=(("/etc/igoudar/greeting", f"hello from {name}\n"),),
        management=management,
    )


def spec(name: str) -> TwinSpec:
    hosts = (
        host("sw-1", 11, ("swp1", "swp2")),
        host("sw-2", 12, ("swp1",)),
        host("mgmt-1", 2, (), management=True),
    )
    wires = (TwinWire(WIRE, ("sw-1", "swp1"), ("sw-2", "swp1")),)
    return TwinSpec(name, "igoudar", "192.0.2.254/24", hosts, wires)


def up(what: TwinSpec, folder: Path) -> None:
    twin.up(what, folder, twin.find_image(ROOT), lambda _: None)


def out(folder: Path, name: str, command: str) -> str:
    return twin.run(folder, name, command).out.decode().strip()


def address(folder: Path) -> None:
    for name, number in (("sw-1", 1), ("sw-2", 2)):
        out(folder, name, f"sudo ip link set swp1 up; sudo ip address replace 10.0.0.{number}/24 dev swp1")


def received(folder: Path, name: str, options: str) -> int:
    """Answers to three pings."""
    told = out(folder, name, f"ping -n -c 3 -i 0.2 -W 1 {options}")
    return int(told.partition(" packets transmitted, ")[2].partition(" received")[0])


def processes(folder: Path) -> list[str]:
    """Ids of the machine's processes that name the folder."""
    found = subprocess.run(["pgrep", "-f", f"{folder}[ /]"], capture_output=True, text=True, check=False)
    return found.stdout.split()


def life(folder: Path, image: Image) -> dict[str, object]:
    """What an ordinary user sees of a twin from start to end."""
    said: list[str] = []
    twin.up(spec("life"), folder, image, said.append)
    address(folder)
    seen: dict[str, object] = {
        "states": [s.state for s in twin.status(folder)],
        "jumbo": received(folder, "sw-1", "-M do -s 9180 10.0.0.2"),
        "isolated": received(folder, "sw-1", "192.0.2.12"),
        "managed": received(folder, "mgmt-1", "192.0.2.12"),
    }
    twin.cut(folder, WIRE)
    seen["cut"] = received(folder, "sw-1", "10.0.0.2")
    twin.mend(folder, WIRE)
    seen["mended"] = received(folder, "sw-1", "10.0.0.2")
    seen["kernel"] = out(
        folder,
        "sw-1",
        "sudo ip link add vrf9 type vrf table 9 && sudo ip link add br9 type bridge vlan_filtering 1 && "
        "sudo tc qdisc add dev swp2 root netem delay 1ms && sudo nft list ruleset && echo all",
    )
    twin.down(folder)
    seen["kept"] = sorted(p.name for p in folder.iterdir())
    seen["processes"] = processes(folder / "disks")
    return seen


if __name__ == "__main__":
    verb, where, made = sys.argv[1], Path(sys.argv[2]), Image(Path(sys.argv[3]))
    if verb == "up":
        twin.up(spec("small"), where, made, print)
    else:
        print(json.dumps(life(where, made)))
