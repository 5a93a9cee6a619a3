"""A witness: a register a transaction on a management host, written once. Standard library only.

The role `witness` copies this package to /usr/lib/igoudar/witness. Switches come in by SSH with their own
host keys, and sshd lets them do nothing but ask (`__main__`); the operator comes by its login and sudo.
"""

USER = "igoudar-witness"
SITE = "site:"
"""Begins the last word of a key: whose it is, where several sites share a witness."""
