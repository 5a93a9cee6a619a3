"""Pictures of a site for the wall: an inventory in, the text of an SVG document out. Lengths in mm on paper.

paper      pages, boxes, pens: the few shapes that are drawn with
letters    how wide words are, so that they fit without any font at hand
looks      fills, lines and hatches; every meaning survives a grey print
use        how much of a limit is used, and the bar that shows it
frame      what each sheet has round its picture: border, title block, legend
spans      many names in few words
loud       the racks that stand out, neighbours that carry the same as one
floor      inventory/data/floor.yaml: sizes that the inventory of a site does not say
rack       front and rear elevation
hall       floor plan
chain      what a one-line diagram shows, and that of the feeds that racks name
joined     a large chain, with its branches that are alike drawn as one
layout     where the boxes of a chain stand and the lines between them run
plant      the chain that the power graph tells of a hall
power      one-line diagram of a chain
cables     how many lead from where to where
png        the same sheet as an image; the only one that is not pure
"""
