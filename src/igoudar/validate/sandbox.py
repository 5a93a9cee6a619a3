"""A command in an unpacked Debian image, in namespaces of its own, as any user; nothing of it stays."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from igoudar.errors import IgoudarError

SECONDS = 60  # an oracle that has not spoken by then hangs
# Mode 755: in a sticky folder nobody may open another user's device for writing.
# Of the image only what may be read is used; everything that a daemon writes is in memory. The users of the
# daemons are all user 0 here: a user namespace has only one.
PRELUDE = """
set -e
root=$1 work=$2 host=$3
mount --make-rprivate /
mount --bind "$root" "$root"
cd "$root"
for folder in run tmp dev etc/frr var/log var/tmp var/lib/frr; do
  mkdir -p "$folder"
  mount -t tmpfs -o mode=755 tmpfs "$root/$folder"
done
mkdir -p run/frr run/network run/judged var/tmp/frr
mount --bind "$work" run/judged
for file in null zero random urandom; do : > dev/$file; mount --bind /dev/$file dev/$file; done
printf '%s:x:0:0::/:/bin/sh\\n' root frr > run/passwd
printf '%s:x:0:root,frr\\n' root frr frrvty > run/group
mount --bind run/passwd etc/passwd
mount --bind run/group etc/group
mount -t proc proc proc
mount -t sysfs sysfs sys
echo 'service integrated-vtysh-config' > etc/frr/vtysh.conf
hostname "$host"
ip link set lo up
echo 1 > /proc/sys/net/ipv4/ip_forward
echo 1 > /proc/sys/net/ipv6/conf/all/forwarding
exec chroot "$root" /bin/sh /run/judged/script
"""


@dataclass(frozen=True, slots=True)
class Complaint:
    """What an oracle says; `line` of the text, 0 where it does not say which.

    `refused`: a switch would refuse the text; else it takes it, and writes it otherwise.
    """

    line: int
    said: str
    refused: bool = True


def run(
    root: Path, host: str, script: str, files: Mapping[str, str], *, seconds: int = SECONDS
) -> dict[str, str]:
    """Run a shell script in the image; it finds `files` in /run/judged and leaves its own there.

    Returns all files of that folder by name. Raises IgoudarError where the sandbox itself fails.
    """
    with tempfile.TemporaryDirectory(prefix="igoudar-") as folder:
        work = Path(folder)
        for name, text in {**files, "script": script, "prelude": PRELUDE}.items():
            (work / name).write_text(text, encoding="utf-8")
        user = [] if os.geteuid() == 0 else ["--map-root-user"]
        command = ["unshare", *user, "--mount", "--net", "--pid", "--uts", "--ipc", "--fork", "--kill-child"]
        command += ["/bin/sh", str(work / "prelude"), str(root), str(work), host]
        try:
            ran = subprocess.run(
                command, capture_output=True, text=True, timeout=seconds, check=False, errors="replace"
            )
        except subprocess.TimeoutExpired as error:
            raise IgoudarError(f"the validator of {host} has not answered for {seconds} s") from error
        if ran.returncode != 0:
            last = (ran.stderr or ran.stdout).strip().splitlines()[-1:] or ["no message"]
            raise IgoudarError(f"the sandbox of the validators failed (status {ran.returncode}): {last[0]}")
        return {p.name: p.read_text(encoding="utf-8", errors="replace") for p in work.iterdir()}
