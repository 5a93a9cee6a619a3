"""Certificates of SSH: people's, which let in by name and group, and the host's own."""

from __future__ import annotations

from igoudar.hostview import HostView
from igoudar.model import Role
from igoudar.roles import Declaration, RoleFile, RoleSettings, RoleUnit

FOLDER = "/etc/ssh/igoudar"
HOST_KEY = "/etc/ssh/ssh_host_ed25519_key.pub"


class Settings(RoleSettings):
    """None: keys of authorities and principals are of the whole site (`site.ssh_ca`)."""


def declare(settings: Settings, host: HostView) -> Declaration:
    ca, certificate = host.ssh_ca, host.certificate
    variables = {"users": bool(ca.users), "revoked": bool(ca.revoked), "certificate": certificate is not None}
    return Declaration(
        lockout=True,
        packages=("openssh-server",),
        files=(
            *_keys("user-ca.pub", ca.users),
            *_keys("revoked", ca.revoked),
            *_principals(host),
            *_certificate(host),
            *_known_hosts(host),
            RoleFile(
                "/etc/ssh/sshd_config.d/30-igoudar-ca.conf",
                template="sshd.conf.j2",
                variables={**variables, "folder": FOLDER},
                mode="0600",
                validate="mkdir -p /run/sshd && sshd -t -f {}",
                notify=("reload:ssh.service",),
            ),
        ),
        units=(RoleUnit("ssh.service"),),
    )


def _keys(name: str, keys: tuple[str, ...]) -> tuple[RoleFile, ...]:
    """Each line has to be a key: sshd passes over a bad authority, and lets nobody in by a bad revocation."""
    text = "".join(f"{key}\n" for key in keys)
    counted = f'[ "$(ssh-keygen -l -f {{}} | wc -l)" = {len(keys)} ]'
    return (RoleFile(f"{FOLDER}/{name}", text=text, validate=counted),) if keys else ()


def _principals(host: HostView) -> tuple[RoleFile, ...]:
    """A login is let in by certificates of its own name and of its groups; the robot's only of its groups."""
    if not host.ssh_ca.users:
        return ()
    people = {login.name: (login.name,) for login in host.logins if login.name != host.login}
    groups = host.ssh_ca.principals
    names = {login: (*people.get(login, ()), *groups.get(login, ())) for login in (*people, *groups)}
    return tuple(
        RoleFile(f"{FOLDER}/principals/{login}", text="".join(f"{name}\n" for name in dict.fromkeys(listed)))
        for login, listed in sorted(names.items())
    )


def _certificate(host: HostView) -> tuple[RoleFile, ...]:
    """Left alone where the host has another key than the one that was signed, as on a twin."""
    if host.certificate is None:
        return ()
    now = f"$(ssh-keygen -l -f {HOST_KEY} | cut -d' ' -f2)"
    return (
        RoleFile(
            f"{FOLDER}/host-cert.pub",
            text=f"{host.certificate.text}\n",
            validate="ssh-keygen -L -f {} >/dev/null",
            unless=f'[ "{now}" != {host.certificate.fingerprint} ]',
            notify=("reload:ssh.service",),
        ),
    )


def _known_hosts(host: HostView) -> tuple[RoleFile, ...]:
    """Who goes on from a management host knows every host by its certificate."""
    if host.role is not Role.MANAGEMENT or not host.ssh_ca.hosts:
        return ()
    names = (f"*.{host.domain}", *(neighbour.name for neighbour in host.neighbours))
    lines = (f"@cert-authority {','.join(names)} {key}\n" for key in host.ssh_ca.hosts)
    return (RoleFile("/etc/ssh/ssh_known_hosts", text="".join(lines)),)
