# Part of the script of a host where a role may lock everybody out (after bundle.sh). Before such a role
# changes a file or a unit, that is kept as it is, durably; before the first of them all a watch is started
# that puts it back (back.sh). RUN is set, and back_program and boot_unit print what is to stand on the host.
# Of files that go (removal.sh) the entry in the list of ours is kept too. Further answers: armed RUN. A role
# whose change cannot be kept fails before it changes anything.
guard_folder=$LOCKOUT/$RUN armed=no kept=$NL
BOOT_UNIT=/etc/systemd/system/igoudar-lockout-boot.service

keep() { # kind name; must not touch the variables of its callers
    [ "$armed" = yes ] || arm
    case $1 in
    file | line) keep_file "$2" ;;
    unit) keep_unit "$2" ;;
    esac
}

arm() {
    guard_said=$(prepare_back 2>&1) || not_kept "cannot be armed: $guard_said"
    armed=yes
    say armed "$RUN"
}

not_kept() { # why
    fail lockout "$RUN" "$1; nothing more is changed"
    halt=yes
    history_end
    [ "$reload_due" = no ] || systemctl daemon-reload
    exit 77
}

prepare_back() { # in a subshell
    umask 077
    mkdir -p "$LOCKOUT" && find "$LOCKOUT" -mindepth 1 -maxdepth 1 -type d -exec rm -rf {} + &&
        mkdir -p "$guard_folder/saved" && : >"$guard_folder/manifest" && echo $$ >"$guard_folder/pid" &&
        printf '%s\n' "$BY" >"$guard_folder/by" &&
        { [ ! -e "$STATE/files" ] || cp -p "$STATE/files" "$guard_folder/files"; } &&
        cat /proc/sys/kernel/random/boot_id >"$guard_folder/boot" &&
        back_program >"$LOCKOUT/back.new" && mv -f "$LOCKOUT/back.new" "$LOCKOUT/back" && at_boot &&
        printf '%s\n' "$RUN" >"$LOCKOUT/armed.new" && sync -f "$LOCKOUT" &&
        mv -f "$LOCKOUT/armed.new" "$LOCKOUT/armed" && sync -f "$LOCKOUT" || return 1
    systemctl stop igoudar-lockout.service 2>/dev/null # of a run that is over, in its last moment
    systemd-run -q --collect --unit=igoudar-lockout -p Type=exec -p Restart=on-failure -p RestartSec=5 \
        -p StartLimitIntervalSec=0 /bin/sh "$LOCKOUT/back" watch 3>&- && return 0
    rm -rf -- "$LOCKOUT/armed" "$guard_folder"
    return 1
}

at_boot() { # written once, and again where it is another
    links=${BOOT_UNIT%/*}/multi-user.target.wants
    if boot_unit | cmp -s - "$BOOT_UNIT" && [ -L "$links/${BOOT_UNIT##*/}" ]; then return 0; fi
    (umask 022 && mkdir -p "$links" && boot_unit >"$BOOT_UNIT.new" && sync "$BOOT_UNIT.new" &&
        mv -f "$BOOT_UNIT.new" "$BOOT_UNIT" && ln -sfn "$BOOT_UNIT" "$links/${BOOT_UNIT##*/}" && sync -f "$links")
}

keep_file() { # path: the file as it is before its first change of this run
    case $kept in
    *"${NL}file $1$NL"*) return 0 ;;
    esac
    guard_line="absent $1 ."
    if [ -e "$1" ] || [ -L "$1" ]; then
        guard_line="file $1 ."
        guard_said=$(umask 077 && mkdir -p "$guard_folder/saved${1%/*}" 2>&1 &&
            cp -a -- "$1" "$guard_folder/saved$1" 2>&1 && sync -f "$guard_folder" 2>&1) || not_kept "$1 cannot be kept: $guard_said"
    fi
    note_kept "$guard_line"
    kept="${kept}file $1$NL"
}

keep_entry() { # line of the list of what is ours, of a file that goes: whom to tell when it is back
    guard_said=$(printf '%s\n' "$1" 2>&1 >>"$guard_folder/entries" && sync -f "$guard_folder" 2>&1) ||
        not_kept "what is known of a file cannot be noted: $guard_said"
}

keep_unit() { # name; knows units
    case $kept in
    *"${NL}unit $1$NL"*) return 0 ;;
    esac
    guard_line=${units#*"$NL$1 "}
    [ "$guard_line" != "$units" ] || guard_line="inactive none$NL"
    note_kept "unit $1 ${guard_line%%"$NL"*} ."
    kept="${kept}unit $1$NL"
}

note_kept() { # line; its end mark tells a whole line from one that a power cut left
    guard_said=$(printf '%s\n' "$1" 2>&1 >>"$guard_folder/manifest" && sync -f "$guard_folder" 2>&1) ||
        not_kept "${1% .} cannot be noted: $guard_said"
}
