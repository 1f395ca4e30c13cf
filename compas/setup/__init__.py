"""Sets compas up on a machine, and finds what is wrong with a set-up: `init`, `setup-mcp` and `doctor`."""
