"""A few hosts on a twin of their own: what a switch, a host and a wire do by themselves."""
