"""Runs the cases in order against one fresh house.

usage: run [PART OF A CASE'S NAME...]
"""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "lib")]

import cases  # noqa: E402
import directory_cases  # noqa: E402
import document_cases  # noqa: E402
import secret_cases  # noqa: E402
import sharing_cases  # noqa: E402
import structure_cases  # noqa: E402
import template_cases  # noqa: E402
import version_cases  # noqa: E402
from client import Client  # noqa: E402
from house import PASSWORD  # noqa: E402

CASES = (document_cases.CASES + version_cases.CASES + structure_cases.CASES + template_cases.CASES + secret_cases.CASES + sharing_cases.CASES +
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


if __name__ == "__main__":
    sys.exit(cases.main("boxes", CASES, Target))
