"""What a bench's SSH hosts have in place of what only a booted machine has. The same for every engine."""

from __future__ import annotations

# No systemd runs: every unit is enabled and active, and stays so. A reload of sshd is a real one.
SYSTEMCTL = r"""#!/bin/sh
verb= units=
while [ $# -gt 0 ]; do
    case $1 in
    -p | --property | --type | --state) shift ;;
    -*) ;;
    *) if [ -z "$verb" ]; then verb=$1; else units="$units $1"; fi ;;
    esac
    shift
done
case $verb in
show)
    for unit in $units; do
        printf 'Id=%s\nLoadState=loaded\nActiveState=active\n' "$unit"
        printf 'SubState=running\nUnitFileState=enabled\n\n'
    done
    ;;
is-enabled) for unit in $units; do echo enabled; done ;;
is-active) for unit in $units; do echo active; done ;;
reload)
    case $units in
    *ssh*) read -r pid </run/sshd.pid && kill -HUP "$pid" ;;
    esac
    ;;
stop)
    for unit in $units; do
        file=/run/bench-$unit
        [ ! -s "$file" ] || { read -r pid <"$file" && rm "$file" && kill -- "-$pid"; }
    done
    ;;
esac
"""

# What it is given really runs, in a session of its own and again where it fails, until `systemctl stop`. It
# holds none of its caller's files: the lock of a run is one of them.
SYSTEMD_RUN = r"""#!/bin/sh
while :; do
    case $1 in
    --unit=*) unit=${1#*=}.service ;;
    -p) shift ;;
    -*) ;;
    *) break ;;
    esac
    shift
done
pid=$(
    setsid sh -c 'echo $$; exec >/dev/null; until "$@"; do sleep 5; done' "$unit" "$@" \
        </dev/null 2>/dev/null 3>&- 8>&- 9>&- &
)
echo "$pid" >"/run/bench-$unit"
"""

# All hosts share this machine's kernel: its settings are not touched.
SYSCTL = """#!/bin/sh
[ -r "$1" ]
"""

FILES = {
    "/usr/bin/systemctl": SYSTEMCTL,
    "/usr/bin/systemd-run": SYSTEMD_RUN,
    "/usr/lib/systemd/systemd-sysctl": SYSCTL,
}
