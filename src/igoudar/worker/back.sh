# Puts back what a run changed of how one gets in, unless a new login confirms it. POSIX sh, as root.
#
#   back status       confirmed or restored (when and how), armed SECONDS, running, or none
#   back confirm      the change stays; only a login that was made after the change may say so
#   back now          goes back at once
#   back watch, boot  for the units: when the window ends; when the host was started while armed
#
# Written by the run that it belongs to: RUN, ROLES, WINDOW and STEP (seconds) are set above, and `activate`
# below calls in order what its roles would. confirm and status take a run, and speak of no other one.
# In $LOCKOUT: armed (the run that is; one that it does not name is over), last (RUN, outcome, when and how); of
# a run saved/ (files as they were), manifest (file|absent PATH . and unit NAME ACTIVE ENABLED .), boot (which
# start of the host it was), pid (of the run's script), until (its end, in seconds since that start).
set -u
umask 077
LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
SYSTEMCTL_SKIP_SYSV=1
export LC_ALL PATH SYSTEMCTL_SKIP_SYSV
folder=$LOCKOUT/$RUN seen= problems= booting=no no_wait=
NL='
'

is_armed() { [ -s "$LOCKOUT/armed" ] && read -r name <"$LOCKOUT/armed" && [ "$name" = "$RUN" ]; }

look() { read -r now _ </proc/uptime && now=${now%.*}; } # no clock setting moves it

tell() { logger -t igoudar-lockout -- "$RUN: $1" 2>/dev/null || printf '%s\n' "$RUN: $1" >&2; }

watch() { # the window begins when the run has ended; a run that never ends is ended
    is_armed || return 0
    until=
    if [ -s "$folder/until" ]; then read -r until <"$folder/until"; fi
    if [ -z "$until" ]; then
        flock -w "$LONGEST" "$STATE/lock" true || end_run
        look
        until=$((now + 1 + WINDOW))
        echo "$until" >"$folder/until.new" && mv -f "$folder/until.new" "$folder/until"
    fi
    look
    while [ "$now" -lt "$until" ]; do
        sleep $((until - now))
        look
    done
    restore "at the end of its window of $WINDOW s"
}

end_run() {
    read -r pid <"$folder/pid"
    [ ! "/proc/$pid/fd/9" -ef "$STATE/lock" ] || kill -9 "$pid"
}

boot() {
    is_armed || return 0
    read -r armed_in <"$folder/boot" && read -r this </proc/sys/kernel/random/boot_id
    [ "$armed_in" != "$this" ] || return 0
    # Where the first try failed, the next ones come when daemons run already.
    systemctl -q is-active sysinit.target || booting=yes no_wait=--no-block
    restore "when it was started anew"
}

restore() { # when; what was begun and cut off is begun again
    exec 8>"$LOCKOUT/lock"
    flock 8
    is_armed || return 0
    manifest=$NL$(cat "$folder/manifest")$NL
    put_back || {
        tell "cannot be put back yet, $problems"
        exit 1
    }
    activate
    [ ! -s "$folder/files" ] || cat "$folder/files" >>"$STATE/files" # the old texts are ours again
    [ ! -s "$folder/entries" ] || entries_back
    rest_back
    for role in $ROLES; do rm -f "$STATE/$role.digest"; done
    printf '%s\t%s\trestored\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$(cat "$folder/by")" >>"$STATE/history"
    over restored "$1${problems:+, but $problems}"
}

put_back() { # nothing is lost by doing it twice
    while read -r kind name rest; do
        case "$kind $rest" in
        'file .') bring "$name" || return 1 ;;
        'absent .') rm -f -- "$name" || problem "$name" "cannot be removed" || return 1 ;;
        esac
    done <"$folder/manifest"
}

bring() { # path
    said=$(mkdir -p "${1%/*}" && rm -f -- "$1.igoudar-new" && replica "$folder/saved$1" "$1.igoudar-new" 2>&1 &&
        mv -f -- "$1.igoudar-new" "$1" 2>&1 && sync "${1%/*}" 2>&1) || problem "$1" "$said"
}

replica() { # file as; needs no room where both are on one disk
    ln -- "$1" "$2" 2>/dev/null && return 0
    cp -a -- "$1" "$2" && { [ -L "$2" ] || sync "$2"; } # of a link it would be its target
}

problem() { # of what, what was said
    problems="$problems${problems:+; }$1: $(printf '%s' "$2" | tail -n 1)"
    return 1
}

attempt() { # of what, command
    what=$1
    shift
    said=$(timeout -k 5 "$STEP" "$@" 2>&1 </dev/null 8>&-) || problem "$what" "${said:-ended with $?}"
}

kept() { # paths: whether one of them was put back
    for path; do
        case $manifest in
        *"${NL}file $path .$NL"* | *"${NL}absent $path .$NL"*) return 0 ;;
        esac
    done
    return 1
}

command_back() { # name, what to run, paths that ask for it
    name=$1 run=$2
    shift 2
    [ "$booting" = yes ] || ! kept "$@" || attempt "command $name" sh -c "$run"
}

units_back() { # paths of unit files
    [ "$booting" = yes ] || ! kept "$@" || attempt systemd systemctl daemon-reload
}

was() { # unit: what it was before its first change; nothing where it had none
    seen="$seen $1"
    before=${manifest#*"${NL}unit $1 "}
    [ "$before" != "$manifest" ] || before=
    before=${before%%"$NL"*}
}

enabled_back() { # unit
    was "$1"
    case $before in
    *' enabled .') attempt "unit $1" systemctl --no-reload enable "$1" ;;
    *' disabled .' | *' none .' | *' not-found .') attempt "unit $1" systemctl --no-reload disable "$1" ;;
    esac
}

running_back() { # unit, paths that restart it, paths that reload it
    was "$1"
    case $before in
    '' | 'active '* | 'reloading '* | 'activating '*) [ "$booting" = yes ] || run_back "$@" ;;
    *) attempt "unit $1" systemctl $no_wait stop "$1" ;;
    esac
}

run_back() { # as running_back; knows before
    if [ -z "$before" ] && ! systemctl -q is-active "$1"; then return 0; fi
    if kept $2; then
        systemctl reset-failed "$1" 2>/dev/null
        attempt "unit $1" systemctl restart "$1"
    elif kept $3 && systemctl -q is-active "$1"; then
        attempt "unit $1" systemctl reload "$1" || attempt "unit $1" systemctl restart "$1"
    elif [ -n "$before" ]; then
        attempt "unit $1" systemctl start "$1"
    fi
}

entries_back() { # of files that were removed: whom to tell; a cut that left half a line costs that one
    while read -r _ _ _ path tokens; do
        [ "$booting" = no ] && kept "$path" || continue
        for token in $tokens; do
            case $token in
            restart:* | reload:*) systemctl -q is-active "${token#*:}" && attempt "unit ${token#*:}" systemctl "${token%%:*}" "${token#*:}" ;;
            esac
        done
    done <"$folder/entries"
}

rest_back() { # units of roles that have left: nobody else names them
    case $manifest in
    *" /etc/systemd/system/"*) [ "$booting" = yes ] || attempt systemd systemctl daemon-reload ;;
    esac
    while read -r kind name _; do
        case "$kind $seen " in
        *" $name "*) ;;
        unit*)
            enabled_back "$name"
            running_back "$name" '' ''
            ;;
        esac
    done <"$folder/manifest"
}

over() { # outcome, when and how; it counts when armed is gone
    printf '%s\n' "$RUN $1 $2" >"$LOCKOUT/last.new" && sync "$LOCKOUT/last.new" &&
        mv -f "$LOCKOUT/last.new" "$LOCKOUT/last"
    rm -f "$LOCKOUT/armed" || exit 1
    sync -f "$LOCKOUT"
    rm -rf -- "$folder"
    tell "$1 $2"
}

confirm() { # run
    exec 8>"$LOCKOUT/lock"
    flock 8
    if is_armed && [ "${1:-$RUN}" = "$RUN" ]; then
        over confirmed "by a new login"
        systemctl stop igoudar-lockout.service 2>/dev/null
        echo "confirmed by a new login"
    else
        status "$@"
    fi
}

status() { # run
    if is_armed && [ "${1:-$RUN}" = "$RUN" ]; then
        if [ -s "$folder/until" ] && read -r until <"$folder/until"; then
            look
            echo armed $((until > now ? until - now : 0))
        else
            echo running
        fi
    elif read -r name outcome told <"$LOCKOUT/last" && [ "$name" = "${1:-$RUN}" ]; then
        echo "$outcome $told"
    elif flock -n "$STATE/lock" true; then
        echo none
    else
        echo running
    fi 2>/dev/null
}

main() { # verb, run
    verb=${1:-}
    [ $# -eq 0 ] || shift
    case $verb in
    watch | boot | confirm | status) "$verb" "$@" ;;
    now)
        restore "as somebody asked for there"
        status
        ;;
    *)
        echo "usage: back status | confirm | now (watch and boot are for the units)" >&2
        exit 2
        ;;
    esac
}
