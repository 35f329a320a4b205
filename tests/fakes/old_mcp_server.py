"""An MCP server of 2025 without a library: it knows no `server/discover`, prints beside its messages, and registers a
tool late. `stubborn` neither ends when its input does nor when it is asked to."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from typing import Any

tools = ["first"]


def send(**message: Any) -> None:
    print(json.dumps({"jsonrpc": "2.0", **message}), flush=True)


def answer(method: str, params: dict[str, Any]) -> dict[str, Any]:
    if method == "initialize":
        about = {"name": "old", "version": "1"}
        capabilities = {"tools": {"listChanged": True}}
        return {"protocolVersion": "2025-06-18", "capabilities": capabilities, "serverInfo": about}
    if method == "tools/list":
        return {"tools": [{"name": name, "inputSchema": {"type": "object"}} for name in tools]}
    if params["name"] == "pid":
        return {"content": [{"type": "text", "text": str(os.getpid())}]}
    if params["name"] == "half":
        return {"content": [{"type": "text", "text": "half a \ud83d pair"}]}
    tools.append("second")
    send(method="notifications/tools/list_changed")
    return {"content": [{"type": "text", "text": f"called {params['name']}"}]}


if "stubborn" in sys.argv:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("a line that is no message", flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    if "id" not in asked:
        continue
    if asked["method"] in ("initialize", "tools/list", "tools/call"):
        send(id=asked["id"], result=answer(asked["method"], asked.get("params") or {}))
    else:
        send(id=asked["id"], error={"code": -32601, "message": "Method not found"})
while "stubborn" in sys.argv:
    time.sleep(60)
