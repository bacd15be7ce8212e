"""One kept-alive HTTP connection, with or without TLS: (status, headers, bytes) of a request."""
import http.client
import ssl
import time

import record


# A connection that was idle for so long, seconds, is made anew: the appliance ends those that are idle for a minute.
IDLE = 40


class Transport:
    """address: ("https" | "http", host, port)."""

    def __init__(self, address, timeout=20):
        scheme, self.host, port = address
        self.direct, self.used = scheme == "https", time.monotonic()
        if scheme == "https":
            context = ssl.create_default_context()      # any certificate and name, as the plugin does
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            self.connection = http.client.HTTPSConnection(self.host, port, timeout=timeout, context=context)
        else:
            self.connection = http.client.HTTPConnection(self.host, port, timeout=timeout)

    def ask(self, method, path, body=None, headers=None):
        if time.monotonic() - self.used > IDLE:
            self.connection.close()
        try:
            self.connection.request(method, path, body=body, headers=headers or {})
            answer = self.connection.getresponse()
            data = answer.read()
            self.used = time.monotonic()
            # What a proxy changed is not what the appliance said.
            if self.direct:
                record.add(method, path, body, answer.status, answer.headers, data)
            return answer.status, answer.headers, data
        except (http.client.HTTPException, OSError):
            self.connection.close()
            raise

    def close(self):
        self.connection.close()
