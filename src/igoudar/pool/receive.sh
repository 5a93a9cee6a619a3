# On a mirror, as root: takes a snapshot of the pool. Called with POOL SNAPSHOT, a verb, and WHO calls.
#
#   begin  stdin: a line `SHA256  PATH` for each file. Prints `there` where the snapshot is whole, or those paths
#          that are still missing: what an earlier push left, and packages of other snapshots, are taken
#   take   stdin: a tar of missing files
#   end    every file has its sum: only now the snapshot is seen, whole
#
# POSIX sh. Until the end all lies in .SNAPSHOT.part, which no host asks for. One verb at a time; of two that
# push the same snapshot who begins last goes on, and the other is told.
set -eu
umask 022
LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
pool=$1 snapshot=$2 verb=$3 who=$4
part=$pool/.$snapshot.part sums=$pool/.$snapshot.sums by=$pool/.$snapshot.by

wrong() { # folder: the paths of the list that are not there, or are another file
    (cd "$1" && sha256sum -c --quiet "$sums" 2>/dev/null || true) | sed 's/: FAILED\( open or read\)\{0,1\}$//'
}

begin() {
    mkdir -p "$part"
    echo "$who" >"$by"
    cat >"$sums"
    if [ -d "$pool/$snapshot" ] && [ -z "$(wrong "$pool/$snapshot")" ]; then
        rm -rf "$part" "$sums" "$by"
        echo there
        return 0
    fi
    while read -r _ path; do
        case $path in *.deb) found=$(elsewhere "$path") || continue ;; *) continue ;; esac
        mkdir -p "$part/${path%/*}"
        ln "$found" "$part/$path"
    done <"$sums"
    wrong "$part" | while read -r path; do
        rm -f "$part/$path"
        echo "$path"
    done
}

elsewhere() { # path: that file in another snapshot, where it is not there yet
    [ ! -e "$part/$1" ] || return 1
    for other in "$pool"/[0-9]*Z; do
        if [ -f "$other/$1" ]; then
            echo "$other/$1"
            return 0
        fi
    done
    return 1
}

end() {
    left=$(wrong "$part")
    if [ -n "$left" ]; then
        echo "arrived with another sum than that of the lock: $(echo "$left" | head -n 1)" >&2
        exit 1
    fi
    sync -f "$part"
    rm -rf "$part.old"
    if [ -e "$pool/$snapshot" ]; then mv -T "$pool/$snapshot" "$part.old"; fi # such as one signed by another key
    mv -T "$part" "$pool/$snapshot"
    rm -rf "$part.old" "$sums" "$by"
}

mkdir -p "$pool"
exec 9<"$pool"
if ! flock -w 600 9; then
    echo "another push is at work here; wait until it has ended, then push again" >&2
    exit 1
fi
if [ "$verb" != begin ] && [ "$(cat "$by" 2>/dev/null)" != "$who" ]; then
    echo "another push of $snapshot has begun since; wait until it has ended, then push again" >&2
    exit 1
fi
case $verb in
begin | end) "$verb" ;;
take) tar -x -C "$part" --no-same-owner ;;
esac
