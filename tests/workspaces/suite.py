"""Runs the cases in order against one fresh house.

usage: run [PART OF A CASE'S NAME...]
"""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "lib")]

import cases
import place_cases
import role_cases
from world import World


def people_and_places(w):
    w.people()
    w.places()
    w.contents()


if __name__ == "__main__":
    sys.exit(cases.main("workspaces", [people_and_places] + place_cases.CASES + role_cases.CASES, World, needed=[people_and_places]))
