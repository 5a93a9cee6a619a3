"""The transaction over the switches of a stack: all new, or all as before.

change     what is to be done to which switch, from the record, the target and what is live
driver     what one switch is asked, by its agent
left_open  what a run left open: looking at it, and finishing it
reach      the way to the switches of a site
operator   the steps over all switches
together   many at once, and windows kept open
__main__   the process that runs it, apart from the provider
client     the provider's side of that process
"""
