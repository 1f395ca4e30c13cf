"""The model server by hand: `python -m tests.model_server [--port N] [--log FILE]`. Prints where it is, then serves."""

import argparse
from pathlib import Path

from tests.model_server import model_script
from tests.model_server.model_http import ModelServer


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(
        prog="model_server", description=model_script.__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--port", type=int, default=0, help="0, the default, takes a free one")
    parser.add_argument("--log", type=Path, help="append a JSON line for each request")
    options = parser.parse_args()
    with ModelServer(options.port, options.log) as server:
        print(server.url, flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            server.closing.set()


if __name__ == "__main__":
    main()
