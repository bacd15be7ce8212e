#!/usr/bin/python3
"""A part of the simulated agents of suite storm, in a process of its own: a process of many machines may not have more than some
thousand descriptors.

usage: agents.py ADDRESS NAME FIRST COUNT SOURCE HEARTBEAT      prints {"welcomed":n}, waits for a line, prints {"lost":n,"beats":n}
"""
import asyncio
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(os.path.dirname(HERE), "lib")]

from simagent import SimAgent, context

# Connections being made at a time.
AT_ONCE = 20
PATIENCE = 400


def token(n):
    return "storm-machine-%06d" % n


class Idle(SimAgent):
    """Says that it is alive as often as it is told to, spread as by chance, and counts how often."""
    beats = 0

    def __init__(self, *args, heartbeat, **kwargs):
        super().__init__(*args, **kwargs)
        self.every = heartbeat

    async def _alive(self, wire, heartbeat=0):
        await asyncio.sleep(self.every * (hash(self.token) % 997) / 997)
        while self.wire is wire:
            wire.say({"type": "alive", "load": [0, 0, 0]})
            self.beats += 1
            await asyncio.sleep(self.every)


async def main(address, name, first, count, source, heartbeat):
    tls, slots = context(), asyncio.Semaphore(AT_ONCE)
    agents = [Idle(address, name, token(first + n), source=source, tls=tls, heartbeat=heartbeat) for n in range(count)]

    async def come(a):
        async with slots:
            task = asyncio.get_running_loop().create_task(a.run())
            await asyncio.wait_for(a.welcomed.wait(), PATIENCE)
        return task
    runs = await asyncio.gather(*(come(a) for a in agents))
    print(json.dumps({"welcomed": sum(a.welcomes > 0 for a in agents)}), flush=True)
    failures, beats = sum(a.failures for a in agents), sum(a.beats for a in agents)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    print(json.dumps({"lost": sum(a.failures for a in agents) - failures + sum(a.wire is None for a in agents),
                      "beats": sum(a.beats for a in agents) - beats}), flush=True)
    for a in agents:
        a.stopped = True
    for r in runs:
        r.cancel()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5], float(sys.argv[6])))
