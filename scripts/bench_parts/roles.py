"""`scripts/bench roles`: what every host of a site has, on N hosts with a real sshd each, by four engines.

`ours` is `run_roles`; `pyinfra` the same roles as its ordinary operations; `ansible` the same declarations by
its own modules; `exec` plain paramiko with the finished script, the floor. For every figure the hosts are
made anew; the first run configures them, the second finds nothing to do. `role_cases` does it.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path
from statistics import median

from bench_parts.cpu_groups import cpu_groups, hierarchy
from igoudar.errors import Missing
from igoudar.validate.image import cache_folder

CHECKOUT = Path(__file__).absolute().parents[2]
LOCK = Path(__file__).with_name("ansible.lock")
NAMESPACES = ("unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc")
SIZES = (25, 50, 100, 200)
REPETITIONS, STEADY_RUNS = 3, 20


@dataclass(frozen=True, slots=True)
class Case:
    """One engine on so many hosts, by so many worker processes, run so often."""

    engine: str
    hosts: int
    processes: int = 1
    runs: int = 2


@dataclass(frozen=True, slots=True)
class Figures:
    """What an engine said of itself: CPU seconds of its start, then of each run (`role_engines`)."""

    case: Case
    start: float
    runs: tuple[dict[str, float], ...]

    def per_host(self, of: str, run: int) -> float:
        """Milliseconds of CPU a host; `of` is client or targets."""
        return self.runs[run][of] * 1000 / self.case.hosts


def roles(hosts: int, *, sizes: bool, only: str) -> None:
    """The table of the engines on `hosts`; with `sizes` the curve, two processes, and what a worker holds."""
    found = measure(cases(hosts, sizes=sizes, only=only))
    print(*table(f for f in found if f.case.runs == 2), sep="\n")
    for each in found:
        if each.case.runs > 2:
            print(*steady(each), sep="\n")


def cases(hosts: int, *, sizes: bool, only: str = "") -> list[Case]:
    """Repetitions take turns, so that what else the machine does meets all alike. Ansible runs once: it takes
    longer than all others together. `only` names engines, which commas separate; without any, all."""
    once = [Case("ansible", hosts)]
    again = [Case(engine, hosts) for engine in ("exec", "ours", "pyinfra")]
    if sizes:
        again += [Case(engine, n) for n in SIZES if n != hosts for engine in ("exec", "ours")]
        again += [Case("ours", n, processes=2) for n in SIZES]
        once.append(Case("ours", hosts, runs=STEADY_RUNS))
    return [case for case in again * REPETITIONS + once if not only or case.engine in only.split(",")]


def measure(cases: Sequence[Case]) -> list[Figures]:
    """In this order, with a line on stderr as each one ends. Raises Missing where it cannot be done."""
    if lack := lacking():
        raise Missing(lack)
    ansible = _ansible() if any(case.engine == "ansible" for case in cases) else ""
    with cpu_groups("client", "targets") as groups:
        asked = {"image": str(_image()), "ansible": ansible, "cases": [asdict(case) for case in cases]}
        asked |= {name: str(group.folder) for name, group in groups.items()}
        found = []
        with subprocess.Popen(
            _inside(json.dumps(asked)), stdout=subprocess.PIPE, text=True, env=_env()
        ) as inner:
            assert inner.stdout is not None
            try:
                for case, line in zip(cases, inner.stdout, strict=False):
                    start, *runs = json.loads(line)
                    found.append(Figures(case, start["start"], tuple(runs)))
                    print(f"{len(found)} of {len(cases)}: {_brief(found[-1])}", file=sys.stderr, flush=True)
            except BaseException:
                inner.kill()
                raise
    if len(found) != len(cases):
        raise RuntimeError(f"the measurement ended with {inner.returncode}; the lines above say why")
    return found


def _inside(asked: str) -> list[str]:
    """A shell is the first process there: it takes leave of whom nobody else waits for."""
    command = [sys.executable, "-m", "bench_parts.role_cases", asked]
    return [*NAMESPACES, "sh", "-c", '"$@"; exit $?', "bench", *command]


def _env() -> dict[str, str]:
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(str(CHECKOUT / p) for p in ("src", "scripts", "."))}
    env.pop("PYTHONDONTWRITEBYTECODE", None)  # each engine would compile all of itself in its start
    return env


def lacking() -> str:
    """Why this machine cannot do it; empty where it can."""
    if os.geteuid() != 0:
        return "hosts that are chroots need root"
    if absent := [name for name in ("unshare", "ip", "mount", "ssh", "ssh-keygen") if not shutil.which(name)]:
        return f"there is no {absent[0]}"
    if not Path("/dev/loop-control").exists():
        return "there are no loop devices to mount the disk image by"
    if "overlay" not in Path("/proc/filesystems").read_text("ascii"):
        return "the kernel has no overlay filesystem"
    try:
        hierarchy()
        _image()
    except (FileNotFoundError, Missing) as error:
        return str(error)
    return ""


def _image() -> Path:
    """The disk of a twin's hosts, with every package that roles declare. Raises Missing."""
    asked = [str(CHECKOUT / "scripts/image"), "--cached"]
    made = subprocess.run(asked, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    if made.returncode != 0:
        raise Missing("no image in the cache; scripts/setup image makes it")
    return Path(made.stdout.strip()) / "disk.ext4"


def _ansible() -> str:
    """`ansible-playbook` of the lock, in an environment of its own in the cache."""
    folder = cache_folder() / f"bench-ansible-{hashlib.sha256(LOCK.read_bytes()).hexdigest()[:16]}"
    program = folder / "bin" / "ansible-playbook"
    if not program.exists():
        venv.create(folder, with_pip=True, clear=True)
        words = ("install", "-q", "--disable-pip-version-check", "--require-hashes", "--no-deps", "-r", LOCK)
        subprocess.run([folder / "bin" / "pip", *words], check=True)
    return str(program)


def _brief(figures: Figures) -> str:
    case, last = figures.case, figures.runs[-1]
    mine, there = figures.per_host("client", -1), figures.per_host("targets", -1)
    way = f"{case.engine}, {case.hosts} hosts, {case.processes} processes"
    return f"{way}: last run {mine:.1f} ms and {there:.1f} ms a host, {last['wall']:.1f} s"


def table(found: Iterable[Figures]) -> list[str]:
    """Medians by case, in the order of the cases: ms of CPU a host, seconds."""
    lines = [
        "| engine | hosts | processes | start, CPU-s | client, ms a host, first / second run "
        "| hosts, ms each, first / second | seconds, first / second | times |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    order = sorted(found, key=lambda f: (f.case.hosts, f.case.processes, f.case.engine))
    for case, group in groupby(order, key=lambda f: f.case):
        alike = list(group)
        cells = [case.engine, str(case.hosts), str(case.processes), f"{median(f.start for f in alike):.2f}"]
        for of in ("client", "targets"):
            cells.append(" / ".join(f"{median(f.per_host(of, run) for f in alike):.1f}" for run in (0, 1)))
        cells.append(" / ".join(f"{median(f.runs[run]['wall'] for f in alike):.1f}" for run in (0, 1)))
        lines.append(f"| {' | '.join((*cells, str(len(alike))))} |")
    return lines


def steady(figures: Figures) -> list[str]:
    """What one worker holds after each of many runs."""
    rows = [
        f"| {n} | {r['rss'] / 1024:.1f} | {r['files']:.0f} |" for n, r in enumerate(figures.runs, start=1)
    ]
    head = f"one worker, {figures.case.hosts} hosts:"
    return [head, "| run | resident, MB | open files |", "| --- | --- | --- |", *rows]
