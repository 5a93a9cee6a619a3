"""Which day it is. SOURCE_DATE_EPOCH, in seconds, says another one, so that a run can be repeated."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime


def today() -> date:
    """In UTC, so that two machines of one team agree."""
    told = os.environ.get("SOURCE_DATE_EPOCH", "")
    return datetime.fromtimestamp(int(told), UTC).date() if told.isdecimal() else datetime.now(UTC).date()
