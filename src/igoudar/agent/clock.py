"""Time that no clock setting moves, and the identity of a boot."""

from __future__ import annotations

import time
from pathlib import Path


class Clock:
    """Seconds since boot, suspended time included; and which boot that was."""

    def now(self) -> float:
        return time.clock_gettime(time.CLOCK_BOOTTIME)

    def boot(self) -> str:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()

    def wall(self) -> str:
        """For people only."""
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)
