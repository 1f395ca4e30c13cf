"""The tab Ops: its rows, in which section each stands, and how a row is laid out."""
