"""Runs on a host under verification: sent over SSH to `sudo python3 -`, standard library only, Python 3.9 on.

    {"do": "look", "commands": {name: [argv]}, "probes": [...]}              commands and probes, all at once
    {"do": "answer", "at": [[address, port]], "name": ..., "seconds": ...}   who answers here; gives its pid
        with "instead" (a pid) and "marker": in the place of an earlier one
    {"do": "hush", "pid": ..., "marker": ...}                                ends such an answerer
    {"do": "stream", "flows": [...], ...}                                    packets lost over time

One JSON document on stdout. Nothing is written on the host. A probe is `{"id", "kind", "to"}` and, by kind:
`icmp` with "size" (bytes of the whole IP packet, 0: small), "df", "device" (leave by this port only), "from";
`udp` with "port": an answerer says its name; `dns` with "name" and "type" (A or PTR), asked of "to";
`dhcp` with "device" and "mac" (else the port's own): the address that the server "to" offers, not taken.
Its result is `{"answer": text}`, `{"silent": reason}`, or `{"unsent": reason}` where no packet could leave
for a reason of the host's own (no such port, no such source address): that proves nothing.
"""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import json
import os
import selectors
import signal
import socket
import struct
import subprocess
import time
from pathlib import Path
from typing import Any

IP_MTU_DISCOVER, IPV6_MTU_DISCOVER, PMTU_DO = 10, 23, 2
HEADERS = {4: 28, 6: 48}  # IP and ICMP, bytes
DNS_KINDS, DHCP_MAGIC, ETH_P_IP = {"A": 1, "PTR": 12}, b"\x63\x82\x53\x63", 0x0800
# Not sent because of the way there (no route, a blackhole, too long, forbidden): as good as silence.
NO_WAY = (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EINVAL, errno.EACCES, errno.EPERM, errno.EMSGSIZE)
Spec = dict[str, Any]


def checksum(data: bytes) -> int:
    """RFC 1071."""
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data[: len(data) // 2 * 2]))
    total += data[-1] << 8 if len(data) % 2 else 0
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def echo_request(version: int, ident: int, seq: int, payload: bytes) -> bytes:
    """An ICMP or ICMPv6 echo request; the kernel fills in the checksum of the latter."""
    kind = 8 if version == 4 else 128
    body = struct.pack("!BBHHH", kind, 0, 0, ident, seq) + payload
    if version == 6:
        return body
    return body[:2] + struct.pack("!H", checksum(body)) + body[4:]


def echo_reply(version: int, packet: bytes) -> tuple[int, int] | None:
    """Identifier and sequence number, if the packet is an echo reply."""
    if version == 4:
        packet = packet[(packet[0] & 0x0F) * 4 :]
    if len(packet) < 8 or packet[0] != (0 if version == 4 else 129):
        return None
    ident, seq = struct.unpack("!HH", packet[4:8])
    return ident, seq


def dns_query(ident: int, name: str, kind: int) -> bytes:
    labels = b"".join(bytes([len(part)]) + part.encode() for part in name.rstrip(".").split("."))
    return struct.pack("!6H", ident, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!2H", kind, 1)


def dns_name(packet: bytes, at: int) -> tuple[str, int]:
    """The name that begins there, its end often a pointer to an earlier one, and where the next field is."""
    labels, after = list[str](), 0
    while size := packet[at]:
        if size >= 0xC0:
            after = after or at + 2
            at = struct.unpack("!H", packet[at : at + 2])[0] & 0x3FFF
        else:
            labels.append(packet[at + 1 : at + 1 + size].decode())
            at += size + 1
    return ".".join(labels), after or at + 1


def dns_answer(packet: bytes, asked: int) -> str:
    """The A and PTR records of an answer to a query of `asked` bytes, sorted; else the response code."""
    code, count = packet[3] & 0x0F, struct.unpack("!H", packet[6:8])[0]
    at, found = asked, []
    for _ in range(count):
        at = dns_name(packet, at)[1]
        kind, _, _, size = struct.unpack("!HHIH", packet[at : at + 10])
        if kind in DNS_KINDS.values():
            data = packet[at + 10 : at + 10 + size]
            found.append(socket.inet_ntoa(data) if kind == 1 else dns_name(packet, at + 10)[0])
        at += 10 + size
    return " ".join(sorted(found)) or f"rcode {code}"


def dhcp_discover(ident: bytes, mac: bytes) -> bytes:
    """A whole IP packet as a box without an address sends it; the answer is to be broadcast."""
    fixed = struct.pack("!4B4sHH16x16s192x", 1, 1, 6, 0, ident, 0, 0x8000, mac)
    told = (fixed + DHCP_MAGIC + bytes((53, 1, 1, 55, 4, 1, 6, 15, 42, 255))).ljust(300, b"\0")
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 28 + len(told), 0, 0, 64, 17, 0, bytes(4), b"\xff" * 4)
    head = head[:10] + struct.pack("!H", checksum(head)) + head[12:]
    return head + struct.pack("!4H", 68, 67, 8 + len(told), 0) + told


def dhcp_offer(packet: bytes, ident: bytes) -> tuple[bytes, bytes]:
    """Server and address, if the IP packet offers one to the question `ident`; else nothing."""
    told = packet[(packet[0] & 0x0F) * 4 + 8 :]
    if packet[9] != 17 or told[4:8] != ident or told[236:240] != DHCP_MAGIC:
        return b"", b""
    at, options = 240, dict[int, bytes]()
    while at + 1 < len(told) and told[at] != 255:
        size = told[at + 1] if told[at] else -1
        options[told[at]] = told[at + 2 : at + 2 + size]
        at += 2 + size
    return (options.get(54, b""), told[16:20]) if options.get(53) == b"\x02" else (b"", b"")


class Icmp:
    """Raw sockets of one family, device and source; probes are told apart by identifier and sequence number.

    A reply may come in by another port than the request left by, so the listening socket is bound to none.
    """

    def __init__(self, version: int, device: str = "", source: str = "") -> None:
        family, proto = (socket.AF_INET, 1) if version == 4 else (socket.AF_INET6, 58)
        self.version, self.ident, self.waiting = version, os.getpid() & 0xFFFF, dict[int, str]()
        self.socket = socket.socket(family, socket.SOCK_RAW, proto)
        self.socket.setblocking(False)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.out = self.socket
        if device or source:
            self.out = socket.socket(family, socket.SOCK_RAW, proto)
        if device:
            self.out.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode())
        if source:
            self.out.bind((source, 0))

    def send(self, seq: int, probe: Spec) -> None:
        self.waiting[seq] = probe["id"]
        level, option = (0, IP_MTU_DISCOVER) if self.version == 4 else (41, IPV6_MTU_DISCOVER)
        self.out.setsockopt(level, option, PMTU_DO if probe.get("df") else 0)
        size = max(0, probe.get("size", 0) - HEADERS[self.version])
        packet = echo_request(self.version, self.ident, seq, b"\xa5" * (size or 16))
        self.out.sendto(packet, (probe["to"], 0))

    def receive(self) -> dict[str, str]:
        heard = {}
        with contextlib.suppress(BlockingIOError):
            while True:
                packet, sender = self.socket.recvfrom(65535)
                reply = echo_reply(self.version, packet)
                if reply and reply[0] == self.ident and reply[1] in self.waiting:
                    heard[self.waiting[reply[1]]] = sender[0].partition("%")[0]
        return heard


class Udp:
    """One connected socket a probe, so that a refusal is heard too."""

    def __init__(self, probe: Spec) -> None:
        family = socket.AF_INET6 if ":" in probe["to"] else socket.AF_INET
        self.probe, self.query, self.to = probe, b"who", (probe["to"], probe.get("port", 53))
        if probe["kind"] == "dns":
            self.query = dns_query(os.getpid() & 0xFFFF, probe["name"], DNS_KINDS[probe["type"]])
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        self.socket.connect(self.to)

    def send(self) -> None:
        self.socket.connect(self.to)  # looks the way up anew: one that led nowhere would be kept
        self.socket.send(self.query)

    def receive(self) -> dict[str, str]:
        try:
            packet = self.socket.recv(4096)
        except ConnectionRefusedError:
            return {self.probe["id"]: "refused"}
        except OSError:
            return {}
        if self.probe["kind"] == "dns":
            return {self.probe["id"]: dns_answer(packet, len(self.query))}
        return {self.probe["id"]: packet.partition(b"\0")[0].decode(errors="replace")}


class Dhcp:
    """Asks on one port for an address, below the packet filter, as who has none must. Nothing is taken."""

    def __init__(self, probe: Spec) -> None:
        self.probe, self.ident, device = probe, os.urandom(4), probe["device"]
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_IP))
        self.socket.bind((device, ETH_P_IP))
        mac = bytes.fromhex(probe.get("mac", "").replace(":", "")) or self.socket.getsockname()[4]
        self.query, self.everybody = dhcp_discover(self.ident, mac), (device, ETH_P_IP, 0, 0, b"\xff" * 6)

    def send(self) -> None:
        self.socket.sendto(self.query, self.everybody)

    def receive(self) -> dict[str, str]:
        by, address = dhcp_offer(self.socket.recv(4096), self.ident)
        mine = by == socket.inet_aton(self.probe["to"])
        return {self.probe["id"]: socket.inet_ntoa(address)} if mine else {}


class Prober:
    """All probes of a host at once; each is sent again, `wait` seconds apart, until it is answered."""

    def __init__(self, probes: list[Spec], tries: int, wait: float) -> None:
        self.probes, self.tries, self.wait = probes, tries, wait
        self.results: dict[str, Spec] = {p["id"]: {"silent": "no answer"} for p in probes}
        self.selector = selectors.DefaultSelector()
        self.icmp: dict[tuple[int, str, str], Icmp] = {}
        self.askers: dict[str, Udp | Dhcp] = {}

    def run(self) -> dict[str, Spec]:
        for _ in range(self.tries):
            left = [(n, p) for n, p in enumerate(self.probes) if "answer" not in self.results[p["id"]]]
            if not left:
                break
            for number, probe in left:
                try:
                    self.send(number, probe)
                except OSError as error:
                    word = "silent" if error.errno in NO_WAY else "unsent"
                    self.results[probe["id"]] = {word: os.strerror(error.errno or 0)}
                else:
                    self.results[probe["id"]] = {"silent": "no answer"}
            self.listen(time.monotonic() + self.wait)
        return self.results

    def send(self, number: int, probe: Spec) -> None:
        if probe["kind"] == "icmp":
            version = ipaddress.ip_address(probe["to"]).version
            key = (version, probe.get("device", ""), probe.get("from", ""))
            if key not in self.icmp:
                self.icmp[key] = Icmp(*key)
                self.selector.register(self.icmp[key].socket, selectors.EVENT_READ, self.icmp[key])
            self.icmp[key].send(number, probe)
            return
        if probe["id"] not in self.askers:
            asker = self.askers[probe["id"]] = Dhcp(probe) if probe["kind"] == "dhcp" else Udp(probe)
            self.selector.register(asker.socket, selectors.EVENT_READ, asker)
        self.askers[probe["id"]].send()

    def listen(self, until: float) -> None:
        while (left := until - time.monotonic()) > 0:
            for key, _ in self.selector.select(left):
                for name, answer in key.data.receive().items():
                    self.results[name] = {"answer": answer}
            if all("answer" in r for r in self.results.values()):
                return


def look(spec: Spec) -> Spec:
    """Output and exit status of every command, and every probe's result."""
    running = {}
    for name, argv in spec.get("commands", {}).items():
        with contextlib.suppress(FileNotFoundError):
            running[name] = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
            )
    probes = Prober(spec.get("probes", []), spec.get("tries", 3), spec.get("wait", 0.7)).run()
    facts = {}
    for name, process in running.items():
        out = process.communicate(timeout=spec.get("seconds", 30))[0]
        facts[name] = {"rc": process.returncode, "out": out}
    return {"facts": facts, "probes": probes}


def answer(spec: Spec) -> Spec:
    """Binds, and leaves a child behind that answers every datagram with our name for `seconds` at most."""
    if "instead" in spec:
        hush({"pid": spec["instead"], "marker": spec["marker"]})
    sockets = []
    for address, port in spec["at"]:
        one = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        one.bind((address, port))
        sockets.append(one)
    if (pid := os.fork()) != 0:
        return {"pid": pid}
    os.setsid()
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    signal.alarm(int(spec["seconds"]))
    selector = selectors.DefaultSelector()
    for one in sockets:
        selector.register(one, selectors.EVENT_READ)
    while True:
        for key, _ in selector.select():
            listener = key.fileobj
            assert isinstance(listener, socket.socket)
            with contextlib.suppress(OSError):
                packet, sender = listener.recvfrom(2048)
                listener.sendto(spec["name"].encode() + b"\0" + packet, sender)


def hush(spec: Spec) -> Spec:
    """Ends the answerer `pid`, if that is still the process of this run (its command line has the marker)."""
    with contextlib.suppress(OSError):
        if spec["marker"].encode() in Path(f"/proc/{int(spec['pid'])}/cmdline").read_bytes():
            os.kill(int(spec["pid"]), signal.SIGTERM)
    return {}


class Flow:
    """Numbered packets to one target over one socket; which came back, and when they were sent (seconds)."""

    def __init__(self, spec: Spec, number: int) -> None:
        self.spec, self.sent, self.back = spec, list[float](), set[int]()
        self.icmp = Icmp(ipaddress.ip_address(spec["to"]).version) if spec["kind"] == "icmp" else None
        self.udp = None if self.icmp else Udp({**spec, "id": ""})
        if self.icmp:
            self.icmp.ident = (os.getpid() + number) & 0xFFFF
        self.socket = self.icmp.socket if self.icmp else self.udp.socket  # type: ignore[union-attr]

    def send(self, now: float) -> None:
        seq = len(self.sent)
        self.sent.append(now)
        with contextlib.suppress(OSError):
            if self.icmp:
                self.icmp.waiting[seq & 0xFFFF] = str(seq)
                self.icmp.socket.sendto(
                    echo_request(self.icmp.version, self.icmp.ident, seq & 0xFFFF, b"\xa5" * 16),
                    (self.spec["to"], 0),
                )
            else:
                self.socket.send(struct.pack("!I", seq))

    def receive(self) -> None:
        if self.icmp:
            self.back.update(int(seq) for seq in self.icmp.receive())
            return
        with contextlib.suppress(OSError):
            while True:
                packet = self.socket.recv(2048).partition(b"\0")[2]
                if len(packet) == 4:
                    self.back.add(struct.unpack("!I", packet)[0])

    def clean_since(self, now: float, grace: float) -> float:
        """Seconds for which nothing was lost, leaving out what may still be on its way."""
        for seq in range(len(self.sent) - 1, -1, -1):
            if seq not in self.back and now - self.sent[seq] > grace:
                return now - self.sent[seq]
        return now

    def result(self, settle: float) -> Spec:
        """`first` and `last` lost packet, seconds from the start; `back`: clean for `settle` s at the end.

        `longest`: packets lost in a row.
        """
        lost = [at for seq, at in enumerate(self.sent) if seq not in self.back]
        first, last = (lost[0], lost[-1]) if lost else (0.0, 0.0)
        back = not lost or self.sent[-1] - last > settle
        run = longest = 0
        for seq in range(len(self.sent)):
            run = 0 if seq in self.back else run + 1
            longest = max(longest, run)
        counts: Spec = {"sent": len(self.sent), "lost": len(lost), "longest": longest, "back": back}
        return {**counts, "first": round(first, 3), "last": round(last, 3)}


def stream(spec: Spec) -> Spec:
    """A packet every `interval` s a flow, until `settle` s were clean after `least` s and the file `until` is
    there; at most for `patience` s from then, or `most` s."""
    flows = [Flow(f, n) for n, f in enumerate(spec["flows"])]
    selector = selectors.DefaultSelector()
    for flow in flows:
        selector.register(flow.socket, selectors.EVENT_READ, flow)
    grace, patience = spec.get("grace", 0.5), spec.get("patience") or spec["most"]
    start, due, looked, over = time.monotonic(), 0.0, 0.0, 0.0
    while (now := time.monotonic() - start) < spec["most"]:
        if now >= due:
            for flow in flows:
                flow.send(now)
            due = max(due + spec["interval"], now)
        if now > spec["least"] and now - looked > 0.25:
            looked = now
            clean = all(f.clean_since(now, grace) > spec["settle"] + grace for f in flows)
            over = over or (now if Path(spec.get("until", "/")).exists() else 0.0)
            if over and (clean or now - over > patience):
                break
        for key, _ in selector.select(max(0.0, start + due - time.monotonic())):
            key.data.receive()
    ended = time.monotonic() + grace
    while (left := ended - time.monotonic()) > 0:
        for key, _ in selector.select(left):
            key.data.receive()
    told = {f.spec["id"]: f.result(spec["settle"] / 2) for f in flows}
    return {"flows": told, "seconds": round(time.monotonic() - start, 2)}


def main(spec: Spec) -> None:
    todo = {"look": look, "answer": answer, "hush": hush, "stream": stream}[spec["do"]]
    print(json.dumps(todo(spec)), flush=True)
