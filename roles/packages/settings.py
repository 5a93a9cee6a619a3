"""The pool of the site as the only source of packages: one snapshot, known by its signature."""

from __future__ import annotations

from igoudar.hostview import HostView
from igoudar.roles import Declaration, RoleCommand, RoleFile, RoleSettings

KEY = "/etc/apt/keyrings/igoudar.asc"
SOURCE = "/etc/apt/sources.list.d/igoudar.sources"
LISTS = "/var/lib/apt/lists"
KEEP = "-o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold"
# The candidate is tried with lists of its own: a source that no mirror serves, or that another key signed, is
# refused while the old one stands. apt itself calls it good when every mirror is silent.
TRY = (
    "d=$(mktemp -d) && trap 'rm -rf $d' EXIT && chmod 755 $d && mkdir -p $d/lists/partial"
    " && cp {{}} $d/pool.sources && apt-get -q update -o Dir::Etc::SourceList=$d/pool.sources"
    " -o Dir::Etc::SourceParts=/dev/null -o Dir::State::Lists=$d/lists"
    " -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= && {served}"
)
SERVED = (
    "{{ grep -qsx 'Version: {snapshot}' {lists}/*_InRelease"
    " || {{ echo 'no mirror serves the snapshot {snapshot}, signed by the key of the site'; false; }}; }}"
)


class Settings(RoleSettings):
    """`upgrade`: whether a new snapshot upgrades what is installed. Unsaid: not on a switch, whose daemons
    would restart outside of a transaction; say it there while the switch is drained.
    """

    upgrade: bool | None = None


def declare(settings: Settings, host: HostView) -> Declaration:
    upgrade = not host.is_switch if settings.upgrade is None else settings.upgrade
    snapshot = {"snapshot": host.snapshot}
    moves = ("run:snapshot",)
    told = {"host": host, "key": KEY, "mirrors": _mirrors(host), "upgrade": upgrade}
    tried = TRY.format(served=SERVED.format(**snapshot, lists="$d/lists"))
    return Declaration(
        files=(
            RoleFile(KEY, text=f"{host.packages.key.rstrip()}\n", notify=moves),
            RoleFile(SOURCE, template="igoudar.sources.j2", variables=told, validate=tried, notify=moves),
            RoleFile(
                "/etc/apt/apt.conf.d/90igoudar",
                template="apt.conf.j2",
                variables={"source": SOURCE},
                validate="apt-config -c {} dump >/dev/null",
                notify=moves,
            ),
            RoleFile("/etc/apt/preferences.d/igoudar", template="preferences.j2", notify=moves),
        ),
        commands=(RoleCommand("snapshot", _move(SERVED.format(**snapshot, lists=LISTS), upgrade=upgrade)),),
    )


def _mirrors(host: HostView) -> list[str]:
    """Addresses, each host beginning with another: apt takes a file from the first that has it."""
    members = [one.address for one in host.service("packages")]
    first = host.number % max(len(members), 1)
    return members[first:] + members[:first]


def _move(served: str, *, upgrade: bool) -> str:
    """Exactly to what the snapshot has, older versions too (`upgrade` leaves those); never by a removal."""
    words = f"apt-get -q -y --no-remove --allow-downgrades {KEEP} dist-upgrade"
    return f"apt-get -q update && {served}" + (f" && {words}" if upgrade else "")
