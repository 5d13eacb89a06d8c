"""Run the command line with `python -m pendula`."""

from pendula.cli.main import run

if __name__ == "__main__":
    run()
