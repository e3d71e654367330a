"""``python -m volconv``: the command ``volconv``."""

from volconv.cli.main import main

if __name__ == "__main__":
    main()
