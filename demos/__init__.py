"""Small sites that show tornadolike at work. Run one with `python -m demos.<name>`."""
