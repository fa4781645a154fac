""".ci/run: what it installs, which Pythons it tests with, and whose word is the last."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

ROOT = Path(__file__).parent.parent.parent

PROVIDER = Path("tests", "auth", "real", "provider")

PYTHON = """\
case "$2" in
  *version_info*) echo 3.11;;
  *Python.h*) exit ${NO_HEADERS:-0};;
  *) exit ${NO_VENV:-0};;
esac
"""

# The first run waits until the last has begun, and the second until the first has: so two go on at a time.
TESTS = """\
if [ "$1" = --pythons ]; then
  echo /a/python3.13; echo /b/python3.12; echo /c/python3.11
  exit
fi
echo "test $@ (native ${TORNADOLIKE_NATIVE:-0}, pure ${TORNADOLIKE_PURE:-0})"
case "$*" in
  *--prepare) case "$2" in *3.13) exit ${PREPARE_313:-0};; *3.12) exit ${PREPARE_312:-0};; esac; exit;;
esac
[ -S "${REDIS_URL#unix://}" ] || echo "no Redis at $REDIS_URL"
[ -f "${OIDC_PROVIDER-none}/installed" ] || echo "no OpenID provider in ${OIDC_PROVIDER-none}"
case "$*" in
  *3.13*) status=${ON_313:-0}; echo > begun-313;;
  *3.12*) status=${ON_312:-0}; echo > begun-312;;
  *--only*) status=${ON_PURE:-0}; echo > begun-pure; awaited=${AWAITED_BY_PURE:-begun-311};;
  *) status=${ON_311:-0}; echo > begun-311; awaited=${AWAITED_BY_311:-begun-312};;
esac
until [ -z "$awaited" ] || [ -f "$awaited" ]; do sleep 0.01; done
exit $status
"""

# Listens at the socket that it was told, and says when it is told to end.
REDIS = f"""\
exec {sys.executable} -c '
import signal, socket, sys
path = sys.argv[sys.argv.index("--unixsocket") + 1]
socket.socket(socket.AF_UNIX).bind(path)
signal.sigwait([signal.SIGTERM])
' "$@"
"""

# Takes what the lock file has, and nothing else.
NPM = """\
while [ "$1" != --prefix ]; do shift; done
[ -f "$2/package-lock.json" ] && echo > "$2/installed"
exit ${ON_NPM:-0}
"""

NODE = 'echo "v${NODE_IS:-20}.1.2"'

APT_GET = """\
echo "apt-get $@"
case "$*" in *install*)
  mv "${0%apt-get}redis-to-install" "${0%apt-get}redis-server"
  mv "${0%apt-get}npm-to-install" "${0%apt-get}npm"
  mv "${0%apt-get}node-to-install" "${0%apt-get}node";;
esac
"""


@pytest.fixture
def run(tmp_path: Path, fake: Callable[[str, str], Path]) -> Callable[..., tuple[int, list[str]]]:
    """Runs it in a clone where everything that it calls is a fake."""
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "run", tmp_path / ".ci" / "run")
    (tmp_path / "maint").mkdir()
    fake("test", TESTS).rename(tmp_path / "maint" / "test")
    fake("python3", PYTHON)
    fake("redis-to-install", REDIS)
    fake("npm-to-install", NPM)
    fake("node-to-install", NODE)
    shutil.copytree(ROOT / PROVIDER, tmp_path / PROVIDER)
    fake("apt-get", APT_GET)
    fake("sudo", '"$@"')
    for name in ("bash", "cat", "cp", "dirname", "env", "mkdir", "mktemp", "mv", "rm", "sleep"):
        path = shutil.which(name)
        assert path
        (tmp_path / "bin" / name).symlink_to(path)

    def run(**variables: str) -> tuple[int, list[str]]:
        temporary = tmp_path / "temporary"
        temporary.mkdir()
        done = subprocess.run(
            ["bash", ".ci/run"],
            cwd=tmp_path,
            env={
                "PATH": str(tmp_path / "bin"),
                "CI": "true",
                "TMPDIR": str(temporary),
                **variables,
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=50,
        )
        assert done.stderr == ""
        assert list(temporary.iterdir()) == []
        return done.returncode, done.stdout.splitlines()

    return run


@pytest.fixture
def tools(fake: Callable[[str, str], Path]) -> None:
    fake("chromium", "")
    fake("chromedriver", "")
    fake("wrk", "")
    fake("redis-server", REDIS)
    fake("npm", NPM)
    fake("node", NODE)
    for program in ("openssl", "curl", "nginx", "haproxy", "prometheus", "ip", "gcc"):
        fake(program, "")


Run = Callable[..., tuple[int, list[str]]]

NATIVE = "(native 1, pure 0)"
EACH = f"--only pytest -m not browser and not autobahn and not once {NATIVE}"
PREPARED = [
    f"test --python /a/python3.13 --prepare {NATIVE}",
    f"test --python /b/python3.12 --prepare {NATIVE}",
    f"test --prepare {NATIVE}",
]
BEGUN = [
    "== begun: everything on python3.11",
    "== begun: pytest on python3.11, pure Python",
]
PURE = [
    "== pytest on python3.11, pure Python",
    "test --only pytest -m not production (native 0, pure 1)",
]
ON_313 = ["== pytest on /a/python3.13", f"test --python /a/python3.13 {EACH}"]
ON_312 = ["== pytest on /b/python3.12", f"test --python /b/python3.12 {EACH}"]
LAST = ["== everything on python3.11", f"test  {NATIVE}"]
EVERYTHING = [
    *PREPARED,
    *BEGUN,
    *PURE,
    "== begun: pytest on /a/python3.13",
    *ON_313,
    "== begun: pytest on /b/python3.12",
    *ON_312,
    *LAST,
]


@pytest.mark.usefixtures("tools")
def test_two_at_a_time_and_the_first_is_shown_last(run: Run) -> None:
    assert run() == (0, EVERYTHING)


@pytest.mark.usefixtures("tools")
def test_the_first_may_be_the_first_to_end(run: Run) -> None:
    status, said = run(AWAITED_BY_311="begun-pure", AWAITED_BY_PURE="begun-312")
    assert status == 0
    assert said[-2:] == LAST
    assert sorted(said) == sorted(EVERYTHING)


def test_what_the_system_lacks_is_installed(run: Run) -> None:
    status, said = run(NO_VENV="1", NO_HEADERS="1")
    options = "-q -o Acquire::Retries=3"
    packages = (
        "chromium chromium-driver wrk redis-server openssl curl nginx-light libnginx-mod-stream "
        "haproxy prometheus iproute2 nodejs npm gcc libc6-dev python3-dev python3-venv"
    )
    assert status == 0
    assert said == [
        f"apt-get {options} update",
        f"apt-get {options} install -y --no-install-recommends {packages}",
        *EVERYTHING,
    ]


@pytest.mark.usefixtures("tools")
@pytest.mark.parametrize(
    ("failing", "shown"), [("ON_PURE", PURE), ("ON_313", [*PURE, EVERYTHING[7], *ON_313])]
)
def test_the_first_failure_ends_it_and_is_shown_last(
    run: Run, failing: str, shown: list[str]
) -> None:
    """The other one, which would wait for ever, is ended too."""
    assert run(**{failing: "1"}) == (1, [*PREPARED, *BEGUN, *shown])


@pytest.mark.usefixtures("tools")
def test_a_failure_of_the_first_is_shown_at_once(run: Run) -> None:
    waiting = {"AWAITED_BY_311": "begun-pure", "AWAITED_BY_PURE": "never"}
    assert run(ON_311="1", **waiting) == (1, [*PREPARED, *BEGUN, *LAST])


@pytest.mark.usefixtures("tools")
def test_a_python_that_can_not_be_prepared_is_no_failure(run: Run) -> None:
    status, said = run(PREPARE_312="3", AWAITED_BY_311="begun-313")
    assert status == 0
    note = "== NOT TESTED on /b/python3.12: no environment could be made for it"
    begun_312 = EVERYTHING.index("== begun: pytest on /b/python3.12")
    assert said == [
        *PREPARED[:2],
        note,
        PREPARED[2],
        *EVERYTHING[3:begun_312],
        *LAST,
    ]


@pytest.mark.usefixtures("tools")
def test_a_native_core_that_can_not_be_compiled_is_one(run: Run) -> None:
    assert run(PREPARE_313="1") == (1, PREPARED[:1])


@pytest.mark.usefixtures("tools")
def test_without_the_npm_registry_it_ends_with_a_sentence(run: Run) -> None:
    said = "== the OpenID provider of the tests could not be had from the npm registry"
    assert run(ON_NPM="1") == (1, [said])


@pytest.mark.usefixtures("tools")
def test_with_an_old_node_the_rest_is_tested(run: Run) -> None:
    status, said = run(NODE_IS="18")
    assert status == 0
    assert said[0] == (
        "== NOT TESTED with the OpenID provider: it needs node 20, and this is v18.1.2"
    )
    assert [line for line in said[1:] if line != "no OpenID provider in none"] == EVERYTHING
    assert "no OpenID provider in none" in said
