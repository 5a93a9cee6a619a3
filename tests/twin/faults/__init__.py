"""Faults of a change over real switches, from outside: a moment, what is done then, and how it is healed.

fabric      three or four switches, three witnesses; what they run before and after a change
hold        the operator as a process of its own that stops at a moment and waits for a word
catalogue   the faults
run         one change with one fault, until it has settled: what became of it
"""
