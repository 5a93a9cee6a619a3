"""`igoudar twin`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from igoudar.cli._frame import Place, json_option, show_json, site_argument
from igoudar.errors import BadInput, Finding, Missing, Where
from igoudar.world import twin_folder

if TYPE_CHECKING:
    from igoudar.twin import Wiring

MISTAKES = ("swap", "rotate", "racks", "wrong-port", "missing", "dead-optic")
SETTLED = "settled"  # in the run folder: the first process of a twin whose hosts all answered
EXAMPLES = """
\b
A twin is the whole site on this machine: a real kernel for each switch, server and far router, real daemons,
wires that can be cut. It needs no root and changes nothing outside of .igoudar/.
\b
  igoudar twin up lab
  igoudar twin exec lab leaf-1 sudo vtysh -c 'show bgp summary'
  igoudar twin cut lab leaf-1/swp1          igoudar twin mend lab leaf-1/swp1
  igoudar twin miswire lab swap spine-1/swp1 spine-1/swp2
  igoudar doctor lab                        igoudar twin mend lab
  igoudar twin power lab spine-2 off        igoudar twin power lab spine-2 on
  igoudar twin status lab                   igoudar twin down lab
"""


@click.group(epilog=EXAMPLES)
def command() -> None:
    """Run SITE as a twin: real kernels and daemons on this machine."""


def _folder(site: Place) -> Path:
    from igoudar.inventory import load  # noqa: PLC0415

    return twin_folder(load(site.folder, site.root).site.name, site.root)


def _settled(folder: Path) -> bool:
    """Whether the twin that runs is one whose hosts were all waited for: its first process is the same."""
    from igoudar import twin  # noqa: PLC0415

    if not twin.is_up(folder) or not (folder / SETTLED).exists():
        return False
    return (folder / SETTLED).read_text("utf-8") == (folder / "pid").read_text("utf-8")


def _say(line: str) -> None:
    click.echo(line, err=True)


@command.command()
@site_argument
def up(site: Place) -> None:
    """Start what does not run yet; return when every host lets us in.

    Hosts come up with what hardware brings (serial, MAC addresses, host keys, the login user) and the base
    system; `pulumi up` does the rest. Far routers at the ends of submarine cables bring their own
    configuration. Started again after the inventory changed, it plugs and unplugs what changed; a
    device with another serial is another box, with a disk and a host key of its own.
    """
    from igoudar import twin  # noqa: PLC0415
    from igoudar.inventory import load  # noqa: PLC0415
    from igoudar.twin.passwords import passwords_of  # noqa: PLC0415
    from igoudar.twin.site import twin_spec  # noqa: PLC0415

    inventory = load(site.folder, site.root)
    spec, folder = twin_spec(inventory, passwords_of(inventory, site.root)), _folder(site)
    if (
        _settled(folder)
        and twin.load_spec(folder) == spec
        and all(h.state == "on" for h in twin.status(folder))
    ):
        click.echo(f"{site.name}: {len(spec.hosts)} hosts run already")
        return
    twin.up(spec, folder, twin.find_image(site.root), _say)
    (folder / SETTLED).write_text((folder / "pid").read_text("utf-8"), "utf-8")


@command.command()
@site_argument
def possible(site: Place) -> int:
    """Say why this machine cannot run the twin of SITE; nothing, and status 0, where it can."""
    from igoudar import twin  # noqa: PLC0415
    from igoudar.inventory import load  # noqa: PLC0415
    from igoudar.twin.site import twin_spec  # noqa: PLC0415

    inventory = load(site.folder, site.root)
    spec = twin_spec(inventory, dict.fromkeys(inventory.secrets, ""))
    folder = _folder(site)
    lacks = [] if twin.is_up(folder) else list(twin.preconditions(spec, folder))
    for lack in lacks:
        click.echo(lack)
    return 1 if lacks else 0


@command.command()
@site_argument
@json_option
def status(site: Place, *, as_json: bool) -> int:
    """Hosts and cables of the twin. Status 1 where none runs."""
    from igoudar import twin  # noqa: PLC0415

    folder = _folder(site)
    if not twin.is_up(folder):
        if as_json:
            show_json({"site": site.name, "up": False, "hosts": [], "cut": [], "miswired": []})
        else:
            click.echo(f"{site.name}: no twin runs; igoudar twin up {site.name}")
        return 1
    hosts, cut, miswired = twin.status(folder), twin.cuts(folder), list(twin.wiring(folder).lines())
    if as_json:
        told = [{"name": h.name, "state": h.state, "pid": h.pid, "oob": h.oob} for h in hosts]
        show_json({"site": site.name, "up": True, "hosts": told, "cut": cut, "miswired": miswired})
        return 0
    for host in hosts:
        click.echo(f"{host.name:14} {host.state:4} {host.oob}")
    for key in cut:
        click.echo(f"cut: {key}")
    for line in miswired:
        click.echo(f"miswired: {line}")
    on = sum(h.state == "on" for h in hosts)
    click.echo(f"{site.name}: {on} of {len(hosts)} hosts on, {len(cut)} cables cut")
    return 0


@command.command()
@site_argument
@click.option("--wipe", is_flag=True, help="Forget keys as well, not only disks.")
def down(site: Place, *, wipe: bool) -> None:
    """End the twin and drop the disks of its hosts."""
    from igoudar import twin  # noqa: PLC0415

    twin.down(_folder(site), wipe=wipe)


@command.command("exec", context_settings={"ignore_unknown_options": True})
@site_argument
@click.argument("host")
@click.argument("words", nargs=-1, required=True, type=click.UNPROCESSED)
def exec_(site: Place, host: str, words: tuple[str, ...]) -> int:
    """Run a command on HOST as the login user, and end with its status. `sudo` asks for no password."""
    import shlex  # noqa: PLC0415

    from igoudar import twin  # noqa: PLC0415

    folder = _running(site)
    _known(site, host, [h.name for h in twin.load_spec(folder).hosts])
    line = words[0] if len(words) == 1 else shlex.join(words)
    result = twin.run(folder, host, line, timeout=600)
    sys.stdout.buffer.write(result.out)
    sys.stderr.buffer.write(result.err)
    sys.stdout.flush()
    return result.status


@command.command()
@site_argument
@click.argument("cable")
def cut(site: Place, cable: str) -> None:
    """Cut CABLE: both ends fall silent. It is named by one of its ends (leaf-1/swp1) or as in `status`."""
    from igoudar import twin  # noqa: PLC0415

    folder = _running(site)
    key = _wire(site, folder, cable)
    twin.cut(folder, key)
    click.echo(f"cut: {key}")


@command.command()
@site_argument
@click.argument("cable", required=False)
def mend(site: Place, cable: str | None) -> None:
    """Mend CABLE and put right what its plugs are mixed up with; without it everything cut or miswired."""
    from igoudar import twin  # noqa: PLC0415

    folder = _running(site)
    spec, before = twin.load_spec(folder), twin.wiring(folder)
    keys = [_wire(site, folder, cable)] if cable else twin.cuts(folder)
    ends = [end for w in spec.wires if w.key in keys for end in (w.a, w.b)]
    after = twin.without(spec, before, ends) if cable else twin.Wiring()
    for key in keys:
        twin.mend(folder, key)
        click.echo(f"mended: {key}")
    if after != before:
        twin.rewire(folder, after)
        _show("mended", before, after)


@command.command()
@site_argument
@click.argument("kind", type=click.Choice(MISTAKES))
@click.argument("where", nargs=-1, required=True)
def miswire(site: Place, kind: str, where: tuple[str, ...]) -> None:
    """Make a mistake of hands in the running twin, for `igoudar doctor` to find; `mend` puts it right.

    \b
    swap PORT PORT            the plugs in two ports change places
    rotate PORT PORT PORT...  each plug goes to the next port, the last to the first
    racks RACK RACK           all that leaves two racks changes places, port for port
    wrong-port PORT FREE      the plug goes into a free port
    missing PORT...           the cable is gone
    dead-optic PORT...        what PORT sends arrives nowhere; it still hears

    A port is written leaf-1/swp1. Hosts remember who was there before for some 40 seconds (LLDP).
    """
    from igoudar import twin  # noqa: PLC0415
    from igoudar.inventory import load  # noqa: PLC0415

    folder = _running(site)
    racks = {d.name: d.rack for d in load(site.folder, site.root).devices.values()}
    before = twin.wiring(folder)
    try:
        after = twin.mistaken(twin.load_spec(folder), before, twin.Mistake(kind), where, racks=racks)
    except ValueError as error:
        raise BadInput([Finding("no-such-plug", Where(" ".join(where)), str(error))]) from error
    twin.rewire(folder, after)
    _show("miswired", after, before)


@command.command()
@site_argument
@click.argument("host")
@click.argument("action", type=click.Choice(["on", "off", "cycle"]))
def power(site: Place, host: str, action: str) -> None:
    """Take HOST's power (its kernel dies, the disk keeps what was synced), give it back, or both."""
    from igoudar import twin  # noqa: PLC0415

    folder = _running(site)
    _known(site, host, [h.name for h in twin.load_spec(folder).hosts])
    twin.power(folder, host, action, _say)


@command.command()
def packages() -> None:
    """The Debian packages of the twin's image: its own few, and all that roles declare."""
    from igoudar.tree import find_root  # noqa: PLC0415
    from igoudar.twin.packages import of_checkout  # noqa: PLC0415

    for name in of_checkout(find_root(Path.cwd())):
        click.echo(name)


def _running(site: Place) -> Path:
    from igoudar import twin  # noqa: PLC0415

    folder = _folder(site)
    if not twin.is_up(folder):
        raise Missing(f"no twin of {site.name} runs; igoudar twin up {site.name}")
    return folder


def _known(site: Place, name: str, names: list[str]) -> None:
    if name not in names:
        said = f"the twin of {site.name} has no host {name!r}"
        raise BadInput([Finding("unknown-host", Where(name), said, ", ".join(names))])


def _show(word: str, these: Wiring, others: Wiring) -> None:
    """What is in the one and not in the other."""
    known = set(others.lines())
    for line in these.lines():
        if line not in known:
            click.echo(f"{word}: {line}")


def _wire(site: Place, folder: Path, named: str) -> str:
    """A wire by its key or by one of its ends."""
    from igoudar import twin  # noqa: PLC0415

    wires = twin.load_spec(folder).wires
    for wire in wires:
        if named in (wire.key, "/".join(wire.a), "/".join(wire.b)):
            return wire.key
    said = f"the twin of {site.name} has no cable {named!r}"
    raise BadInput(
        [Finding("unknown-cable", Where(named), said, "an end such as leaf-1/swp1, or a whole key")]
    )
