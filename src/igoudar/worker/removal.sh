# Files that we wrote, that nobody changed since and that no role of this host declares any more are removed,
# after the last role, if none failed. The host itself remembers what we wrote, in $STATE/files:
#   SUM ROLE shown|hidden PATH [TOKEN...]
# one line for each text that we put in place; TOKENs are what the role wanted to happen when the file changed.
# A text is noted before it stands there, so a path may have two lines until the list is written anew; it is
# ours while it has the sum of either. The first line `all` says that nothing of ours is missing: on a host of an
# older igoudar, which kept no list, the first whole run takes what it finds right for ours.
# A file that somebody changed since is theirs: it is left, said once, and forgotten.

recall() { # before the first role
    listed=$NL ours='' handled=$NL orphans='' wanted=' ' later=$NL noted=no
    if [ "$MODE" = apply ] && [ ! -e "$STATE/files" ]; then begin_list "$STATE"/*.digest; fi
    if [ -s "$STATE/files" ]; then listed=$NL$(cat "$STATE/files")$NL; fi
    [ "$WHOLE" = yes ] || return 0
    while read -r _ owner _ path tokens; do
        if [ -z "$path" ] || is_declared "$path"; then continue; fi
        case " $orphans " in
        *" $path "*) ;;
        *) orphans="$orphans $path" ;;
        esac
        for token in $tokens; do wanted="$wanted$owner/$token "; done
    done <<END
$listed
END
    [ ! -s "$STATE/-.pending" ] || while read -r token; do wanted="$wanted${token#run:} "; done <"$STATE/-.pending"
}

begin_list() { # digests of roles
    [ -e "$1" ] || (umask 077 && echo all >"$STATE/files")
}

is_declared() { # path
    case " $PATHS $LINED " in
    *" $1 "*) return 0 ;;
    esac
    return 1
}

is_listed() { # path; also where an older igoudar, which kept no list, has put it
    case $listed in
    *" $1 "* | *" $1$NL"*) return 0 ;;
    "${NL}all$NL"*) return 1 ;;
    esac
    [ "$WHOLE" = yes ] && [ "$recorded" != - ]
}

is_secret() { # path: what stands there may hold what the text that comes has no mark of
    [ "$private" = shown ] || return 1
    case $listed in
    *" hidden $1 "* | *" hidden $1$NL"*) return 0 ;;
    esac
    return 1
}

note_file() { # of file(): it stands as declared, and by our hand
    ours="$ours$sum $role $private $path${tokens:+ $tokens}$NL" handled="$handled$path$NL"
}

list_file() { # of file(): it is about to
    noted=yes
    (umask 077 && printf '%s\n' "$sum $role $private $path${tokens:+ $tokens}" >>"$STATE/files")
    sync "$STATE/files"
}

keep_command() { # name run; for a file that goes and wanted it
    case $wanted in
    *" $role/run:$1 "* | *" $role/$1 "*) later="$later$role/$1 $(printf '%s' "$2" | base64 -w 0)$NL" ;;
    esac
}

sweep() { # after the last role
    if [ "$WHOLE" = no ] || [ "$halt" = yes ]; then return 0; fi
    if [ -n "$orphans" ] || [ -s "$STATE/-.pending" ]; then
        begin - - hidden
        judge_orphans
        retire_units
        [ "$failed" = yes ] || remove_files
        reload_units
        settle_tokens
        finish
    fi
    [ "$MODE" = plan ] || write_list
}

judge_orphans() { # ours as we wrote them, or theirs; what is gone already is forgotten
    going='' theirs='' retired='' told=''
    now=$NL$(sha256sum -- $orphans 2>/dev/null)$NL
    for path in $orphans; do
        case $path in
        */etc/network/interfaces) # the next start would have no addresses, and nobody would notice before
            say change file "$path" 'kept: the host needs one' -
            continue
            ;;
        esac
        case $now in
        *"  $path$NL"*)
            before=${now%%"  $path$NL"*}
            if find_entry "$path" "${before##*"$NL"}"; then
                going="$going $path"
                for token in $tokens; do told="$told ${token#*:}"; done
            else
                theirs="$theirs $path"
            fi
            ;;
        *) if [ -e "$path" ] || [ -L "$path" ]; then theirs="$theirs $path"; fi ;;
        esac
    done
    for path in $theirs; do say change file "$path" 'kept: changed since' -; done
}

find_entry() { # path sum; sets owner, private and tokens
    while read -r was owner private at tokens; do
        if [ "$at" = "$1" ] && [ "$was" = "$2" ]; then return 0; fi
    done <<END
$listed
END
    return 1
}

retire_units() { # whose unit file goes and which no role names; what starts others first
    for path in $going; do
        name=${path#/etc/systemd/system/}
        case " $UNITS " in
        *" $name "*) continue ;;
        esac
        case $name in
        */*) ;;
        *.timer | *.socket | *.path) retired="$name $retired" ;;
        *.service | *.target | *.mount) retired="$retired $name" ;;
        esac
    done
    for token in $pending; do told="$told ${token#*:}"; done
    ask_units $retired $told
    for name in $retired; do
        [ "$failed" = no ] || return 0
        retire_unit "$name"
    done
}

ask_units() { # names; those that are no units are left out
    for name; do
        case $name in
        *@.*) ;;
        *.service | *.timer | *.socket | *.path | *.target | *.mount) UNITS="$UNITS $name" ;;
        esac
    done
    stale=yes
    gather
}

look_up() { # unit; sets known and active
    case $units in
    *"$NL$1 "*) known=${units#*"$NL$1 "} known=${known%%"$NL"*} ;;
    *) known='inactive none' ;;
    esac
    active=${known%% *}
}

retire_unit() { # name
    case $1 in
    *@.*)
        change unit "$1" stop -
        [ "$MODE" = plan ] || said=$(systemctl stop "${1%%@*}@*.${1##*.}" 2>&1 && systemctl --no-reload disable "$1" 2>&1) ||
            fail unit "$1" "stop: $said"
        return 0
        ;;
    esac
    look_up "$1"
    case ${known#* } in
    enabled | enabled-runtime | linked | alias) enable_unit "$1" no ;;
    esac
    run_unit "$1" no
    [ "$MODE" = plan ] || systemctl reset-failed "$1" 2>/dev/null
}

remove_files() {
    for path in $going; do
        before=${now%%"  $path$NL"*}
        find_entry "$path" "${before##*"$NL"}"
        old=-
        [ "$private" = hidden ] || old=$(base64 -w 0 <"$path")
        change file "$path" remove "$old"
        [ "$guarded" = no ] || keep_entry "$was $owner $private $path${tokens:+ $tokens}"
        for token in $tokens; do
            case $token in
            run:*) remember "run:$owner/${token#run:}" ;;
            *) remember "$token" ;;
            esac
        done
        case $path in
        /etc/systemd/system/*) remember daemon-reload ;;
        esac
        [ "$MODE" = plan ] || said=$(rm -f -- "$path" 2>&1) || {
            fail file "$path" "cannot be removed: $said"
            return 0
        }
    done
}

settle_tokens() { # what read a file that is gone reads again, if it is still there and runs
    settled=' '
    for token in $pending; do
        [ "$failed" = no ] || return 0
        name=${token#*:}
        case " $settled $retired " in
        *" $name "*) continue ;;
        esac
        settled="$settled$name "
        case $token in
        run:*) run_later "$name" ;;
        restart:* | reload:*)
            gather
            look_up "$name"
            case $active in
            active | reloading | activating) run_unit "$name" yes ;;
            esac
            ;;
        esac
    done
}

run_later() { # role/name
    case $later in
    *"$NL$1 "*) ;;
    *) return 0 ;; # it has gone with its role
    esac
    text=${later#*"$NL$1 "}
    text=$(printf '%s' "${text%%"$NL"*}" | base64 -d)
    change command "${1#*/}" run -
    [ "$MODE" = apply ] || return 0
    stale=yes
    said=$(run_text "$text" 2>&1) || fail command "${1#*/}" "$said"
}

write_list() { # what stands, what was left alone, and what could not be removed; then roles that have left
    while read -r was owner private path tokens; do
        if [ -z "$path" ]; then continue; fi
        case $handled in
        *"$NL$path$NL"*) continue ;;
        esac
        case " $PATHS " in
        *" $path "*) ;;
        *)
            case " ${going:-} " in
            *" $path "*) [ -e "$path" ] || continue ;;
            *) continue ;;
            esac
            ;;
        esac
        ours="$ours$was $owner $private $path${tokens:+ $tokens}$NL"
    done <<END
$listed
END
    if [ "$noted" = yes ] || [ "$listed" != "${NL}all$NL$ours" ]; then
        (umask 077 && printf 'all\n%s' "$ours" >"$STATE/files.new") && sync "$STATE/files.new" && mv -f "$STATE/files.new" "$STATE/files"
    fi
    for path in "$STATE"/*.digest "$STATE"/*.pending; do
        owner=${path##*/} owner=${owner%.*}
        case " $ROLES - " in
        *" $owner "* | *' * '*) ;;
        *) rm -f -- "$path" ;;
        esac
    done
}
