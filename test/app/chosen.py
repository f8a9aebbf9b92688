"""How the scripts here run their tests: all, or the case that `test/run --only SCRIPT/CASE` chooses."""

import os
import sys
import unittest


def main():
    """Runs the tests of the script, prints what it skipped, and exits with 0 where all went well."""
    case = os.environ.get("CARILLON_TEST_CASE")
    program = unittest.main(argv=sys.argv[:1] + (["-k", case] if case else []), exit=False, verbosity=2)
    for test, reason in program.result.skipped:
        print(f"skipped case {test.id()}: {reason}")
    if program.result.testsRun == 0:
        sys.exit(f"there is no case '{case}'")
    sys.exit(not program.result.wasSuccessful())
