"""`python -m demos.blog`: sign up, write, show a picture."""

import sys

from demos.serving import main

from .app import blog

if __name__ == "__main__":
    sys.exit(main("Blog", blog))
