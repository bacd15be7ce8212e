"""HTTP as bytes over TLS: what a well-behaved library would never send, and replies read strictly."""
import json
import socket
import ssl


class Reply:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def header(self, name):
        """The value of the header, None when absent; an error when there are two."""
        found = [v for n, v in self.headers if n.lower() == name.lower()]
        assert len(found) < 2, "%s twice: %s" % (name, found)
        return found[0] if found else None

    def json(self):
        return json.loads(self.body)

    def message(self):
        """The text of an error; fails unless the reply is a proper JSON error."""
        assert self.header("Content-Type") == "application/json", (self.status, self.headers)
        value = self.json()
        assert set(value) == {"message"} and value["message"], value
        return value["message"]


class Wire:
    """One TLS connection."""

    def __init__(self, address, port=443, timeout=20):
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        self.host = address
        plain = socket.create_connection((address, port), timeout)
        self.socket = context.wrap_socket(plain, server_hostname=address)
        self.left = b""

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data.encode("latin-1") if isinstance(data, str) else data)

    def more(self):
        """Reads on; False at the end of the stream."""
        try:
            data = self.socket.recv(65536)
        except (ssl.SSLEOFError, ssl.SSLZeroReturnError, ConnectionResetError):
            data = b""
        self.left += data
        return bool(data)

    def line(self):
        while b"\r\n" not in self.left:
            if not self.more():
                raise EOFError("the connection ended in a head: %r" % self.left)
        line, self.left = self.left.split(b"\r\n", 1)
        return line.decode("latin-1")

    def reply(self, head_only=False):
        """Reads one reply, which must be framed by Content-Length or in chunks unless it has no body by nature."""
        version, status, _ = self.line().split(" ", 2)
        assert version == "HTTP/1.1", version
        status, headers = int(status), []
        while True:
            line = self.line()
            if not line:
                break
            name, value = line.split(":", 1)
            headers.append((name, value.strip()))
        reply = Reply(status, headers, b"")
        length = reply.header("Content-Length")
        if status in (100, 204, 304):
            assert length is None, "%d with Content-Length" % status
            return reply
        if reply.header("Transfer-Encoding") == "chunked":
            assert length is None, "chunks with Content-Length"
            reply.body = b"" if head_only else self.chunks()
            return reply
        assert length is not None, "no Content-Length: %s" % headers
        if not head_only:
            reply.body = self.exactly(int(length))
        return reply

    def exactly(self, n):
        while len(self.left) < n:
            if not self.more():
                raise EOFError("the connection ended in a body")
        part, self.left = self.left[:n], self.left[n:]
        return part

    def chunks(self):
        """A body in chunks without a trailer (RFC 9112 section 7.1)."""
        body = b""
        while True:
            size = int(self.line(), 16)
            body += self.exactly(size)
            assert self.exactly(2) == b"\r\n"
            if not size:
                return body

    def ask(self, method, path, body=None, *headers, version="1.1"):
        """Sends a request and reads its reply. headers are lines without their end."""
        lines = ["%s %s HTTP/%s" % (method, path, version), "Host: " + self.host, *headers]
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
            lines.append("Content-Type: application/json")
        if body is not None:
            body = body.encode() if isinstance(body, str) else body
            lines.append("Content-Length: %d" % len(body))
        self.send("\r\n".join(lines) + "\r\n\r\n")
        if body:
            self.send(body)
        return self.reply(method == "HEAD")

    def ended(self, seconds=5):
        """Has the server closed, without another byte?"""
        self.socket.settimeout(seconds)
        if self.left:
            return False
        try:
            return not self.more()
        except socket.timeout:
            return False
