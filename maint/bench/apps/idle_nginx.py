"""nginx in one process, which says what the others' programs say."""

import os
import sys
import tempfile
from pathlib import Path

CONFIGURATION = """\
daemon off;
master_process off;
pid %(folder)s/nginx.pid;
error_log /dev/null;
events { worker_connections 60000; }
http {
  access_log off;
  keepalive_timeout 600;
  keepalive_requests 1000000000;
  server {
    listen 127.0.0.1:%(port)s backlog=4096;
    location / { default_type text/plain; return 200 "Hello, World!"; }
  }
}
"""

folder = tempfile.mkdtemp()
configuration = Path(folder, "nginx.conf")
configuration.write_text(CONFIGURATION % {"folder": folder, "port": sys.argv[1]})
os.execvp("nginx", ["nginx", "-c", str(configuration)])
