"""What who operates HAProxy asks it, by its socket."""

import socket
from pathlib import Path

from tests.deploy.programs import PATIENCE


def operate(control: Path, command: str) -> str:
    """What HAProxy answers to a command."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(PATIENCE)
        sock.connect(str(control))
        sock.sendall(command.encode() + b"\n")
        answer = b""
        while piece := sock.recv(4096):
            answer += piece
    return answer.decode().strip()


def states(control: Path) -> dict[str, tuple[str, int]]:
    """Of each server of the site: its state, and how many sessions it has."""
    head, *lines = operate(control, "show stat").removeprefix("# ").splitlines()
    found = {}
    for line in lines:
        row = dict(zip(head.split(","), line.split(","), strict=True))
        if row["pxname"] == "site" and row["svname"] not in ("FRONTEND", "BACKEND"):
            found[row["svname"]] = (row["status"], int(row["scur"]))
    return found
