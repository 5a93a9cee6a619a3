"""Oracles that we did not write: each module is a validator, found by the name that a `device.yaml` says.

    frr        `vtysh -C`, then scratch daemons that load the text and print it back
    ifupdown2  `ifreload --syntax-check`, and attributes that ifupdown2 knows
    shell      variables that the daemons' start script knows

A validator's module has `validate(unpacked image, host name, text)`: what the oracle says against the text.
"""
