"""`python -m hanbok`."""

from hanbok.cli.main import main

main()
