# All roles of a host in one go: only judged (MODE=plan) or applied (MODE=apply). POSIX sh, as root.
#
# The caller has set MODE, WHOLE (yes: these are all roles of this host), SERIAL (of the box that is meant;
# empty: any), ROLES, PATHS, LINED, PACKAGES, USERS and UNITS (words of narrow alphabets, see igoudar.roles) and
# calls the functions below in order. What a host is like is asked once, with one process a question, and again
# only after something that may have changed it.
#
# An answer is records, `LENGTH TEXT`, a line each; LENGTH counts the bytes of TEXT. They go by descriptor 3
# alone; what anything else prints goes to stderr. Before the first one stands an empty line, which ends what a
# login's own files may have printed. TEXT is fields with a tab between them:
#   role NAME | change KIND NAME WHAT OLD [PLACE] | failed KIND NAME MESSAGE | done NAME DIGEST | skipped NAME
#   busy | box FOUND MEANT | armed RUN | unconfirmed STATUS | reboot WHY | end
# OLD, MESSAGE, FOUND, MEANT and WHY are base64, or -; the rest are words of narrow alphabets. The role `-` is nobody:
# what no role declares any more (removal.sh). Only `end` says that the answer is whole.
#
# A word to a unit (restart ...) is kept in a file until the role has ended well, so that a run that died
# half-way is finished by the next one.
set -u
umask 022
LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive
SYSTEMCTL_SKIP_SYSV=1 # units are native; links of init scripts nobody reads cost seconds of Perl
export LC_ALL PATH DEBIAN_FRONTEND SYSTEMCTL_SKIP_SYSV
STATE=/var/lib/igoudar/roles LOCKOUT=/var/lib/igoudar/lockout
NL='
'
TAB='	'
stale=yes failed=no halt=no reload_due=no coming=no
guarded=no # yes in a role that may lock everybody out (lockout.sh)
exec 3>&1 1>&2
printf '\n' >&3

say() {
    line=$1
    shift
    for field; do line=$line$TAB$field; done
    printf '%s %s\n' "${#line}" "$line" >&3
}

run_text() { # a shell text of a role; keeps neither our answer nor the lock, should it leave a daemon behind
    (eval "$1") </dev/null 3>&- 9>&-
}

encode() { # the last lines, whole: what is secret is found by the beginning of its line
    tail=$(printf '%s' "$1" | tail -c 2000)
    [ "$tail" = "$1" ] || tail=${tail#*"$NL"}
    printf '%s' "$tail" | base64 -w 0
}

fail() { # kind name message
    failed=yes
    note failed "$1" "$2"
    say failed "$1" "$2" "$(encode "$3")"
}

gather() {
    [ "$stale" = yes ] || return 0
    sums=$NL modes=$NL packages=$NL logins=$NL
    [ -z "$PATHS" ] || sums=$NL$(sha256sum -- $PATHS 2>/dev/null)$NL
    [ -z "$PATHS" ] || modes=$NL$(stat -c '%a %U %G %n' -- $PATHS 2>/dev/null)$NL
    [ -z "$PACKAGES" ] || packages=$NL$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' $PACKAGES 2>/dev/null)$NL
    [ -z "$USERS" ] || logins=$NL$(getent passwd $USERS)$NL
    gather_units
    stale=no
}

gather_units() { # one line a unit: id, active state, state of its file
    units=$NL unit_id='' unit_active=''
    [ -n "$UNITS" ] || return 0
    # systemd remembers the state of a file until its next reload (seconds on a small host); this one looks.
    states=$NL$(systemctl is-enabled -- $UNITS 2>&1)$NL
    while IFS='=' read -r key value; do
        case $key in
        Id) unit_id=$value ;;
        ActiveState) unit_active=$value ;;
        '')
            states=${states#"$NL"}
            state=${states%%"$NL"*} states=$NL${states#*"$NL"}
            case $state in
            *' '*) state=none ;; # a sentence: there is no such unit
            esac
            units="$units$unit_id $unit_active ${state:-none}$NL"
            ;;
        esac
    done <<END
$(systemctl show -p Id -p ActiveState -- $UNITS)

END
}

begin() { # role digest shown|hidden: whether texts of its files may be shown once it is gone
    role=$1 digest=$2 private=$3 failed=$halt changed=no pending=$NL recorded=-
    if [ -s "$STATE/$role.pending" ]; then
        while read -r token; do pending=$pending$token$NL; done <"$STATE/$role.pending"
    fi
    if [ -s "$STATE/$role.digest" ]; then read -r recorded <"$STATE/$role.digest"; fi
    say role "$role"
}

finish() {
    if [ "$failed" = yes ]; then
        [ "$halt" = no ] || say skipped "$role"
        halt=yes
        return 0
    fi
    if [ "$MODE" = apply ]; then
        [ "$changed" = no ] || sync -f "$STATE"
        if [ -e "$STATE/$role.pending" ]; then rm -f "$STATE/$role.pending"; fi
        if [ "$recorded" != "$digest" ]; then
            printf '%s\n' "$digest" >"$STATE/$role.digest.new"
            mv -f "$STATE/$role.digest.new" "$STATE/$role.digest"
        fi
        [ "$changed" = no ] || sync -f "$STATE" # a power cut does not bring the pending words back
    fi
    say done "$role" "$recorded"
}

change() { # kind name what old
    [ "$guarded" = no ] || keep "$1" "$2"
    changed=yes
    note "$1" "$2" "$3"
    say change "$@"
}

remember() { # tokens
    for token; do
        case $pending in
        *"$NL$token$NL"*) ;;
        *) pending=$pending$token$NL ;;
        esac
    done
    [ "$MODE" = plan ] || printf '%s' "${pending#"$NL"}" >"$STATE/$role.pending"
}

is_pending() { # token
    case $pending in
    *"$NL$1$NL"*) return 0 ;;
    esac
    return 1
}

packages() { # names
    [ "$failed" = no ] || return 0
    gather
    missing=
    for name; do
        case $packages in
        *"${NL}installed $name$NL"*) ;;
        *) missing="$missing $name" && change package "$name" install - ;;
        esac
    done
    [ -n "$missing" ] || return 0
    if [ "$MODE" = plan ]; then
        coming=yes # files that are not there yet, who knows which
        return 0
    fi
    stale=yes
    set -- -q -y --no-install-recommends -o Dpkg::Options::=--force-confold
    apt-get install "$@" $missing >/dev/null 2>&1 3>&- 9>&- && return 0
    said=$( (apt-get -q update && apt-get install "$@" $missing) 2>&1 3>&- 9>&-) || fail package "${missing# }" "$said"
}

user() { # name groups
    [ "$failed" = no ] || return 0
    gather
    case $logins in
    *"$NL$1:"*) ;;
    *)
        change user "$1" create -
        [ "$MODE" = apply ] || return 0
        stale=yes
        said=$(useradd -m -s /bin/bash -p '*' -- "$1" 2>&1) || fail user "$1" "$said"
        ;;
    esac
    [ -n "$2" ] && [ "$failed" = no ] || return 0
    has=" $(id -nG -- "$1" 2>/dev/null) "
    for group in $2; do
        case $has in
        *" $group "*) continue ;;
        esac
        change user "$1" "join $group" -
        [ "$MODE" = plan ] || said=$(usermod -a -G "$group" -- "$1" 2>&1) || fail user "$1" "$said"
    done
}

file() { # path owner group mode sum validate unless tokens...; the text on stdin
    [ "$failed" = no ] || return 0
    gather
    path=$1 owner=$2 group=$3 mode=$4 sum=$5 validate=$6 unless=$7
    shift 7
    what= tokens=$*
    case $modes in
    *"$NL$mode $owner $group $path$NL"*) ;;
    *) what=mode ;;
    esac
    case $sums in
    *"$NL$sum  $path$NL"*) ;;
    *) what=text ;;
    esac
    if [ -z "$what" ]; then
        is_listed "$path" && note_file
        return 0
    fi
    if [ -n "$unless" ] && run_text "$unless" >/dev/null 2>&1; then return 0; fi
    old=-
    if [ "$what" = text ] && [ -f "$path" ] && ! is_secret "$path"; then old=$(base64 -w 0 <"$path"); fi
    change file "$path" "$what" "$old"
    case $path in
    /etc/systemd/system/*) set -- "$@" daemon-reload ;;
    esac
    [ $# -eq 0 ] || remember "$@"
    [ "$MODE" = plan ] || write_file
}

write_file() { # of path, owner, group, mode and validate; the text on stdin
    new=$path.igoudar-new folder=${path%/*}
    if [ ! -d "$folder" ]; then
        mkdir -p "$folder" && chown "$owner:$group" "$folder"
    fi
    # one that a killed run left there would keep its mode
    said=$(umask 077 && { [ ! -e "$new" ] || rm -f "$new"; } && cat 2>&1 >"$new" && chown "$owner:$group" "$new" 2>&1 && chmod "$mode" "$new" 2>&1) || {
        fail file "$path" "cannot be written: $said"
        return 0
    }
    if [ -n "$validate" ]; then
        said=$(run_text "$validate" 2>&1) || {
            rm -f "$new"
            fail file "$path" "refused before it replaced the old text: $said"
            return 0
        }
    fi
    list_file # first: what a run that dies in between has written is known as ours
    mv -f "$new" "$path" || fail file "$path" "cannot be replaced"
    note_file
}

one_line() { # place among the role's lines, path, line, replaces, tokens...
    [ "$failed" = no ] || return 0
    place=$1 path=$2 text=$3 replaces=$4
    shift 4
    judge_line "$path" "$text" "$replaces"
    if [ "$verdict" = missing ] && [ "$coming" = yes ]; then verdict=add; fi
    case $verdict in
    right) return 0 ;;
    add) change line "$path" add - "$place" ;;
    replace) change line "$path" "replace $number" "$(printf '%s' "$old_line" | base64 -w 0)" "$place" ;;
    missing) fail line "$path" "there is no such file; a whole one is a file of a role" ;;
    *) fail line "$path" "$verdict" ;;
    esac
    [ "$failed" = no ] || return 0
    [ $# -eq 0 ] || remember "$@"
    [ "$MODE" = plan ] || said=$(put_line "$path" "$text" "$number" 2>&1) ||
        fail line "$path" "cannot be written: $said"
}

run_command() { # name run unless
    [ "$failed" = no ] || return 0
    keep_command "$1" "$2"
    if ! is_pending "run:$1"; then
        [ -n "$3" ] || return 0
        if run_text "$3" >/dev/null 2>&1; then return 0; fi
    fi
    change command "$1" run -
    [ "$MODE" = apply ] || return 0
    stale=yes
    said=$(run_text "$2" 2>&1) || fail command "$1" "$said"
}

reload_units() { # after unit files changed, before the first unit of the role
    if [ "$failed" = yes ] || [ "$MODE" = plan ] || ! is_pending daemon-reload; then return 0; fi
    stale=yes reload_due=no
    said=$(systemctl daemon-reload 2>&1) || fail unit systemd "$said"
}

end() { # after the last role
    [ "$reload_due" = no ] || systemctl daemon-reload
    say end
}

unit() { # name enabled running; yes, no, or - for running
    [ "$failed" = no ] || return 0
    gather
    known=${units#*"$NL$1 "}
    known=${known%%"$NL"*}
    active=${known%% *}
    enabled=no
    case ${known#* } in
    enabled | static | indirect | generated | alias | linked) enabled=yes ;;
    esac
    [ "$2" = "$enabled" ] || { [ "$2" = no ] && case ${known#* } in none | not-found) ;; *) false ;; esac; } || enable_unit "$1" "$2"
    [ "$3" = - ] || run_unit "$1" "$3"
}

enable_unit() { # name yes|no
    verb=enable
    [ "$2" = yes ] || verb=disable
    change unit "$1" "$verb" -
    [ "$MODE" = apply ] || return 0
    reload_due=yes # once at the end, not a second for each unit
    said=$(systemctl --no-reload "$verb" "$1" 2>&1) || fail unit "$1" "$verb: $said"
}

run_unit() { # name yes|no; knows active
    verb=
    case $active in
    active | reloading | activating)
        if [ "$2" = no ]; then
            verb=stop
        elif is_pending "restart:$1"; then
            verb=restart
        elif is_pending "reload:$1"; then
            verb=reload
        fi
        ;;
    *) [ "$2" = no ] || verb=start ;;
    esac
    [ -n "$verb" ] && [ "$failed" = no ] || return 0
    change unit "$1" "$verb" -
    [ "$MODE" = apply ] || return 0
    case $verb in
    start | restart) systemctl reset-failed "$1" 2>/dev/null ;;
    esac
    systemctl "$verb" "$1" >/dev/null 2>&1 || fail unit "$1" "$verb failed: $(journalctl -q -u "$1" -n 8 -o cat --no-pager 2>&1)"
}

same_box() { # what is done to another box than the one that is meant would count as done here
    [ "$MODE" = apply ] && [ -n "$SERIAL" ] || return 0
    for file in /etc/igoudar/serial /sys/class/dmi/id/product_serial; do
        found=$(sed 's/^[[:space:]]*//; s/[[:space:]]*$//' "$file" 2>/dev/null) && break
    done
    [ "$found" = "$SERIAL" ] && return 0
    say box "$(encode "$found")" "$(encode "$SERIAL")"
    exit 76
}

take_lock() {
    [ "$MODE" = apply ] || return 0
    mkdir -p "$STATE"
    exec 9>"$STATE/lock" # not for what a command leaves running: the lock is ours
    flock -n 9 || {
        say busy
        exit 75
    }
    if [ ! -s "$LOCKOUT/armed" ]; then # what an earlier run kept, and a power cut left there
        [ ! -d "$LOCKOUT" ] || find "$LOCKOUT" -mindepth 1 -maxdepth 1 -type d -exec rm -rf {} +
        return 0
    fi
    say unconfirmed "$(sh "$LOCKOUT/back" status)" # what it will put back must not be changed again
    exit 78
}
