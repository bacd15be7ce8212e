"""A patient client of a house whose rooms are killed: it signs in once, and asks again where nothing was answered or 503."""
import json
import time


def until(f, seconds=60, every=0.2):
    """What f gives once it is true; else, after so many seconds, what it gave last."""
    end = time.monotonic() + seconds
    while True:
        value = f()
        if value or time.monotonic() > end:
            return value
        time.sleep(every)


class Client:
    def __init__(self, house):
        self.house, self.token = house, house.token()

    def ask(self, method, path, body=None):
        status, data = 0, b"no answer"
        for _ in range(30):
            try:
                status, _, data = self.house.request(method, path, body, {"ElasticBox-Token": self.token}, timeout=30)
                if status != 503:
                    break
            except OSError:
                pass
            time.sleep(0.5)
        if not 200 <= status < 400:
            raise RuntimeError("%s %s: %d %s" % (method, path, status, data[:300]))
        return data

    def call(self, method, path, body=None):
        data = self.ask(method, path, body)
        return json.loads(data) if data else None

    def text(self, path):
        return self.ask("GET", path).decode("utf-8", "replace")

    def get(self, path):
        return self.call("GET", path)

    def upload(self, name, text):
        connection = self.house.connection(30)
        connection.request("POST", "/services/blobs/upload/" + name, body=text.encode(), headers={
            "Content-Type": "application/octet-stream", "ElasticBox-Token": self.token})
        answer = connection.getresponse()
        data = answer.read()
        connection.close()
        if answer.status >= 400:
            raise RuntimeError("upload %s: %d %s" % (name, answer.status, data[:300]))
        return json.loads(data)
