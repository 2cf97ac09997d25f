"""Receives datagrams at a UNIX socket and prints each as a line of JSON; "up" first."""
import json, socket, sys
receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
receiver.bind(sys.argv[1])
print(json.dumps("up"), flush=True)
while True:
    print(json.dumps(receiver.recv(65536).decode()), flush=True)
