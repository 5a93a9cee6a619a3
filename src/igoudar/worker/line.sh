# One line of a file that is not ours. Both ways of a role use these functions (bundle.sh, operations.py).

judge_line() { # path line replaces; sets verdict (right, add, replace, missing or why not), number and old_line
    number='' old_line='' others=0 places='' there=no
    if [ ! -f "$1" ]; then
        verdict=missing
        return 0
    fi
    if grep -aqxF -e "$2" -- "$1"; then there=yes; fi
    [ -z "$3" ] || found=$(grep -anE -e "$3" -- "$1" 2>&1) || [ $? -eq 1 ] || {
        verdict="grep -E refuses the expression: $found"
        return 0
    }
    [ -z "$3" ] || read_others "$2"
    case $others:$there in
    0:yes) verdict=right ;;
    0:no) verdict=add ;;
    1:no) verdict=replace ;;
    *:no) verdict="the expression finds $others lines: $places; expected one, or none" ;;
    *) verdict="the line is there, and the expression finds another: $places; expected one of them" ;;
    esac
}

read_others() { # line; of the lines found, those that are not the line itself
    while IFS= read -r entry; do
        if [ -z "$entry" ] || [ "${entry#*:}" = "$1" ]; then continue; fi
        number=${entry%%:*} old_line=${entry#*:}
        others=$((others + 1)) places="$places${places:+, }$number"
    done <<END
$found
END
}

put_line() { # path line number (empty: at the end); whole beside it, then in its place, with its owner and mode
    real=$(readlink -f -- "$1") && new=$real.igoudar-new && cp -p -- "$real" "$new" || return 1
    if edited "$real" "$2" "$3" >"$new" && mv -f -- "$new" "$real"; then return 0; fi
    rm -f -- "$new"
    return 1
}

edited() { # path line number
    if [ -n "$3" ]; then
        head -n "$(($3 - 1))" -- "$1" && printf '%s\n' "$2" && tail -n "+$(($3 + 1))" -- "$1"
        return
    fi
    cat -- "$1" && { [ -z "$(tail -c 1 -- "$1")" ] || echo; } && printf '%s\n' "$2"
}
