"""The command line: one file a command, each printing what one use case of `fireflower.app` returns."""


def main() -> None:
    """Run the command line with this process's arguments, and exit."""
    from fireflower.cli.program import program

    program(prog_name="fireflower")
