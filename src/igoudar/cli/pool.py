"""`igoudar pool`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

from igoudar.cli._frame import Place, counted, json_option, show_json, site_argument
from igoudar.cli._hosts import chosen, limit_option
from igoudar.day import today
from igoudar.errors import DeviceFailed, first_and_more

if TYPE_CHECKING:
    from igoudar.compiler import Compiled
    from igoudar.model import Inventory
    from igoudar.pool.lock import Lock
    from igoudar.pool.push import Pushed, Snapshot

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
NAMED = 3
FAILED = 4
EXAMPLES = """
\b
Hosts of a site with the service `packages` install from its pool and from nothing else. What is in it is
packages.lock.yaml of the site: a change of it is reviewed, and rolled over the hosts in waves.
\b
  igoudar pool lock lab                           newest versions: read `git diff`
  igoudar pool fetch lab --to /srv/pool --sign-with pool@example
  igoudar pool push lab --from /srv/pool          to the mirrors
  pulumi up                                       the hosts move
"""
from_option = click.option(
    "--from",
    "sources",
    metavar="SOURCE",
    multiple=True,
    help="In place of site.packages.sources: URI [SUITE [COMPONENT...]], or a folder; may be repeated.",
)


@click.group(epilog=EXAMPLES)
def command() -> None:
    """The pool of packages that the hosts of a site install from."""


def _say(text: str) -> None:
    click.echo(text, err=True)


@command.command("lock")
@site_argument
@from_option
@click.option("--keyring", default=KEYRING, show_default=True, help="Keys that the sources are signed by.")
@json_option
def lock_(site: Place, *, sources: tuple[str, ...], keyring: str, as_json: bool) -> int:
    """Write down the newest version of every package that hosts of SITE need, and say what changed.

    That is what an installer puts on each, what roles declare, site.packages.more, and all that these depend
    on, as a real apt solves it for each kind of host. The apt has a state of its own: nothing of this machine
    changes but packages.lock.yaml, and that only where a package has. The time of it names the snapshot.

    \b
    Exit status: 0 done, or nothing changed; 4 a source does not answer, or lacks a package.
    """
    from igoudar.compiler import compile_site  # noqa: PLC0415 - imports the stacks' world
    from igoudar.inventory import LOCK  # noqa: PLC0415
    from igoudar.pool.lock import lock_text, read_lock  # noqa: PLC0415

    compiled = compile_site(site.folder, root=site.root, today=today(), locking=True)
    old = read_lock(site.folder, site.root)
    new = _resolved(compiled, _sources(compiled, sources), Path(keyring), old)
    moved = new.packages != old.packages or (new.suite, new.architecture) != (old.suite, old.architecture)
    if moved:
        (site.folder / LOCK).write_text(lock_text(new, site.folder.name), "utf-8")
    changes = {n: _versions(old, new, n) for n in sorted({*old.packages, *new.packages})}
    changes = {name: told for name, told in changes.items() if told[0] != told[1]}
    snapshot = (new if moved else old).snapshot
    if as_json:
        show_json({"site": site.name, "snapshot": snapshot, "changed": moved, "packages": changes})
        return 0
    for name, (before, after) in changes.items() if old.snapshot else ():
        click.echo(f"{name}: {before or 'new'} -> {after or 'gone'}")
    count = f"{counted(len(changes), 'package')} of {len(new.packages)}"
    what = f"{count} changed" if moved else "nothing changed"
    click.echo(f"{site.name}: snapshot {snapshot}, {what}")
    return 0


def _versions(old: Lock, new: Lock, name: str) -> tuple[str, str]:
    """Empty where it is not there; a sum beside it where only that has changed."""
    before, after = old.packages.get(name), new.packages.get(name)
    told = (before.version if before else "", after.version if after else "")
    if before and after and told[0] == told[1] and before.sha256 != after.sha256:
        return f"{told[0]} ({before.sha256[:12]})", f"{told[1]} ({after.sha256[:12]})"
    return told


def _sources(compiled: Compiled, given: Sequence[str]) -> list[str]:
    """`URI SUITE COMPONENT...` of each. Raises UsageError where there is none."""
    packages = compiled.design.inventory.site.packages
    found = []
    for source in given or packages.sources:
        uri, *rest = (f"copy:{Path(source).resolve()}",) if Path(source).is_dir() else source.split()
        suite, *components = rest or [packages.suite]
        found.append(" ".join((uri.rstrip("/"), suite, *(components or ["main"]))))
    if not found:
        raise click.UsageError("where do packages come from? --from URI, or site.packages.sources")
    return found


def _kinds(compiled: Compiled) -> dict[frozenset[str], list[str]]:
    """What is wanted on hosts -> the hosts that want just that; first what an installer puts on all."""
    from igoudar.pool.apt import IMPORTANT  # noqa: PLC0415
    from igoudar.roles import packages  # noqa: PLC0415

    more = compiled.design.inventory.site.packages.more
    kinds = {frozenset((IMPORTANT, *more)): ["as they are installed"]}
    for host, told in compiled.hosts.items():
        kinds.setdefault(frozenset((*packages(told.values()), *more)), []).append(host)
    return kinds


def _resolved(compiled: Compiled, sources: Sequence[str], keyring: Path, old: Lock) -> Lock:
    from igoudar.pool.apt import Apt, stanza  # noqa: PLC0415
    from igoudar.pool.lock import Lock  # noqa: PLC0415

    packages, versions = compiled.design.inventory.site.packages, dict[str, str]()
    parts = [source.split(" ", 2) for source in sources]
    text = "\n".join(stanza(uri, suite, components, keyring) for uri, suite, components in parts)
    with TemporaryDirectory() as folder:
        apt = Apt(Path(folder), text, packages.architecture, _say)
        apt.update()
        kinds = _kinds(compiled)
        for number, (wanted, hosts) in enumerate(kinds.items(), 1):
            _say(f"{number} of {counted(len(kinds), 'kind')} of hosts: {first_and_more(hosts, NAMED)}")
            try:
                versions |= apt.needed(wanted)
            except DeviceFailed as error:
                named = first_and_more(hosts, NAMED)
                raise DeviceFailed(f"the sources do not make {named}: {error}") from error
        found = apt.locked(versions)
    now = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    return Lock(old.where, now, packages.suite, packages.architecture, found)


to_option = click.option(
    "--to", "folder", required=True, type=click.Path(file_okay=False, path_type=Path), help="The pool."
)
sign_option = click.option(
    "--sign-with", "signer", metavar="KEY", required=True, help="A secret key of your gpg, by name."
)


@command.command()
@site_argument
@to_option
@sign_option
@from_option
@json_option
def fetch(site: Place, *, folder: Path, signer: str, sources: tuple[str, ...], as_json: bool) -> int:
    """Bring the packages that SITE has locked into a folder: a snapshot, ready for the mirrors.

    What is there already is kept, also that of older snapshots, so a run that broke off goes on. Every file
    has the sum of the lock or is refused. The index is Debian's own (dpkg-scanpackages), signed with your key
    by gpg; then an apt that knows site.packages.key alone judges it as a host will, and that all roles can be
    installed from it. The secret key stays with your gpg.

    \b
    Exit status: 0 done; 1 gpg does not sign; 3 the lock lacks a package; 4 a source does not answer or has
    another file, or hosts would refuse the snapshot.
    """
    from igoudar.compiler import compile_site  # noqa: PLC0415 - imports the stacks' world
    from igoudar.pool import folder as pool  # noqa: PLC0415
    from igoudar.pool.lock import read_lock  # noqa: PLC0415

    compiled = compile_site(site.folder, root=site.root, today=today())
    lock = read_lock(site.folder, site.root)
    if not lock.snapshot:
        raise click.UsageError(f"{site.name} has no lock of packages: igoudar pool lock {site.name}")
    uris = [source.split()[0] for source in _sources(compiled, sources)]
    pool.fetch(lock, dict.fromkeys(uris), folder, _say)
    _say(f"index of {counted(len(lock.packages), 'package')}, signature, and what a host makes of it")
    pool.publish(lock, site.name, folder, signer)
    pool.judge(lock, compiled.design.inventory.site.packages.key, folder, _kinds(compiled))
    size = sum(one.size for one in lock.packages.values())
    root, count = str(folder / lock.snapshot), counted(len(lock.packages), "package")
    if as_json:
        told = {"site": site.name, "snapshot": lock.snapshot, "folder": root}
        show_json({**told, "packages": len(lock.packages), "bytes": size})
    else:
        click.echo(f"{site.name}: {root}: {count}, {pool.megabytes(size)}, signed by {signer}")
    return 0


@command.command()
@site_argument
@click.option(
    "--from",
    "folder",
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The pool, as `igoudar pool fetch --to` made it.",
)
@limit_option
@json_option
def push(site: Place, *, folder: Path, limits: tuple[str, ...], as_json: bool) -> int:
    """Bring the snapshot that SITE has locked to its mirrors, the members of the service `packages`.

    Over the login that roles use. A mirror is sent what it has not, neither in another snapshot nor from a
    push that broke off; every file has the sum of the lock there, or the snapshot is not shown to hosts. It
    appears as a whole. Members that are offline or cordoned are left out, and named.

    \b
    Exit status: 0 done; 1 the folder lacks a file; 4 a mirror does not answer, or got another file.
    """
    from igoudar.inventory import load  # noqa: PLC0415 - imports the stacks' world
    from igoudar.pool.lock import SERVICE, read_lock  # noqa: PLC0415
    from igoudar.pool.push import snapshot_of  # noqa: PLC0415

    inventory, lock = load(site.folder, site.root), read_lock(site.folder, site.root)
    service = inventory.site.served(SERVICE)
    if service is None or not lock.snapshot:
        raise click.UsageError(f"{site.name} has no pool: services.packages of the site, igoudar pool lock")
    members = chosen(limits, service.members, f"member of {SERVICE}")
    alone = {name: why for name in members if (why := inventory.devices[name].left_alone)}
    names = [name for name in members if name not in alone]
    done, silent = _pushed(site, inventory, names, snapshot_of(lock, folder))
    if as_json:
        sent = {name: {"files": one.files, "bytes": one.bytes} for name, one in done.items()}
        told = {"site": site.name, "snapshot": lock.snapshot, "mirrors": sent}
        show_json({**told, "failed": silent, "left_out": alone})
        return FAILED if silent else 0
    _show_pushed(done)
    for name, why in alone.items():
        click.secho(f"{name}: left out, it is {why}", fg="yellow")
    for why in silent.values():
        click.secho(why, fg="red")
    mirrors = f"{counted(len(done), 'mirror')} of {len(members)}"
    click.echo(f"{site.name}: snapshot {lock.snapshot} is on {mirrors}")
    return FAILED if silent else 0


def _show_pushed(done: Mapping[str, Pushed]) -> None:
    from igoudar.pool.folder import megabytes  # noqa: PLC0415

    for name, one in done.items():
        sent = f"{counted(one.files, 'file')}, {megabytes(one.bytes)}" if one.files else "nothing to send"
        click.echo(f"{name}: {sent}")


def _pushed(
    site: Place, inventory: Inventory, names: Sequence[str], snapshot: Snapshot
) -> tuple[dict[str, Pushed], dict[str, str]]:
    """What each was sent, all at once, and why others were not."""
    from igoudar.pool.push import push  # noqa: PLC0415
    from igoudar.transport import access_map  # noqa: PLC0415
    from igoudar.transport.access import require_host_keys  # noqa: PLC0415
    from igoudar.verify.look import Logins  # noqa: PLC0415

    require_host_keys(names, inventory, site.root)
    reach = access_map(inventory, site.root)
    with Logins({name: reach[name] for name in names}) as logins:
        logins.open(names)

        def one(name: str) -> Pushed | None:
            try:
                return push(logins.sessions[name], snapshot, lambda said: _say(f"{name}: {said}"))
            except DeviceFailed as error:
                logins.refused[name] = str(error)
                return None

        found = logins.every([*logins.sessions], one)
        silent = dict(sorted(logins.refused.items()))
    return {name: sent for name, sent in sorted(found.items()) if sent is not None}, silent
