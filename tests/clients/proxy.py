"""A proxy that lies: between a client (plain HTTP on the loopback) and the appliance (TLS). Answers go through `lie`, a
function (method, path, status, headers, body) -> (status, headers, body) or None to leave them alone."""
import http.server
import threading

from transport import Transport

# Not passed on: the proxy frames for itself.
HOP = ("connection", "content-length", "transfer-encoding", "keep-alive")


class Proxy:
    def __init__(self, upstream):
        outer = self
        self.lie, self.lies, self.seen = None, 0, None

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def setup(self):
                super().setup()
                self.up = Transport(upstream)

            def finish(self):
                self.up.close()
                super().finish()

            def handle_any(self):
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length) if length else None
                headers = {k: v for k, v in self.headers.items() if k.lower() not in HOP + ("host",)}
                status, got, data = self.up.ask(self.command, self.path, body, headers)
                got = [(k, v) for k, v in got.items() if k.lower() not in HOP]
                outer.seen = (self.command, self.path, status, data)
                if outer.lie:
                    changed = outer.lie(self.command, self.path, status, got, data)
                    if changed:
                        outer.lies += 1
                        status, got, data = changed
                self.send_response_only(status)
                for k, v in got:
                    self.send_header(k, v)
                if status not in (204, 304):
                    self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                if data and status not in (204, 304):
                    self.wfile.write(data)

            do_GET = do_PUT = do_POST = do_DELETE = handle_any

            def log_message(self, *unused):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.address = ("http", "127.0.0.1", self.server.server_address[1])
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
