"""The physical half of a site: places, what stands in them, what it draws and weighs.

places     frozen values: campus, building, hall, rack; facts about types, limits of rooms
schema     how people write places and patterns
patterns   rows of alike racks, expanded by counting
facts      types/overrides.yaml: what the files of types do not say
limits     data/hall.yaml: what holds wherever one builds
standing   the devices in each rack
draw       what a device draws and weighs, and where that is known from
"""
