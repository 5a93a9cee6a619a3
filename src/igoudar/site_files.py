"""The files of a site as wholes: which sections a file may have."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from igoudar.cabling.schema import CablingIn
from igoudar.facility import schema as facility
from igoudar.hall import schema as hall
from igoudar.schema import (
    CableIn,
    DeviceIn,
    Entry,
    Label,
    SecretIn,
    SessionIn,
    StationIn,
    SystemIn,
    UpstreamIn,
    VpcIn,
    WaveIn,
)
from igoudar.site_schema import SiteIn
from igoudar.waivers import WaiverIn


class TenantFile(Entry):
    """`inventory/<site>/tenants/<any name>.yaml`."""

    tenant: Label
    vpcs: Annotated[dict[Label, VpcIn], Field(min_length=1)]


class SiteFile(Entry):
    """Every other YAML file of the folder: any of these sections; those of several files are joined."""

    site: SiteIn | None = None
    campus: hall.CampusIn | None = None
    buildings: dict[Label, hall.BuildingIn] = Field(default_factory=dict)
    halls: dict[Label, hall.HallIn] = Field(default_factory=dict)
    hall_kinds: dict[Label, hall.KindIn] = Field(default_factory=dict)
    hall_series: list[hall.SeriesIn] = Field(default_factory=list)
    rows: list[hall.RowIn] = Field(default_factory=list)
    racks: dict[Label, hall.RackIn] = Field(default_factory=dict)
    devices: dict[Label, DeviceIn] = Field(default_factory=dict)
    units: dict[Label, facility.UnitIn] = Field(default_factory=dict)
    loops: dict[Label, facility.LoopIn] = Field(default_factory=dict)
    schemes: dict[Label, facility.PromiseIn] = Field(default_factory=dict)
    energy: facility.EnergyIn | None = None
    overrides: dict[Label, hall.OverrideIn] = Field(default_factory=dict)
    cabling: CablingIn | None = None
    cables: list[CableIn] = Field(default_factory=list)
    stations: dict[Label, StationIn] = Field(default_factory=dict)
    systems: dict[Label, SystemIn] = Field(default_factory=dict)
    waves: dict[Label, WaveIn] = Field(default_factory=dict)
    upstreams: dict[Label, UpstreamIn] = Field(default_factory=dict)
    sessions: dict[Label, SessionIn] = Field(default_factory=dict)
    secrets: dict[Label, SecretIn] = Field(default_factory=dict)
    waivers: list[WaiverIn] = Field(default_factory=list)
