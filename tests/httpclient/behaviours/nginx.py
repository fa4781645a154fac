"""An nginx of our own: unprivileged, in a folder of its own, on sockets that we have opened for it."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType

import pytest

from tests.conftest import PATIENCE
from tests.tls_certs import Certificates

COMMAND = shutil.which("nginx", path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin"]))

LARGE = bytes(range(256)) * 4096
"""One MiB."""
PAGE = "".join(f"<p>line {number}</p>\n" for number in range(2000)).encode()
"""What is worth compressing."""

CONFIGURATION = """
daemon off;
worker_processes 1;
{user}
pid {folder}/pid;
error_log {folder}/error.log info;
events {{ worker_connections 512; }}
http {{
    access_log off;
    default_type text/plain;
    types {{ text/html html; }}
    client_body_temp_path {folder}/temporary;
    proxy_temp_path {folder}/temporary;
    fastcgi_temp_path {folder}/temporary;
    uwsgi_temp_path {folder}/temporary;
    scgi_temp_path {folder}/temporary;
    client_max_body_size 64m;
    keepalive_requests 5;
    root {folder}/site;
    server {{
        listen {plain};
        listen {tls} ssl http2;
        listen unix:{socket};
        ssl_certificate {certificate};
        ssl_certificate_key {certificate};
        gzip on;
        gzip_min_length 1000;
        location = /hello {{ return 200 "hello"; }}
        location = /nothing {{ return 204; }}
        location = /moved {{ return 302 /hello; }}
        location = /moved-for-good {{ return 301 /hello; }}
        location = /see-other {{ return 303 /method; }}
        location = /found {{ return 302 /method; }}
        location = /temporary {{ return 307 /method; }}
        location = /permanent {{ return 308 /method; }}
        location = /method {{ return 200 "$request_method"; }}
        location = /round {{ return 302 /round; }}
        location = /which {{ return 200 "$connection $connection_requests"; }}
        location = /protocol {{ return 200 "$server_protocol"; }}
        location = /agent {{ return 200 "$http_user_agent"; }}
        location = /private {{
            auth_basic "private";
            auth_basic_user_file {folder}/users;
            try_files /secret =500;
        }}
        location /upload/ {{ dav_methods PUT DELETE; create_full_put_path on; }}
    }}
    server {{
        listen {mutual} ssl;
        ssl_certificate {certificate};
        ssl_certificate_key {certificate};
        ssl_client_certificate {ca};
        ssl_verify_client on;
        location = /who {{ return 200 "$ssl_client_s_dn"; }}
    }}
}}
"""


class Nginx:
    """``with Nginx(folder, certs) as server:``"""

    def __init__(self, folder: Path, certs: Certificates) -> None:
        if COMMAND is None:
            pytest.skip("nginx is not installed: on Debian it is the package nginx-light")
        self._folder = folder
        self._certs = certs
        # Short, for a Unix socket's path must be.
        self._short = tempfile.mkdtemp(prefix="nginx")
        self.socket = f"{self._short}/socket"

    def __enter__(self) -> "Nginx":
        site = self._folder / "site"
        for name, content in {
            "large": LARGE,
            "page.html": PAGE,
            "secret": b"secret",
            "upload/here": b"",
        }.items():
            path = site / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        (self._folder / "users").write_text("somebody:{PLAIN}something\n")
        # The sockets are opened here and handed down, as when it is upgraded: so no port can be taken.
        sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
        addresses = ["{}:{}".format(*sock.getsockname()) for sock in sockets]
        self.url = f"http://{addresses[0]}"
        self.tls_url = f"https://{addresses[1]}"
        self.mutual_url = f"https://{addresses[2]}"
        (self._folder / "nginx.conf").write_text(
            CONFIGURATION.format(
                # Who is root would be nobody, who may not read pytest's folders.
                user="user root;" if os.geteuid() == 0 else "",
                folder=self._folder,
                plain=addresses[0],
                tls=addresses[1],
                mutual=addresses[2],
                socket=self.socket,
                certificate=self._certs.server,
                ca=self._certs.ca,
            )
        )
        inherited = "".join(f"{sock.fileno()};" for sock in sockets)
        assert COMMAND is not None
        self._process = subprocess.Popen(
            [COMMAND, "-p", str(self._folder), "-c", "nginx.conf", "-e", "error.log"],
            env=os.environ | {"NGINX": inherited},
            pass_fds=[sock.fileno() for sock in sockets],
        )
        for sock in sockets:
            sock.close()
        self._wait()
        return self

    def _wait(self) -> None:
        """Until it listens on the Unix socket, which it opens itself."""
        deadline = time.monotonic() + 6 * PATIENCE
        while True:
            with socket.socket(socket.AF_UNIX) as sock:
                if sock.connect_ex(self.socket) == 0:
                    return
            assert self._process.poll() is None, (self._process.returncode, self.log())
            assert time.monotonic() < deadline, self.log()
            time.sleep(0.005)

    def log(self) -> str:
        path = self._folder / "error.log"
        return path.read_text() if path.exists() else "nginx wrote no log"

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.terminate()
        self._process.wait(PATIENCE)
        shutil.rmtree(self._short)
