"""The skill that says how to orchestrate agents, and its way into editors."""
