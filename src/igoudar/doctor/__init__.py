"""The cable doctor: from what the ends of cables say, the smallest list of hand movements that explains it.

Pure.

    plan       what was meant, and what an end says
    survey     one pass over all cables: who hears whom, and what is not as planned
    links      claims put together: which ends are joined in truth, which observations contradict each other
    walks      plan and world laid over each other: rings and chains
    groups     one movement for many ends: swapped racks, rotated trunks
    explain    the movements that explain a ring or a chain
    evidence   what ends said, as sentences
    diagnosis  what the doctor says          report     the same for people and for programs
    site       the plan of an inventory      light      what counts as no light
    observed   a file of observations        told       observations from what commands printed on a host

Costs grow with the number of cables, and beyond that with what is wrong.
"""

from __future__ import annotations

from igoudar.doctor.diagnosis import Certainty, Diagnosis, Kind, Move, Movement, Statement
from igoudar.doctor.doctor import diagnose
from igoudar.doctor.plan import End, Medium, Observation, Plan, PlannedCable, Trunk

__all__ = [
    "Certainty",
    "Diagnosis",
    "End",
    "Kind",
    "Medium",
    "Move",
    "Movement",
    "Observation",
    "Plan",
    "PlannedCable",
    "Statement",
    "Trunk",
    "diagnose",
]
