"""What runs on a switch: it stages, arms, applies and restores its own text, needing nobody to go back.

Installed as plain files under /usr/lib/igoudar/agents (`install.agent_files`), run by `igoudar-agent VERB`
with JSON on stdin and stdout. Standard library only, Python 3.11 and newer, imports inside are relative.

    protocol   states, verbs and the moves between them, as data
    disk       durable file operations, one lock
    journal    what is remembered of transactions
    masks      secrets: marks filled in, live text masked
    running    the canonical form of a running configuration
    switch     the files and daemons of FRR and ifupdown2
    workers    the process that is applying
    core       the verbs
    windows    the end of a window, the start of a switch
    clock      monotonic time, identity of a boot
    __main__   command line
"""

PROTOCOL = 1
