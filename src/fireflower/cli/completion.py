"""fireflower completion: what a shell needs to complete commands and options."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class


@click.command(short_help="Print what a shell needs to complete commands.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the script that makes SHELL complete commands and options, and names of definitions and destinations.

    \b
    Examples:
      eval "$(fireflower completion bash)"       in ~/.bashrc
      eval "$(fireflower completion zsh)"        in ~/.zshrc
      fireflower completion fish | source        in ~/.config/fish/config.fish
    """
    kind = get_completion_class(shell)
    assert kind is not None, f"click completes {shell}"
    click.echo(kind(ctx.find_root().command, {}, "fireflower", "_FIREFLOWER_COMPLETE").source())
