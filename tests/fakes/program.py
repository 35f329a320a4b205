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

LATE = """while :; do echo '{"kind": "text", "said": "late"}'; sleep 0.1; done"""


def main() -> None:
    for number, step in enumerate(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))):
        STEPS[step["do"]](step["value"], number)


def tell(line: dict[str, Any], number: int = 0) -> None:
    write(json.dumps(line).encode() + b"\n")


def raw(value: str, number: int) -> None:
    write(bytes.fromhex(value))


def tool(value: dict[str, Any], number: int) -> None:
    tell({"kind": "call", "id": f"t{number}", "name": value["name"], "with": value["arguments"]})
    tell({"kind": "back", "id": f"t{number}", "said": value["result"], "ok": value["ok"]})


def echo(value: None, number: int) -> None:
    """What it was told, in every way that it can be told something."""
    files = [argument for argument in sys.argv if argument.endswith(("prompt.md", "schema.json"))]
    told = {
        "arguments": sys.argv[2:],
        "stdin": sys.stdin.read(),
        "files": [Path(path).read_text(encoding="utf-8") for path in files],
        "environment": dict(os.environ),
        "folder": str(Path.cwd()),
    }
    tell({"kind": "end", "said": json.dumps(told)})


def errors(value: str, number: int) -> None:
    print(value, file=sys.stderr)


def much(megabytes: int, number: int) -> None:
    """In lines of one kilobyte."""
    for _ in range(megabytes * 1_000):
        write(b"x" * 999 + b"\n")


def long(megabytes: int, number: int) -> None:
    """In one line."""
    write(b'{"kind": "text", "said": "' + b"y" * megabytes * 1_000_000 + b'"}\n')


def leave(value: None, number: int) -> None:
    """Somebody who keeps its output open and goes on writing."""
    subprocess.Popen(["sh", "-c", LATE])


def pid(path: str, number: int) -> None:
    Path(path).write_text(str(os.getpid()), encoding="utf-8")


def spin(value: None, number: int) -> None:
    """Until the test has seen enough."""
    while not Path("enough").exists():
        time.sleep(0.01)


def hang(how: str, number: int) -> None:
    if how == "deaf":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        time.sleep(3600)


def leave_with(code: int, number: int) -> None:
    sys.exit(code)


def write(data: bytes) -> None:
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


STEPS: dict[str, Any] = {
    "print": tell,
    "raw": raw,
    "tool": tool,
    "echo": echo,
    "errors": errors,
    "much": much,
    "long": long,
    "leave": leave,
    "pid": pid,
    "spin": spin,
    "hang": hang,
    "exit": leave_with,
}

if __name__ == "__main__":
    main()
