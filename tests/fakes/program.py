"""A program that is run as an agent, and plays the steps it is given: a file of JSON, by its first argument.

It imports nothing of ours, because what it is to show is what another program does.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any


def main() -> int:
    steps = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    for number, step in enumerate(steps):
        code = play(step, number)
        if code is not None:
            return code
    return 0


def play(step: dict[str, Any], number: int) -> int | None:
    kind: str = step["do"]
    value: Any = step["value"]
    if kind == "print":
        tell(value)
    elif kind == "raw":
        write(bytes.fromhex(value))
    elif kind == "tool":
        tell({"kind": "call", "id": f"t{number}", "name": value["name"], "with": value["arguments"]})
        tell({"kind": "back", "id": f"t{number}", "said": value["result"], "ok": value["ok"]})
    elif kind == "echo":  # what it was told, in every way that it can be told something
        tell({"kind": "end", "said": json.dumps(told())})
    elif kind == "errors":
        print(value, file=sys.stderr)
    elif kind == "much":  # so many megabytes, in lines of one kilobyte
        for _ in range(value * 1_000):
            write(b"x" * 999 + b"\n")
    elif kind == "long":  # one line of so many megabytes
        write(b'{"kind": "text", "said": "' + b"y" * value * 1_000_000 + b'"}\n')
    elif kind == "leave":  # somebody who keeps its output open and goes on writing
        subprocess.Popen(
            ["sh", "-c", 'while :; do echo \'{"kind": "text", "said": "late"}\'; sleep 0.1; done']
        )
    elif kind == "hang":
        if value == "deaf":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        while True:
            time.sleep(3600)
    elif kind == "pid":
        Path(value).write_text(str(os.getpid()), encoding="utf-8")
    elif kind == "exit":
        return int(value)
    return None


def told() -> dict[str, Any]:
    stdin = sys.stdin.read()
    names = ("prompt.md", "schema.json")
    files = [argument for argument in sys.argv if argument.endswith(names)]
    return {
        "arguments": sys.argv[2:],
        "stdin": stdin,
        "files": [Path(path).read_text(encoding="utf-8") for path in files],
        "environment": dict(os.environ),
        "folder": str(Path.cwd()),
    }


def tell(line: dict[str, Any]) -> None:
    write(json.dumps(line).encode() + b"\n")


def write(data: bytes) -> None:
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    sys.exit(main())
