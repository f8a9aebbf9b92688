"""What `test/run --only SUITE/CASE` chooses of a script's tests."""

import os
import sys


def arguments():
    """For unittest.main: the script, and the case where one is chosen."""
    case = os.environ.get("CARILLON_TEST_CASE")
    return sys.argv[:1] + (["-k", case] if case else [])
