"""A small site, and the files that bring it to where others visit it: nginx, HAProxy, systemd, containers."""
