"""The edge between what people write of power, cooling and water, and the pure graph of `igoudar.power`.

plant        frozen values: types of facility units, units, loops, schemes, what is promised of energy
schema       what people write of them
library      types and limits, each number with its source, from `types/facility/` and `data/power.yaml`
profile      energy of each month or hour, from a table of the site
kinds        what kinds of halls bring to each of their halls
assembly     the sections of a site's files to one plant
references   names in it that lead nowhere
graph        an inventory to `power.Graph`
served       which halls hang on what
failed       single and double failures, by the class of the halls that they reach
cold         what coolers take of the coldest hour of a site
envelope     what the racks of a hall need against what its cooling supplies
standstill   how long a hall stays inside it without cooling
judged       what the graph says, as findings
flows        what a rack draws from each feed and gives off, for its record
permit       may these units be taken out, and what every failure does
"""
