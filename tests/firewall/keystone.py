#!/usr/bin/python3
"""A small OpenStack for tests: Keystone's catalogue and the lists a sync reads, over TLS.
usage: keystone.py CERTIFICATE KEY CATALOGUE ADDRESS:PORT...

CATALOGUE is a file, read at each log-in: {"compute": "https://..", ..}.  Prints each request: "GET 10.0.0.5:8774 /v2.1/flavors/detail"."""
import http.server
import json
import ssl
import sys
import threading

LISTS = {"images": [{"id": "i-1", "name": "linux", "status": "active", "min_disk": 1}], "flavors": [{"id": "f-1", "name": "m1.small", "vcpus": 1, "ram": 512, "disk": 1}],
         "keypairs": [{"keypair": {"name": "key"}}], "networks": [{"id": "n-1", "name": "inside"}], "security_groups": [], "servers": []}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *unused):
        pass

    def say(self, status, body, **headers):
        data = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": len(data), **headers}.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()
        self.wfile.write(data)

    def heard(self):
        print("%s %s:%d %s" % (self.command, *self.server.server_address[:2], self.path), flush=True)

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.heard()
        with open(CATALOGUE) as f:
            catalogue = [{"type": kind, "endpoints": [{"interface": "public", "url": url}]} for kind, url in json.load(f).items()]
        self.say(201, {"token": {"catalog": catalogue}}, X_Subject_Token="t")

    def do_GET(self):
        self.heard()
        parts = self.path.partition("?")[0].replace("-", "_").split("/")
        for name in LISTS:
            if name in parts or "os_" + name in parts:
                self.say(200, {name: LISTS[name]})
                return
        self.say(404, {"message": "no such path"})


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def finish_request(self, request, client_address):		# the handshake in the connection's own thread
        with CONTEXT.wrap_socket(request, server_side=True) as tls:
            self.RequestHandlerClass(tls, client_address, self)

    def handle_error(self, request, client_address):
        pass		# who went away


CATALOGUE = sys.argv[3]
CONTEXT = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
CONTEXT.load_cert_chain(sys.argv[1], sys.argv[2])
for place in sys.argv[4:]:
    address, _, port = place.rpartition(":")
    threading.Thread(target=Server((address, int(port)), Handler).serve_forever).start()
print("listening", flush=True)
