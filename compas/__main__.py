"""`python -m compas`: the command line, found through the interpreter instead of through PATH."""

import sys

from compas.cli.entry import main

if __name__ == "__main__":
    sys.exit(main())
