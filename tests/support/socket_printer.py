"""A printer on a socket (AppSocket, "port 9100"): socket_printer.py DIR writes its port to DIR/port, and what each
connection sends to DIR/page-1, DIR/page-2, ... as paper would have it. Ends when its standard input does."""
import os
import socket
import sys
import threading

folder = sys.argv[1]


def put(name, data):
    with open(os.path.join(folder, "." + name), "wb") as f:
        f.write(data)
    os.rename(os.path.join(folder, "." + name), os.path.join(folder, name))


def serve(listener):
    count = 0
    while True:
        connection = listener.accept()[0]
        data = b""
        while chunk := connection.recv(65536):
            data += chunk
        if data:
            count += 1
            put("page-%d" % count, data)
        connection.close()


listener = socket.create_server(("127.0.0.1", 0))
threading.Thread(target=serve, args=(listener,), daemon=True).start()
put("port", b"%d\n" % listener.getsockname()[1])
sys.stdin.read()
