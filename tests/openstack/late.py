"""A filter in Nova's API that lets time pass between a create's acceptance and its visibility, and between that and its answer.

CAM_LATE is a file: the most seconds of each of the two, 0 or no file for none. The one who asked may be gone meanwhile: the create still
comes to pass, as with a request that waits in a load balancer's or a message queue's hands.
"""
import os
import random

import eventlet


def most():
    try:
        with open(os.environ["CAM_LATE"]) as f:
            return float(f.read() or 0)
    except FileNotFoundError:
        return 0


def factory(conf, **local):
    def late(app):
        def call(environ, start_response):
            seconds = most()
            if not seconds or environ["REQUEST_METHOD"] != "POST" or not environ["PATH_INFO"].rstrip("/").endswith("/servers"):
                return app(environ, start_response)
            eventlet.sleep(random.uniform(0, seconds))
            answer = app(environ, start_response)
            eventlet.sleep(random.uniform(0, seconds))
            return answer
        return call
    return late
