"""The cables of a hall: where they run, how long they are, what they are, and who pulls them.

trays      frozen values: the floor of a hall, its trays, the rules that give cables
schema     how people write them: the section `cabling` of a site
goods      frozen values: what can be bought, and which ports it fits
catalogue  data/cabling.yaml: stocked lengths, reach, connectors, losses, each with its source
route      the way of a cable through trays, and its length
"""
