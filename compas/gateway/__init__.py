"""The MCP gateway: the operations of the api as tools, for models that live in an editor."""
