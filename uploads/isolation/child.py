"""The child's first line: `python -I -S -B child.py PATH…` finds the project and its libraries in these paths only."""

import sys

if __name__ == "__main__":
    sys.path += sys.argv[1:]
    from uploads.isolation.child_main import main

    main()
