"""`python -m grokkit` is the command `grokkit`."""

import sys

from grokkit.cli import main

sys.exit(main())
