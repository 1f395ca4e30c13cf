"""What an editor starts: brings its MCP messages to the gateway process, and answers alone what needs no supervisor."""
