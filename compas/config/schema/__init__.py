"""The config file, declared once: parsing, defaults, ranges, documentation and what a change takes."""
