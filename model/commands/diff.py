"""`diff`: what is different between two folders of outputs."""

import argparse

from model.report.diff import diff_command


def run(options: argparse.Namespace) -> int:
    """Print the differences. Return 0, or 2 where a folder holds no outputs."""
    return diff_command(options.old, options.new, options.html)
