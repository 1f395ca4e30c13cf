"""The actors of backends: may work be started, and how is the CLI."""
