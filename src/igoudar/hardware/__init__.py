"""Hardware types as their makers are described in the NetBox device-type library, read as they are.

parts      what a type is: frozen values, lengths in mm, masses in kg, power in W
shapes     how the files spell it
library    files and folders to types, with findings
fitted     a device type with modules in its bays
"""

from __future__ import annotations

from igoudar.hardware.fitted import Fitted, fitted
from igoudar.hardware.library import HardwareType, Read, folder_of, read_library, read_type
from igoudar.hardware.parts import DeviceType, Leg, ModuleType, RackType, installed

__all__ = [
    "DeviceType",
    "Fitted",
    "HardwareType",
    "Leg",
    "ModuleType",
    "RackType",
    "Read",
    "fitted",
    "folder_of",
    "installed",
    "read_library",
    "read_type",
]
