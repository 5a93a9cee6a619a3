"""Proof after a change: the checks that the model implies, none of them written by hand.

    checks     what a check is, and what became of it
    fabric     what the intents imply of switches: neighbours, sessions, tunnels, routes
    flows      who must reach whom, and who must not
    facts      what hosts said, as plain values
    on_host    the file that runs on hosts
    look       asks all hosts at once
    run        looks again until the network has converged, then proves what must not work
    drills     breaks the twin and measures
    report     table, JSON, JUnit XML

`fabric`, `flows`, `facts` and `checks` are pure.
"""
