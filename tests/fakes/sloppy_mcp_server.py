"""An MCP server by hand, some of whose tools and answers are not as the protocol has them."""

from __future__ import annotations

import json
import sys
from typing import Any

GOOD = {"type": "object", "properties": {}}
TOOLS = [
    {"name": "good", "inputSchema": GOOD},
    {"name": "refers", "inputSchema": {"$ref": "#/$defs/x"}},
    {"name": "text", "inputSchema": {"type": "string"}},
    {"name": "broken", "inputSchema": GOOD},
    "no tool",
]
IMAGE = {"type": "image", "data": "AAAA", "mimeType": "image/png"}
CONTENT = [IMAGE, {"type": "hologram", "data": "x"}, {"type": "text"}, {"type": "text", "text": "and words"}]


def result_of(message: dict[str, Any]) -> dict[str, Any] | None:
    match message["method"]:
        case "initialize":
            info = {"name": "sloppy", "version": "1"}
            return {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}, "serverInfo": info}
        case "tools/list":
            return {"tools": TOOLS}
        case "tools/call":
            return {"content": CONTENT if message["params"]["name"] == "good" else "words"}
        case _:
            return None


for line in sys.stdin:
    message = json.loads(line)
    if "id" not in message:
        continue
    answer: dict[str, Any] = {"jsonrpc": "2.0", "id": message["id"]}
    if (found := result_of(message)) is not None:
        answer["result"] = found
    else:
        answer["error"] = {"code": -32601, "message": "no such method"}
    print(json.dumps(answer), flush=True)
