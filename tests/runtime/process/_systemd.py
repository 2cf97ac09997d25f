"""A manager that is notified: prints each datagram as JSON, and its sender's process id."""
import array
import json
import os
import socket
import struct
import sys

name = sys.argv[1]
server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
server.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
server.bind("\0" + name[1:] if name.startswith("@") else name)
print(json.dumps("up"), flush=True)
while True:
    data, ancillary, _, _ = server.recvmsg(4096, 1024)
    pid = None
    for level, kind, content in ancillary:
        if kind == socket.SCM_CREDENTIALS:
            pid = struct.unpack("3i", content[:12])[0]
        elif kind == socket.SCM_RIGHTS:
            # systemd-notify waits until these are closed.
            for fd in array.array("i", content):
                os.close(fd)
    if data != b"BARRIER=1":
        print(json.dumps({"text": data.decode(), "pid": pid}), flush=True)
