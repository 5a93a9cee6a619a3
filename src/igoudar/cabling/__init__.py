"""The cables of a hall: where they run, how long they are, what they are, and who pulls them.

trays      frozen values: the floor of a hall, its trays, the rules that give cables
schema     how people write them: the section `cabling` of a site
goods      frozen values: what can be bought, and which ports it fits
catalogue  data/cabling.yaml: stocked lengths, reach, connectors, losses, each with its source
route      the way of a cable through trays, and its length
fit        how two ports can be joined: medium, connectors, breakout, reach, loss
laid       what is laid: a cable or a cord with its way, article and length
pulls      every cable as what must be pulled, and what is wrong with it
power      the same of power cords: from the inlets of PSUs to the outlets of rPDUs
panels     paths through patch panels: pieces, and the links that they make
pieces     what the pieces of a link are, and what reach and loss make of all of them
derived    cables and cords that rules give
numbers    what cables ask of the ledger
labels     what stands on a cable
lists      lists for people, as CSV or JSON
sheets     stickers as PDF (fpdf2, segno)
results    what testers and ticked lists say, against the plan
"""
