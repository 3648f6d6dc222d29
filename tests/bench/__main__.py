"""`python -m tests.bench`: see `pilot_to_relay`."""

import sys

from tests.bench.pilot_to_relay import main

sys.exit(main(sys.argv[1:]))
