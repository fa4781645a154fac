"""nginx in one process, for the same files."""

import os
import sys
from pathlib import Path

CONFIGURATION = """\
daemon off;
master_process off;
pid %(files)s/nginx.pid;
error_log /dev/null;
events { worker_connections 1024; }
http {
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000000;
  types { }
  server {
    listen 127.0.0.1:%(port)s;
    location /files/ { alias %(files)s/; }
  }
}
"""

files = os.environ["BENCH_FILES"]
configuration = Path(files, "nginx.conf")
configuration.write_text(CONFIGURATION % {"files": files, "port": sys.argv[1]})
os.execvp("nginx", ["nginx", "-c", str(configuration)])
