"""The demonstration: a whole task on a throw-away repository, shown step by step."""
