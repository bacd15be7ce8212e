"""What a suite asked of its house and was answered, for the suite openapi: a line of JSON each in out/traffic/<suite>.jsonl."""
import json
import os
import threading

MOST = 4000             # requests of a suite that are kept
BODY = 64 * 1024        # longer bodies are left out

lock = threading.Lock()
state = {"file": None, "left": 0}


def begin(path):
    """From now on requests are recorded there; what was there is gone."""
    with lock:
        if state["file"]:
            state["file"].close()
        os.makedirs(os.path.dirname(path), exist_ok=True)
        state["file"], state["left"] = open(path, "w", encoding="utf-8"), MOST


def text(body):
    """Bytes as they go into the record: None without a body; not at all when they are long or no text."""
    if body is None:
        return None
    try:
        return body.decode() if len(body) <= BODY else ...
    except UnicodeDecodeError:
        return ...


def add(method, path, request, status, headers, answer):
    """One request and its answer; bodies are bytes or None."""
    if not state["file"]:
        return
    entry = {"method": method, "path": path, "status": status, "type": headers.get("Content-Type")}
    for name, body in (("request", text(request)), ("answer", text(answer))):
        if body is not ...:
            entry[name] = body
    with lock:
        if state["left"] > 0:
            state["left"] -= 1
            state["file"].write(json.dumps(entry) + "\n")
            state["file"].flush()
