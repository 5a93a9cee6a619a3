# What a run leaves on its host beside the roles: its history, and whether the host wants a reboot.
#
# The caller has set BY, in whose name the run is. A line as a run begins and one as it ends, so that one that
# broke off shows, with a tab between the fields (igoudar.host_history reads them):
#   TIME BY begun | TIME BY done|failed SECONDS DIGESTS CHANGES
# TIME is that of the beginning, in UTC. DIGESTS are role=digest of all that is applied now. CHANGES are
# `role: kind name what`, with `; ` between them.
HISTORY=$STATE/history KEPT=400
story=

note() { # kind name what
    [ "$MODE" = plan ] || story="$story${story:+; }$role: $1 $2 ${3:-}"
}

history_begin() {
    [ "$MODE" = apply ] || return 0
    read -r began _ </proc/uptime
    when=$(date -u +%Y-%m-%dT%H:%M:%SZ)
    printf '%s\t%s\tbegun\n' "$when" "$BY" >>"$HISTORY"
}

history_end() {
    [ "$MODE" = apply ] || return 0
    result=done digests=
    [ "$halt" = no ] || result=failed
    for file in "$STATE"/*.digest; do
        [ -e "$file" ] || continue
        read -r recorded <"$file"
        file=${file##*/}
        digests="$digests${digests:+ }${file%.digest}=$recorded"
    done
    read -r ended _ </proc/uptime
    seconds=$((${ended%%.*} - ${began%%.*}))
    printf '%s\t%s\t%s\t%s\t%s\t%.4000s\n' "$when" "$BY" "$result" "$seconds" "$digests" "$story" >>"$HISTORY"
    if [ "$(wc -l <"$HISTORY")" -gt $((2 * KEPT)) ]; then
        tail -n "$KEPT" "$HISTORY" >"$HISTORY.new" && mv -f "$HISTORY.new" "$HISTORY"
    fi
}

tell_reboot() { # packages say so, or a newer kernel is there than the one that runs
    why=
    if [ -e /run/reboot-required ]; then
        why=$(sort -u /run/reboot-required.pkgs 2>/dev/null | tr '\n' ' ')
        why="asked for by ${why:-a package}"
    fi
    set -- /boot/vmlinuz-*
    if [ -e "$1" ]; then
        runs=$(uname -r)
        newest=$(printf '%s\n' "$@" | sed 's/.*vmlinuz-//' | sort -V | tail -n 1)
        [ "$(printf '%s\n' "$runs" "$newest" | sort -V | tail -n 1)" = "$runs" ] ||
            why="${why:+${why% }; }the kernel $runs runs, $newest is installed"
    fi
    [ -z "$why" ] || say reboot "$(encode "${why% }")"
}
