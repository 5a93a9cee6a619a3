"""The lab as a newcomer has it: it comes up once for all of them, and is left as it was found."""
