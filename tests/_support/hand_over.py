"""Becomes another program that finds sockets of ours among its descriptors.

hand_over.py SPEC PROGRAM [ARGUMENT...]

SPEC is JSON: {"sockets": [{"kind": ..., "at": 3, "path": ..., "port": 0, "listens": true}], "activates": true}.
Several processes may have a socket of kind tcp on the same port.
With "activates", LISTEN_FDS and LISTEN_PID tell the program of them as systemd does.
"""

import fcntl
import json
import os
import socket
import sys

keep = []


def made(spec):
    """A descriptor of the kind that is asked for."""
    kind = spec["kind"]
    if kind == "file":
        return os.open(__file__, os.O_RDONLY)
    if kind == "pipe":
        keep.extend(os.pipe())
        return keep[-2]
    if kind == "udp":
        found = socket.socket(type=socket.SOCK_DGRAM)
        found.bind(("127.0.0.1", 0))
    elif kind == "connected":
        found, other = socket.socketpair()
        keep.append(other)
    elif kind == "unix":
        found = socket.socket(socket.AF_UNIX)
        found.bind(spec["path"])
    elif kind == "abstract":
        found = socket.socket(socket.AF_UNIX)
        found.bind("\0" + spec["path"])
    else:
        found = socket.socket(socket.AF_INET6 if kind == "tcp6" else socket.AF_INET)
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        found.bind(("::1" if kind == "tcp6" else "127.0.0.1", spec.get("port", 0)))
    if spec.get("listens", True) and kind not in ("udp", "connected"):
        found.listen(64)
    keep.append(found)
    return found.fileno()


spec = json.loads(sys.argv[1])
# Out of the way first: where one goes, another may be.
high = [fcntl.fcntl(made(each), fcntl.F_DUPFD, 100) for each in spec["sockets"]]
for fd, each in zip(high, spec["sockets"]):
    os.dup2(fd, each["at"])
    os.close(fd)
if spec.get("activates"):
    os.environ["LISTEN_FDS"] = str(len(high))
    os.environ["LISTEN_PID"] = str(os.getpid())
os.execvp(sys.argv[2], sys.argv[2:])
