"""python -m fireflower."""

from fireflower.cli import main

main()
