"""A program that is run as an agent, and plays the steps it is given: a file of JSON, by its first argument.

It imports nothing of ours, because what it is to show is what another program does.
"""

import json
import os
import signal
import subprocess
import sys
import time


def main() -> int:
    with open(sys.argv[1], encoding="utf-8") as file:
        steps = json.load(file)
    for number, step in enumerate(steps):
        code = play(step, number)
        if code is not None:
            return code
    return 0


def play(step, number):
    kind, value = step["do"], step.get("value")
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
        with open("hanging", "w", encoding="utf-8") as file:
            file.write(str(os.getpid()))
        while True:
            time.sleep(3600)
    elif kind == "exit":
        return value
    return None


def told():
    stdin = "" if sys.stdin.isatty() else sys.stdin.read()
    names = ("prompt.md", "schema.json")
    files = [argument for argument in sys.argv if argument.endswith(names)]
    return {
        "arguments": sys.argv[2:],
        "stdin": stdin,
        "files": [open(path, encoding="utf-8").read() for path in files],
        "environment": dict(os.environ),
        "folder": os.getcwd(),
    }


def tell(line):
    write(json.dumps(line).encode() + b"\n")


def write(data):
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    sys.exit(main())
