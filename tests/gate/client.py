"""A TLS client in which the test holds both ends of the record layer: it can close either side alone, count and
delay.  Uses the ssl module's memory buffers over a plain socket."""
import socket
import ssl

HOST = "127.0.0.1"


def context(maximum=None):
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    c.check_hostname = False
    c.verify_mode = ssl.CERT_NONE
    c.maximum_version = ssl.TLSVersion.TLSv1_2
    return c


class Client:
    def __init__(self, source=None, name=None, session=None, ctx=None, timeout=20, handshake=True):
        self.sock = socket.create_connection((HOST, 443), timeout, (source, 0) if source else None)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.come, self.go = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = (ctx or context()).wrap_bio(self.come, self.go, server_hostname=name, session=session)
        self.eof = False
        if handshake:
            self.run(self.tls.do_handshake)
            self.flush()

    def flush(self):
        data = self.go.read()
        if data:
            self.sock.sendall(data)

    def fill(self):
        data = self.sock.recv(1 << 16)
        if not data:
            self.eof = True
            self.come.write_eof()
        else:
            self.come.write(data)

    def run(self, what, *args):
        while True:
            try:
                return what(*args)
            except ssl.SSLWantReadError:
                self.flush()
                self.fill()

    def send(self, data):
        view = memoryview(data)
        while view:
            n = self.run(self.tls.write, view[:1 << 14])
            view = view[n:]
            self.flush()

    def recv(self, n=1 << 16):
        """Bytes, b"" at close_notify.  ConnectionAbortedError when the end comes without close_notify."""
        try:
            return self.run(self.tls.read, n)
        except ssl.SSLZeroReturnError:
            return b""
        except (ssl.SSLEOFError, ssl.SSLSyscallError):
            raise ConnectionAbortedError("no close_notify")

    def line(self):
        out = b""
        while not out.endswith(b"\n"):
            data = self.recv(1)
            if not data:
                break
            out += data
        return out.decode()

    def read_all(self):
        out = []
        while True:
            data = self.recv()
            if not data:
                return b"".join(out)
            out.append(data)

    def close_notify(self):
        try:
            self.tls.unwrap()
        except ssl.SSLWantReadError:
            pass
        self.flush()

    def half_close(self):
        """The end of our bytes by TCP alone, without close_notify."""
        self.sock.shutdown(socket.SHUT_WR)

    def close(self):
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()


def ask(text, **how):
    with Client(**how) as c:
        c.send(text.encode() + b"\n")
        return c.read_all().decode()
