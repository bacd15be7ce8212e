"""An instance as the suites that deploy machines look at it, by a Client of tests/lib/client.py."""
from client import until


class Instance:
    def __init__(self, c, id):
        self.c, self.id = c, id
        self.path = "/services/instances/" + id

    def ended(self, event, seconds=150):
        """The instance when this operation of its has ended, None when it does not."""
        return until(lambda: (lambda i: i if i["state"] != "processing" and i["operation"]["event"] == event else None)(self.c.get(self.path)), seconds)

    def good(self, event, seconds=150):
        i = self.ended(event, seconds)
        return i is not None and i["state"] == "done"

    def said(self, lines=12):
        return [a["text"] for a in self.c.get(self.path + "/activity")][-lines:]

    def output(self):
        return self.c.text(self.path + "/machine_logs")
