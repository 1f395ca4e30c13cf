"""Stands between an MCP client and its server, and writes down what they say: python mcp_wire.py LOG COMMAND…

Each line of LOG is an object: `from` says who spoke, `client` or `server`, and `message` is what was said.
"""

import contextlib
import json
import os
import subprocess
import sys
import threading
from typing import IO


def carry(who: str, source: IO[bytes], target: IO[bytes], log: int) -> None:
    """Carry lines from one side to the other until the first hangs up or the second has gone."""
    try:
        for line in source:
            os.write(log, json.dumps({"from": who, "message": json.loads(line)}).encode() + b"\n")
            target.write(line)
            target.flush()
    except OSError:
        pass
    finally:
        with contextlib.suppress(OSError):
            target.close()


def main() -> int:
    """Carry both ways until the server has ended."""
    log = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    server = subprocess.Popen(sys.argv[2:], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert server.stdin is not None
    assert server.stdout is not None
    ends = (("client", sys.stdin.buffer, server.stdin), ("server", server.stdout, sys.stdout.buffer))
    for who, source, target in ends:
        threading.Thread(target=carry, args=(who, source, target, log), daemon=True).start()
    return server.wait()


if __name__ == "__main__":
    sys.exit(main())
