"""`diff`: what is different between two folders of outputs."""

from pathlib import Path

from model.commands.arguments import Options, Parsers


def add_arguments(subparsers: Parsers) -> None:
    """Declare the command."""
    command = subparsers.add_parser("diff", help="say what is different between two folders of outputs")
    command.add_argument("old", type=Path, metavar="OLD", help="an outputs folder, one of its cases, or one scenario")
    command.add_argument("new", type=Path, metavar="NEW", help="the same, later")
    command.add_argument("--html", type=Path, metavar="FILE", help="write the differences as a page too")
    command.set_defaults(run=run)


def run(options: Options) -> int:
    """Print the differences. Return 0, or 2 where a folder holds no outputs."""
    from model.report.diff import diff_command  # noqa: PLC0415

    return diff_command(options.old, options.new, options.html)
