"""Runs the cases in order against one fresh house.

usage: run [PART OF A CASE'S NAME...]
"""
import os
import sys
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "lib")]

import directory_cases  # noqa: E402
import document_cases  # noqa: E402
import secret_cases  # noqa: E402
import sharing_cases  # noqa: E402
import structure_cases  # noqa: E402
import version_cases  # noqa: E402
from client import Client  # noqa: E402
from house import House, PASSWORD  # noqa: E402

CASES = (document_cases.CASES + version_cases.CASES + structure_cases.CASES + secret_cases.CASES + sharing_cases.CASES +
         directory_cases.CASES)


class Target:
    """The house, its administrator, and the users ann and ben, who are in the team."""

    def __init__(self, house):
        self.house, self.address = house, house.address
        house.set_up()
        self.boss = Client(self.address, house.token())
        self.ann, self.ben, self.eve = (self.user(n) for n in ("ann", "ben", "eve"))
        self.team = self.boss.ask("POST", "/services/workspaces", {
            "name": "Team", "schema": "http://elasticbox.net/schemas/workspaces/team",
            "members": [{"id": self.ann.user, "role": "administrator"}]}, good=201)["id"]

    def user(self, name):
        email = name + "@example.test"
        invitation = self.boss.ask("POST", "/services/users", {"email": email}, good=201)
        self.boss.post("/services/users/activate", {"code": invitation["code"], "password": PASSWORD + name})
        status, _, token = self.boss.raw("POST", "/services/security/token",
                                         ('{"email": "%s", "password": "%s"}' % (email, PASSWORD + name)).encode())
        assert status == 200, token
        client = Client(self.address, token.decode())
        client.user = next(w["id"] for w in client.get("/services/workspaces") if w.get("email") == email)
        return client


def main():
    failed = 0
    with House("boxes") as house:
        house.start(*(["--root", os.environ["CAM_ROOT"]] if "CAM_ROOT" in os.environ else []))
        target = Target(house)
        for case in CASES:
            if sys.argv[1:] and not any(w in case.__name__ for w in sys.argv[1:]):
                continue
            began = time.monotonic()
            try:
                case(target)
                result = "ok"
            except Exception:
                failed += 1
                result = "not ok"
                traceback.print_exc()
            print("%s %s (%.2f s)" % (result, case.__name__.replace("_", " "), time.monotonic() - began), flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
