"""What is brought to disk, in order, beside what a test notes itself."""

from __future__ import annotations

import os
import stat

import pytest


def synced(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Grows by `folder`, or the size of a file, as each is synced."""
    done: list[str] = []
    fsync = os.fsync

    def noted(handle: int) -> None:
        known = os.fstat(handle)
        done.append("folder" if stat.S_ISDIR(known.st_mode) else f"{known.st_size} bytes")
        fsync(handle)

    monkeypatch.setattr(os, "fsync", noted)
    return done
