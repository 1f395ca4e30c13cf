"""The rules of compas as pure functions: no clock, no file, no await."""
