"""The tools, runs and agents of a project for any MCP client; what needs the SDK is imported when one speaks."""
