"""The real engine on a file backend of its own; no devices."""
