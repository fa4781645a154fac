from tests.web.conftest import site  # noqa: F401 (a fixture)
