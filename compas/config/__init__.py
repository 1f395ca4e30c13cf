"""The config file: schema, loading, checks."""
