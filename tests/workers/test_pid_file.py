"""The file with the supervisor's number."""

import os
import subprocess
import sys

import pytest

from tornadolike.programs.failing import Failure
from tornadolike.workers.pid_file import PidFile


def test_it_is_there_for_a_while(tmp_path):
    path = tmp_path / "a.pid"
    with PidFile(str(path)):
        assert path.read_text() == f"{os.getpid()}\n"
        assert os.listdir(tmp_path) == ["a.pid"]
    assert not path.exists()


@pytest.mark.parametrize("text", ["", "nonsense", "99999999999999999999\n"])
def test_what_names_nobody_is_replaced(tmp_path, text):
    path = tmp_path / "a.pid"
    path.write_text(text)
    with PidFile(str(path)):
        assert path.read_text() == f"{os.getpid()}\n"


def test_who_has_ended_is_nobody(tmp_path):
    path = tmp_path / "a.pid"
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    path.write_text(str(child.pid))
    with PidFile(str(path)):
        assert path.read_text() == f"{os.getpid()}\n"


def test_who_runs_is_left_in_peace(tmp_path):
    path = tmp_path / "a.pid"
    path.write_text(str(os.getppid()))
    with pytest.raises(Failure, match=f"process {os.getppid()} is named there, and it runs"):
        PidFile(str(path)).__enter__()
    assert path.read_text() == str(os.getppid())


def test_another_one_s_file_is_not_removed(tmp_path):
    path = tmp_path / "a.pid"
    with PidFile(str(path)):
        path.write_text("1\n")
    assert path.exists()


def test_where_nothing_can_be_written(tmp_path):
    with pytest.raises(Failure, match="No such file or directory"):
        PidFile(str(tmp_path / "nowhere" / "a.pid")).__enter__()
