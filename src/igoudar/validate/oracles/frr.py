"""FRR's own judgement of a frr.conf: its parser, then its daemons, which must print the very text back."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from pathlib import Path

from igoudar.errors import IgoudarError
from igoudar.validate.sandbox import Complaint, run

LONGEST = 300  # characters of a complaint
DAEMONS = ("mgmtd", "zebra", "bgpd", "staticd", "bfdd")
# mgmtd locks its store while zebra and staticd join it, and refuses a load meanwhile.
LOCKED = "locked by another session"
ATTEMPTS = 4
SCRIPT = f"""
cd /run/judged
vtysh -C -f text > parser 2>&1; echo $? > status
[ "$(cat status)" = 0 ] || exit 0
for daemon in {" ".join(DAEMONS)}; do
  /usr/lib/frr/$daemon -d -A 127.0.0.1 2>&1 || exit 3
done
for wait in 1 2 3 4 5 6 7 8 9 10; do
  [ "$(vtysh -c 'show mgmt backend-adapter all' | grep -c 'Client: ')" -ge 2 ] && break
  sleep 0.2
done
vtysh -f text > load 2>&1
grep -q '{LOCKED}' load && exit 0
for wait in 1 2 3 4 5 6 7 8 9 10; do
  vtysh -c 'show running-config' > running 2>&1
  sed '1,/^Current configuration:$/d' running | sed -e 1d -e '/^frr version /d' > back
  cmp -s text back && break
  sleep 0.2
done
exit 0
"""
# What vtysh says of every load, good or bad. Route maps come after what names them in vtysh's own order.
_CHATTER = re.compile(
    r"\[\d+\|\w+\] (sending configuration|done)|Waiting for children to finish applying config\.\.\.|"
    r"The route-map '[\w-]+' does not exist\.|"
)
_LINE = re.compile(r"line (\d+): (.*)")


def validate(root: Path, host: str, text: str) -> list[Complaint]:
    """Nothing where FRR takes the text and prints the very same."""
    found = _loaded(root, host, text)
    if found["status"].strip() != "0":
        return _parser(found["parser"])
    said = [line for line in found["load"].splitlines() if not _CHATTER.fullmatch(line.strip())]
    return [_complaint(line) for line in said] + not_canonical(text, found["back"])


def printed(root: Path, host: str, text: str) -> str:
    """What FRR's daemons print when they were told the text; empty where its parser refuses it."""
    found = _loaded(root, host, text)
    return found["back"] if found["status"].strip() == "0" else ""


def _loaded(root: Path, host: str, text: str) -> Mapping[str, str]:
    """What the script left behind: `status` and `parser` always, `load` and `back` where that was 0."""
    for _ in range(ATTEMPTS):  # half of a text was loaded before a lock: only new daemons tell of it all
        found = run(root, host, SCRIPT, {"text": text})
        if found["status"].strip() != "0" or LOCKED not in found["load"]:
            return found
    raise IgoudarError(f"mgmtd of {host}'s validator was locked {ATTEMPTS} times; try again")


def _parser(output: str) -> list[Complaint]:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return [_complaint(line) for line in lines] or [Complaint(0, "vtysh -C refuses the text")]


def _complaint(said: str) -> Complaint:
    match = _LINE.match(said)
    return Complaint(int(match.group(1)), match.group(2)) if match else Complaint(0, said)


def not_canonical(text: str, back: str) -> list[Complaint]:
    """Where the daemons print something else than they were told."""
    ours, theirs = text.splitlines(), back.splitlines()
    complaints = []
    for tag, low, high, first, last in difflib.SequenceMatcher(
        a=ours, b=theirs, autojunk=False
    ).get_opcodes():
        if tag != "equal":
            wrote, printed = " / ".join(ours[low:high]), " / ".join(theirs[first:last])
            said = f"FRR prints {printed!r} where the text has {wrote!r}"
            complaints.append(Complaint(low + 1, said[:LONGEST], refused=False))
    return complaints
