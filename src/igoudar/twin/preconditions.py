"""What a machine must have before a twin is started, each lack as one sentence."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from igoudar.twin.paths import Image
from igoudar.twin.spec import TwinHost, TwinSpec, problems

TOOLS = {
    "ip": "iproute2",
    "tc": "iproute2",
    "bridge": "iproute2",
    "ethtool": "ethtool",
    "unshare": "util-linux",
    "mount": "mount",
}
USED_SHARE = 0.7  # of a host's memory, after some hours; kernels give back nothing
DISK_MB = 120  # of a host's own blocks
TRIAL_SECONDS = 20
_SECCOMP_FILTER = re.compile(r"^Seccomp:", re.MULTILINE)


def search_path() -> str:
    return f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"


def preconditions(spec: TwinSpec, folder: Path, running: frozenset[str] = frozenset()) -> Iterator[str]:
    """Sentences; none where the twin can be started. `folder` is where its disks will lie.

    `running`: names of hosts that run already and need no more room.
    """
    if platform.system() != "Linux" or platform.machine() != "x86_64":
        yield f"the twin's kernels run on Linux x86-64 only, this is {platform.system()} {platform.machine()}"
        return
    yield from problems(spec)
    missing = [tool for tool in TOOLS if not shutil.which(tool, path=search_path())]
    if missing:
        packages = sorted({TOOLS[tool] for tool in missing})
        yield f"missing: {', '.join(missing)}; scripts/setup packages installs {', '.join(packages)}"
    if not _SECCOMP_FILTER.search(Path("/proc/self/status").read_text("utf-8")):
        yield "this kernel has no seccomp, by which the twin's kernels run their processes"
    if "unshare" not in missing and (said := _namespaces()):
        yield said
    if re.search(r"[\s,]", str(folder)):
        yield f"the path {folder} has a blank or a comma, which the twin's kernels cannot be told"
    yield from _room([h for h in spec.hosts if h.name not in running], folder)


def unshare_words() -> list[str]:
    """The command that makes a twin's namespaces; root needs no user namespace."""
    user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    return ["unshare", *user, "--net", "--mount", "--pid", "--mount-proc", "--fork", "--kill-child"]


def _namespaces() -> str:
    done = subprocess.run(
        [*unshare_words(), "true"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PATH": search_path()},
    )
    if done.returncode == 0:
        return ""
    said = done.stderr.strip()
    return f"this machine lets you make no namespaces ({said}); a twin needs user namespaces, or root"


def _room(hosts: list[TwinHost], folder: Path) -> Iterator[str]:
    wanted = int(sum(h.memory_mb for h in hosts) * USED_SHARE)
    meminfo = Path("/proc/meminfo").read_text("utf-8")
    available = int(re.search(r"MemAvailable:\s+(\d+)", meminfo).group(1)) // 1024  # type: ignore[union-attr]
    if wanted > available:
        yield f"{len(hosts)} hosts need {wanted} MB of memory, {available} MB are free"
    there = next(p for p in (folder, *folder.parents) if p.exists())
    free = shutil.disk_usage(there).free // 2**20
    if (needed := len(hosts) * DISK_MB) > free:
        yield f"{len(hosts)} hosts need {needed} MB of disk in {there}, {free} MB are free"


def kernel_trial(image: Image) -> str:
    """Boots the kernel to its first process, once; a sentence where it does not come so far."""
    with tempfile.TemporaryDirectory(prefix="igoudar-") as folder:
        return _boot(image, folder)


def _boot(image: Image, folder: str) -> str:
    words = [
        str(image.kernel),
        "mem=64M",
        f"ubd0r={image.disk}",
        "root=/dev/ubda",
        "ro",
        "con=null",
        "con0=null,fd:1",
        "seccomp=on",
        f"uml_dir={folder}",  # else it leaves one in ~/.uml each time
        "init=/usr/bin/true",
        "panic=-1",
    ]
    try:
        done = subprocess.run(
            words,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TRIAL_SECONDS,
            check=False,
        )
        said = done.stdout + done.stderr
    except subprocess.TimeoutExpired as error:
        said = (error.stdout or b"").decode("utf-8", "replace")
    except OSError as error:
        return f"the twin's kernel cannot be run: {error.strerror}"
    if "as init process" in said and "exitcode=0x00000000" in said:
        return ""
    last = [line for line in said.splitlines() if line.strip()][-1:] or ["it said nothing"]
    return f"the twin's kernel does not boot on this machine: {last[0].strip()}"
