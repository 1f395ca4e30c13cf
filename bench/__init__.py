"""Benchmarks: what compas adds to what the machine itself needs."""
