"""``python -m tornadolike.testing tests.test_site``: see :func:`tornadolike.testing.main`."""

import sys

from .program import complain, main

if __name__ == "__main__":
    if len(sys.argv) == 1:
        complain("which tests? For instance: python -m tornadolike.testing tests.test_site")
    sys.argv[0] = "python -m tornadolike.testing"
    main()
