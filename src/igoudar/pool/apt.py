"""A real apt with a state of its own: it solves, fetches and judges signatures, so that nothing here has to.

Of the machine it has the way out alone (proxies, certificates, logins of mirrors), neither its sources nor
what is installed.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from igoudar.errors import DeviceFailed, Missing
from igoudar.pool.lock import Locked

Told = Callable[[str], None]
# As patterns of apt. An installer (debootstrap) puts both on every host; what is important a role may replace
# by another that conflicts with it, as ifupdown2 does.
REQUIRED = ("?essential", "?priority(required)")
IMPORTANT = "?priority(important)"
HELPER = "/usr/lib/apt/apt-helper"
CONFIG = """\
#clear APT::Architectures;
#clear APT::Update;
#clear APT::Default-Release;
APT::Architecture "{architecture}";
APT::Architectures {{ "{architecture}"; }};
APT::Install-Recommends "false";
APT::Sandbox::User "root";
APT::Update::Error-Mode "any";
Acquire::Languages "none";
Debug::NoLocking "true";
Dir::State "{folder}/state";
Dir::State::Lists "{folder}/lists";
Dir::State::status "{folder}/status";
Dir::Cache "{folder}/cache";
Dir::Etc::SourceList "{folder}/pool.sources";
Dir::Etc::SourceParts "/dev/null";
Dir::Etc::Preferences "/dev/null";
Dir::Etc::PreferencesParts "/dev/null";
"""


def program(name: str, package: str) -> str:
    """Its path. Raises Missing."""
    if found := shutil.which(name):
        return found
    raise Missing(f"{name} is missing on this machine; apt-get install {package}")


def stanza(uris: str, suites: str, components: str, key: Path) -> str:
    """A source in deb822, of packages alone."""
    return (
        f"Types: deb\nURIs: {uris}\nSuites: {suites}\nComponents: {components}\n"
        f"Targets: Packages\nSigned-By: {key}\n"
    )


def stanzas(text: str) -> Iterator[dict[str, str]]:
    """Of an index of packages: the fields of each, without their further lines."""
    for part in re.split(r"\n{2,}", text.strip()):
        lines = (line.partition(":") for line in part.splitlines() if line and not line[0].isspace())
        yield {key: value.strip() for key, _, value in lines}


class Apt:
    """Its state is in `folder`; `source` is deb822. What it says while it works goes to `told`."""

    def __init__(self, folder: Path, source: str, architecture: str, told: Told) -> None:
        self.config, self.told = folder / "apt.conf", told
        for name in ("state", "lists/partial", "cache/archives/partial"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / "status").touch()
        (folder / "pool.sources").write_text(source, "utf-8")
        self.config.write_text(CONFIG.format(folder=folder, architecture=architecture), "utf-8")

    def update(self) -> None:
        """Fetch and verify the indexes of all sources. Raises DeviceFailed."""
        self._run("apt-get", "-q", "update", told=self.told)

    def needed(self, wanted: Collection[str]) -> dict[str, str]:
        """name -> version of `wanted`, what Debian requires and what these depend on, installed from nothing.

        `wanted` are names, or patterns of apt. Raises DeviceFailed.
        """
        said = self._run("apt-get", "-s", "-q", "install", *REQUIRED, *sorted(wanted))
        return dict(re.findall(r"^Inst (\S+) \((\S+)", said, re.MULTILINE))

    def locked(self, versions: Mapping[str, str]) -> dict[str, Locked]:
        """What a lock says of them."""
        said = self._run("apt-cache", "show", *(f"{name}={v}" for name, v in sorted(versions.items())))
        found = {told["Package"]: told for told in stanzas(said)}
        return {name: locked_of(found[name]) for name in versions}

    def download(self, wanted: Iterable[tuple[str, Path, str]]) -> str:
        """Files by URI, into paths, if they have this sha256; what went wrong with any, else nothing."""
        words = [word for uri, path, sum_ in wanted for word in (uri, str(path), f"SHA256:{sum_}")]
        done = self._done([HELPER, "-c", str(self.config), "download-file", *words])
        return "" if done.returncode == 0 else _errors(done)

    def _run(self, name: str, *words: str, told: Told | None = None) -> str:
        done = self._done([program(name, "apt"), "-c", str(self.config), *words], told)
        if done.returncode != 0:
            raise DeviceFailed(f"{name} {words[0] if name == 'apt-cache' else words[-1]}: {_errors(done)}")
        return done.stdout

    @staticmethod
    def _done(words: Sequence[str], told: Told | None = None) -> subprocess.CompletedProcess[str]:
        with subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process:
            assert process.stdout is not None
            said = []
            for line in process.stdout:
                said.append(line)
                if told is not None and line.startswith(("Get:", "Fetched")):
                    told(line.rstrip())
        return subprocess.CompletedProcess(words, process.returncode, "".join(said))


def locked_of(told: Mapping[str, str]) -> Locked:
    """Of its fields in an index."""
    file = told["Filename"].removeprefix("./")
    return Locked(told["Version"], int(told["Size"]), told["SHA256"], file)


def _errors(done: subprocess.CompletedProcess[str]) -> str:
    """What apt calls errors and why, else the last line."""
    lines = [line.strip() for line in done.stdout.splitlines() if line.strip()]
    found = [line.removeprefix("E: ") for line in lines if line.startswith("E: ")]
    found += re.findall(r"^ (\S+ : .*)", done.stdout, re.MULTILINE)  # dependencies that cannot be met
    return "; ".join(found or lines[-1:]) or f"exit status {done.returncode}"
