"""Logs of every host on the log servers: RELP over TLS, both ends by certificates, dated files a host."""

from __future__ import annotations

import json
from typing import Annotated

from pydantic import Field

from igoudar.hostview import HostView
from igoudar.roles import Declaration, RoleCommand, RoleFile, RolePort, RoleSettings, RoleUnit
from igoudar.secret_marks import Secret

FOLDER = "/etc/igoudar/logs"  # keys and certificates
KEPT = "/var/log/igoudar"  # on a log server: a folder a host, a file a day
CONFIG = "/etc/rsyslog.d/30-igoudar.conf"
PORT = 2514  # RELP has none of its own; this is the one of rsyslog's examples
ALARM = "igoudar-logs-space"
STOP_PERCENT = 97  # of the disk: what is left takes what comes in the minute until the next look
RECEIVER = "igoudar-logs.service"
TMPFILES = "/etc/tmpfiles.d/igoudar-logs.conf"


class Settings(RoleSettings):
    """`certificate` in PEM, for the full name of the host, and its `key`.

    `queue_mb`: what a host keeps on disk for each server that is away.
    """

    certificate: Annotated[str, Field(pattern=r"^-----BEGIN CERTIFICATE-----\n")]
    key: Secret
    queue_mb: Annotated[int, Field(ge=16, le=102400)] = 256


def declare(settings: Settings, host: HostView) -> Declaration:
    serves = host.serves("logs")
    variables = {
        "host": host,
        "folder": FOLDER,
        "port": PORT,
        "servers": host.service("logs"),
        "queue_mb": settings.queue_mb,
    }
    config = RoleFile(
        CONFIG,
        template="rsyslog.conf.j2",
        variables=variables,
        validate="rsyslogd -N1 -f {}",
        notify=("restart:rsyslog.service",),
    )
    return Declaration(
        packages=("logrotate", "openssl", "rsyslog", "rsyslog-openssl", "rsyslog-relp"),
        files=(*_keys(settings, host, serves=serves), config, *(_served(host) if serves else ())),
        before_units=(RoleCommand("tmpfiles", f"systemd-tmpfiles --create {TMPFILES}"),) if serves else (),
        units=(RoleUnit("rsyslog.service"), *(map(RoleUnit, (RECEIVER, f"{ALARM}.timer")) if serves else ())),
        ports=(RolePort(PORT, "tcp", host.oob_network, "logs of hosts"),) if serves else (),
    )


def _keys(settings: Settings, host: HostView, *, serves: bool) -> tuple[RoleFile, ...]:
    """A certificate that is none, or has ended, is refused before it replaces the old one."""
    restart = ("restart:rsyslog.service", *((f"restart:{RECEIVER}",) if serves else ()))
    checked = "openssl x509 -in {} -noout -checkend 0"
    return (
        RoleFile(f"{FOLDER}/ca.pem", text=_whole(host.logs.authority), validate=checked, notify=restart),
        RoleFile(f"{FOLDER}/cert.pem", text=_whole(settings.certificate), validate=checked, notify=restart),
        RoleFile(
            f"{FOLDER}/key.pem",
            text=f"{settings.key}\n",
            mode="0600",
            validate="openssl pkey -in {} -noout",
            notify=restart,
        ),
    )


def _whole(text: str) -> str:
    return text if text.endswith("\n") else f"{text}\n"


def _served(host: HostView) -> tuple[RoleFile, ...]:
    """Files are named by the address that a message came from: no host writes into another's."""
    table = [{"index": n.address, "value": n.name} for n in host.neighbours]
    names = {"version": 1, "nomatch": "unknown", "type": "string", "table": table}
    told = {
        "host": host,
        "folder": FOLDER,
        "port": PORT,
        "kept": KEPT,
        "days": host.logs.keep_days,
        "percent": host.logs.full_percent,
        "stop": STOP_PERCENT,
        "alarm": ALARM,
        "receiver": RECEIVER,
    }
    again = (f"restart:{RECEIVER}",)
    text, check = f"{json.dumps(names, indent=1)}\n", "rsyslogd -N1 -f {}"
    receive = f"{FOLDER}/receive.conf"
    units = "/etc/systemd/system"
    return (
        RoleFile(f"{FOLDER}/hosts.json", text=text, notify=again),
        RoleFile(receive, template="receive.conf.j2", variables=told, validate=check, notify=again),
        RoleFile(TMPFILES, template="tmpfiles.conf.j2", variables=told, notify=("run:tmpfiles",)),
        RoleFile(f"/usr/local/sbin/{ALARM}", template="space.j2", variables=told, mode="0755"),
        RoleFile(f"{units}/{RECEIVER}", template="receive.service.j2", variables=told, notify=again),
        RoleFile(f"{units}/{ALARM}.service", template="space.service.j2", variables=told),
        RoleFile(f"{units}/{ALARM}.timer", template="space.timer.j2", variables=told),
    )
