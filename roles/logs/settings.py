"""Logs of every host on the log servers: RELP over TLS, both ends by certificates, dated files a host."""

from __future__ import annotations

import json
from typing import Annotated

from pydantic import Field

from igoudar.hostview import HostView
from igoudar.roles import Declaration, RoleCommand, RoleFile, RolePort, RoleSettings, RoleUnit
from igoudar.secret_marks import Secret

FOLDER = "/etc/igoudar/logs"
AUTHORITY, IDENTITY = f"{FOLDER}/ca.pem", f"{FOLDER}/identity.pem"
KEPT = "/var/log/igoudar"  # on a log server: a folder a host, a file a day
CONFIG = "/etc/rsyslog.d/30-igoudar.conf"
PORT = 2514  # RELP has none of its own; this is the one of rsyslog's examples
ALARM = "igoudar-logs-space"
EXPIRY = "igoudar-logs-certificate"
UNITS = "/etc/systemd/system"
STOP_PERCENT = 97  # of the disk: what is left takes what comes in the minute until the next look
RECEIVER = "igoudar-logs.service"
TMPFILES = "/etc/tmpfiles.d/igoudar-logs.conf"
DAY_S = 86400


class Settings(RoleSettings):
    """`authority`: certificates in PEM. `identity`: one of theirs for the host's full name, and its key.

    `queue_mb`: what a host keeps on disk for each server that is away. `warn_days`: before its certificate
    ends.
    """

    authority: Secret
    identity: Secret
    queue_mb: Annotated[int, Field(ge=16, le=102400)] = 256
    warn_days: Annotated[int, Field(ge=1, le=366)] = 30


def declare(settings: Settings, host: HostView) -> Declaration:
    serves = host.serves("logs")
    variables = {
        "host": host,
        "authority": AUTHORITY,
        "identity": IDENTITY,
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
    served = map(RoleUnit, (RECEIVER, f"{ALARM}.timer"))
    return Declaration(
        packages=("logrotate", "openssl", "rsyslog", "rsyslog-openssl", "rsyslog-relp"),
        files=(*_certificates(settings, serves=serves), config, *(_served(host) if serves else ())),
        before_units=(RoleCommand("tmpfiles", f"systemd-tmpfiles --create {TMPFILES}"),) if serves else (),
        units=(*map(RoleUnit, ("rsyslog.service", f"{EXPIRY}.timer")), *(served if serves else ())),
        ports=(RolePort(PORT, "tcp", host.oob_network, "logs of hosts"),) if serves else (),
    )


def _certificates(settings: Settings, *, serves: bool) -> tuple[RoleFile, ...]:
    """One that has ended, is of another authority or has another key does not replace the old one."""
    restart = ("restart:rsyslog.service", *((f"restart:{RECEIVER}",) if serves else ()))
    told = {"identity": IDENTITY, "days": settings.warn_days, "seconds": settings.warn_days * DAY_S}
    by_us = f"openssl verify -CAfile {AUTHORITY} {{}} >/dev/null"
    own_key = '[ "$(openssl x509 -in {} -noout -pubkey)" = "$(openssl pkey -in {} -pubout)" ]'
    otherwise = "{ echo 'no certificate of our authority with the key of it'; false; }"
    return (
        RoleFile(
            AUTHORITY,
            text=f"{settings.authority}\n",
            mode="0600",
            validate="openssl x509 -in {} -noout -checkend 0",
            notify=restart,
        ),
        RoleFile(
            IDENTITY,
            text=f"{settings.identity}\n",
            mode="0600",
            validate=f"{by_us} && {own_key} || {otherwise}",
            notify=restart,
        ),
        RoleFile(f"{UNITS}/{EXPIRY}.service", template="certificate.service.j2", variables=told),
        RoleFile(f"{UNITS}/{EXPIRY}.timer", template="certificate.timer.j2", variables=told),
    )


def _served(host: HostView) -> tuple[RoleFile, ...]:
    """Files are named by the address that a message came from: no host writes into another's."""
    table = [{"index": n.address, "value": n.name} for n in host.neighbours]
    names = {"version": 1, "nomatch": "unknown", "type": "string", "table": table}
    told = {
        "host": host,
        "folder": FOLDER,
        "authority": AUTHORITY,
        "identity": IDENTITY,
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
    return (
        RoleFile(f"{FOLDER}/hosts.json", text=text, notify=again),
        RoleFile(receive, template="receive.conf.j2", variables=told, validate=check, notify=again),
        RoleFile(TMPFILES, template="tmpfiles.conf.j2", variables=told, notify=("run:tmpfiles",)),
        RoleFile(f"/usr/local/sbin/{ALARM}", template="space.j2", variables=told, mode="0755"),
        RoleFile(f"{UNITS}/{RECEIVER}", template="receive.service.j2", variables=told, notify=again),
        RoleFile(f"{UNITS}/{ALARM}.service", template="space.service.j2", variables=told),
        RoleFile(f"{UNITS}/{ALARM}.timer", template="space.timer.j2", variables=told),
    )
