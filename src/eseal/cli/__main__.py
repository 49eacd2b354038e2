"""`python -m eseal.cli` is `eseal`."""

from eseal.cli.app import main

if __name__ == "__main__":
    main(prog_name="eseal")
