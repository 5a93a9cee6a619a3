"""What all tests share. Time is never asserted: the machine may be busy."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("igoudar", deadline=None)
settings.load_profile("igoudar")
