"""Builds a load tool that holds many WebSockets: its own source with wsclient.c."""
import os
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))


def build(source, program):
    os.makedirs(os.path.dirname(program), exist_ok=True)
    subprocess.run(["gcc", "-O2", "-D_GNU_SOURCE", "-o", program, source, os.path.join(HERE, "wsclient.c"), "-lssl", "-lcrypto"], check=True)
    return program
