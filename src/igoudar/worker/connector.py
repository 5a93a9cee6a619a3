"""pyinfra's way to a host of ours: the project's own SSH session (pinned key, relay or bastion, no Nagle).

pyinfra's SSH connector resolves names, reads `~/.ssh/config` and trusts on first use; none of that belongs
here. Files travel on the stdin of an exec, so neither SFTP nor a readable temporary copy is needed.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Any

from paramiko import SSHException
from pyinfra.api.command import QuoteString, StringCommand
from pyinfra.api.exceptions import ConnectError
from pyinfra.api.util import get_file_io
from pyinfra.connectors.base import BaseConnector, ConnectorData, DataMeta
from pyinfra.connectors.util import (
    CommandOutput,
    OutputLine,
    extract_control_arguments,
    make_unix_command_for_host,
)

from igoudar.errors import IgoudarError
from igoudar.transport import Access, Session, connect

DEFAULT_TIMEOUT = 300.0


class SiteData(ConnectorData):  # type: ignore[misc]
    igoudar_access: Access


class SiteConnector(BaseConnector):  # type: ignore[misc]
    """One session a host, opened by `connect`, closed by `disconnect`."""

    handles_execution = True
    data_cls = SiteData
    data_meta = {"igoudar_access": DataMeta("how to reach the host")}  # noqa: RUF012
    session: Session | None = None

    @staticmethod
    def make_names_data(name: str) -> Iterator[tuple[str, dict[str, Any], list[str]]]:
        yield name, {}, []

    def connect(self) -> None:
        try:
            self.session = connect(self.data["igoudar_access"])
        except (IgoudarError, OSError, SSHException, EOFError) as error:
            raise ConnectError(str(error) or type(error).__name__) from error

    def disconnect(self) -> None:
        if self.session is not None:
            self.session.close()
            self.session = None

    def run_shell_command(
        self,
        command: StringCommand,
        print_output: bool = False,
        print_input: bool = False,
        **arguments: Any,
    ) -> tuple[bool, CommandOutput]:
        assert self.session is not None
        control = extract_control_arguments(arguments)
        whole = make_unix_command_for_host(self.state, self.host, command, **arguments)
        stdin = _as_bytes(control.get("_stdin"))
        timeout = control.get("_timeout") or DEFAULT_TIMEOUT
        result = self.session.run(whole.get_raw_value(), stdin=stdin, timeout=timeout)
        lines = [OutputLine("stdout", line) for line in _lines(result.out)]
        lines += [OutputLine("stderr", line) for line in _lines(result.err)]
        good = result.status in (control.get("_success_exit_codes") or (0,))
        return good, CommandOutput(lines)

    def put_file(
        self,
        filename_or_io: Any,
        remote_filename: str,
        remote_temp_filename: str | None = None,
        **arguments: Any,
    ) -> bool:
        with get_file_io(filename_or_io) as source:
            data = source.read()
        command = StringCommand("umask", "077", "&&", "cat", ">", QuoteString(remote_filename))
        good, _ = self.run_shell_command(command, **{**_plain(arguments), "_stdin": data})
        return good

    def get_file(
        self,
        remote_filename: str,
        filename_or_io: Any,
        remote_temp_filename: str | None = None,
        **arguments: Any,
    ) -> bool:
        assert self.session is not None
        privileged = "sudo -n " if arguments.get("_sudo") else ""
        result = self.session.run(f"{privileged}cat {shlex.quote(remote_filename)}", timeout=DEFAULT_TIMEOUT)
        if result.status != 0:
            return False
        with get_file_io(filename_or_io, "wb") as target:
            target.write(result.out)
        return True


def _plain(arguments: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in arguments.items() if not key.startswith("print_")}


def _as_bytes(stdin: Any) -> bytes:
    if stdin is None:
        return b""
    return stdin if isinstance(stdin, bytes) else str(stdin).encode()


def _lines(data: bytes) -> list[str]:
    return data.decode("utf-8", "replace").splitlines()
