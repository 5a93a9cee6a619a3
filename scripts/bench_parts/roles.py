"""`scripts/bench roles`: what every host of a site has, on N hosts with a real sshd each, by four engines.

`ours` is `run_roles`; `pyinfra` the same roles as its ordinary operations; `ansible` the same declarations by
its own modules; `exec` plain paramiko with the finished script, the floor. For every figure the hosts are
made anew; the first run configures them, the second finds nothing to do. `role_cases` does it. Only ours
arms a host before it changes how one gets in, and logs in once more to say that it stays.
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
from dataclasses import asdict, dataclass, replace
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
# what is counted, of which engine, over which engine's, and how much it should be
RATIOS = (
    ("client", "ansible", "ours", "at least 20"),
    ("targets", "ansible", "ours", "at least 30"),
    ("client", "ours", "exec", "at most 2"),
    ("targets", "ours", "exec", ""),
    ("client", "pyinfra", "ours", ""),
    ("targets", "pyinfra", "ours", ""),
)


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
    """Tables of the engines on `hosts`; with `sizes` the curve, two processes, and what a worker holds."""
    found, failed = measure(cases(hosts, sizes=sizes, only=only))
    twice = [figures for figures in found if figures.case.runs == 2]
    print(*table(twice), "", *ratios(twice), sep="\n")
    for each in found:
        if each.case.runs > 2:
            print("", *steady(each), sep="\n")
    if failed:
        sys.exit("\n".join(("no figures:", *failed)))


def cases(hosts: int, *, sizes: bool, only: str = "") -> list[Case]:
    """Repetitions take turns, so that what else the machine does meets all alike. The slow engines run once:
    they take longer than all others together. `only` names engines, which commas separate; without any, all.
    """
    once = [Case(engine, hosts) for engine in ("pyinfra", "ansible")]
    again = [Case(engine, hosts) for engine in ("exec", "ours")]
    if sizes:
        again += [Case(engine, n) for n in SIZES if n != hosts for engine in ("exec", "ours")]
        again += [Case("ours", n, processes=2) for n in SIZES]
        once.append(Case("ours", hosts, runs=STEADY_RUNS))
    return [case for case in again * REPETITIONS + once if not only or case.engine in only.split(",")]


def measure(cases: Sequence[Case]) -> tuple[list[Figures], list[str]]:
    """Figures in this order, and of which cases there are none, with the reason. Raises Missing where this
    machine cannot do it. A line on stderr as each case ends."""
    if lack := lacking():
        raise Missing(lack)
    ansible = _ansible() if any(case.engine == "ansible" for case in cases) else ""
    with cpu_groups("client", "targets") as groups:
        asked = {"image": str(image()), "ansible": ansible, "cases": [asdict(case) for case in cases]}
        asked |= {name: str(group.folder) for name, group in groups.items()}
        found, failed = list[Figures](), list[str]()
        with subprocess.Popen(
            inside("bench_parts.role_cases", json.dumps(asked)),
            stdout=subprocess.PIPE,
            text=True,
            env=env(),
        ) as inner:
            assert inner.stdout is not None
            try:
                for number, (case, line) in enumerate(zip(cases, inner.stdout, strict=False), start=1):
                    told = json.loads(line)
                    if "failed" in told:
                        said = f"{_way(case)}: {told['failed']}"
                        failed.append(said)
                    else:
                        found.append(Figures(case, told[0]["start"], tuple(told[1:])))
                        said = _brief(found[-1])
                    print(f"{number} of {len(cases)}: {said}", file=sys.stderr, flush=True)
            except BaseException:
                inner.kill()
                raise
    left = cases[len(found) + len(failed) :]
    failed += [f"{_way(case)}: the measurement ended before it, see above" for case in left]
    return found, failed


def inside(module: str, asked: str) -> list[str]:
    """A module in namespaces of its own. A shell is the first process there: it takes leave of whom nobody
    else waits for."""
    command = [sys.executable, "-m", module, asked]
    return [*NAMESPACES, "sh", "-c", '"$@"; exit $?', "bench", *command]


def env() -> dict[str, str]:
    """For a process there: the checkout's modules."""
    path = os.pathsep.join(str(CHECKOUT / p) for p in ("src", "scripts", "."))
    told = {**os.environ, "PYTHONPATH": path}
    told.pop("PYTHONDONTWRITEBYTECODE", None)  # each engine would compile all of itself in its start
    return told


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
        image()
    except (FileNotFoundError, Missing) as error:
        return str(error)
    return ""


def image() -> Path:
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


def _way(case: Case) -> str:
    return f"{case.engine}, {case.hosts} hosts, {case.processes} processes, {case.runs} runs"


def _brief(figures: Figures) -> str:
    runs = []
    for at in (0, -1):
        mine, there = figures.per_host("client", at), figures.per_host("targets", at)
        runs.append(f"{mine:.1f} ms and {there:.1f} ms a host, {figures.runs[at]['wall']:.1f} s")
    return f"{_way(figures.case)}: start {figures.start:.2f} CPU-s; first run {runs[0]}; last {runs[1]}"


def table(found: Iterable[Figures]) -> list[str]:
    """Medians by case, in the order of the cases: ms of CPU a host, seconds."""
    lines = [
        "| engine | hosts | processes | start, CPU-s | client, ms a host: first run, second "
        "| a host itself, ms: first, second | seconds: first, second | times |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for case, alike in _by_case(found).items():
        cells = [case.engine, str(case.hosts), str(case.processes), f"{median(f.start for f in alike):.2f}"]
        for of in ("client", "targets"):
            cells.append(", ".join(f"{_median(alike, of, run):.1f}" for run in (0, 1)))
        cells.append(", ".join(f"{median(f.runs[run]['wall'] for f in alike):.1f}" for run in (0, 1)))
        lines.append(f"| {' | '.join((*cells, str(len(alike))))} |")
    return lines


def ratios(found: Iterable[Figures]) -> list[str]:
    """Of one engine to another on as many hosts, by one process, of medians. Starts are not in them."""
    groups = _by_case(found)
    lines = ["| CPU of | hosts | first run | second | aim |", "| --- | --- | --- | --- | --- |"]
    for of, engine, over, aim in RATIOS:
        for case, those in groups.items():
            if case.engine != engine or not (these := groups.get(replace(case, engine=over))):
                continue
            cells = [f"{of}, {engine} over {over}", str(case.hosts)]
            cells += [f"{_median(those, of, run) / _median(these, of, run):.2f}" for run in (0, 1)]
            lines.append(f"| {' | '.join((*cells, aim))} |")
    return lines


def _by_case(found: Iterable[Figures]) -> dict[Case, list[Figures]]:
    order = sorted(found, key=lambda f: (f.case.hosts, f.case.processes, f.case.engine))
    return {case: list(alike) for case, alike in groupby(order, key=lambda f: f.case)}


def _median(alike: Iterable[Figures], of: str, run: int) -> float:
    return median(figures.per_host(of, run) for figures in alike)


def steady(figures: Figures) -> list[str]:
    """What one worker holds after each of many runs."""
    rows = [
        f"| {n} | {r['rss'] / 1024:.1f} | {r['files']:.0f} |" for n, r in enumerate(figures.runs, start=1)
    ]
    head = f"one worker, {figures.case.hosts} hosts:"
    return [head, "| run | resident, MB | open files |", "| --- | --- | --- |", *rows]
