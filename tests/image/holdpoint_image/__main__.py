"""Runs the cases whose names match the patterns given, or all, and says how many passed."""

import sys
import unittest


def main(patterns):
    """The exit code."""
    loader = unittest.TestLoader()
    loader.testNamePatterns = [f"*{pattern}*" for pattern in patterns] or None
    result = unittest.TextTestRunner(verbosity=2).run(loader.discover("cases", top_level_dir="."))
    # A case counts once, however many of its parts failed.
    failed = len({getattr(case, "test_case", case).id() for case, _ in result.failures + result.errors})
    passed = result.testsRun - failed - len(result.skipped)
    print(f"\n{passed} passed, {failed} failed", flush=True)
    return 0 if failed == 0 and passed > 0 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
