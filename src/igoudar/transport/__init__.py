"""The way to a host: `access_map` says how each is reached, `connect` logs in."""

from igoudar.transport.access import Access, Bastion, Relay, access_map
from igoudar.transport.lines import Lines
from igoudar.transport.session import Result, Session, connect, open_socket

__all__ = ["Access", "Bastion", "Lines", "Relay", "Result", "Session", "access_map", "connect", "open_socket"]
