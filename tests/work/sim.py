"""Simulated agents for every machine that demo keeps, in a thread: what the suite is tried with where there is no agent.

They run scripts on this machine, in a directory of their own, with the variables of the context in the environment.
"""
import asyncio
import os
import re
import shutil
import tempfile
import threading

from simagent import SimAgent


class Agents(threading.Thread):
    def __init__(self, world):
        super().__init__(daemon=True)
        self.world, self.agents, self.loop, self.ended = world, {}, None, False
        self.work_dir = tempfile.mkdtemp(prefix="cam-sim.")
        self.start()

    def run(self):
        asyncio.run(self._main())

    def stop(self):
        self.ended = True
        self.join(10)
        shutil.rmtree(self.work_dir, ignore_errors=True)

    async def _main(self):
        while not self.ended:
            want = {m: r for m, r in self.world.kept().items() if r["running"] and not r["ending"]}
            for m in set(self.agents) - set(want):
                agent, task, _ = self.agents.pop(m)
                agent.stop()
                task.cancel()
            for m, r in want.items():
                if m in self.agents:
                    continue
                conf = dict(line.split("=", 1) for line in r["conf"].splitlines() if "=" in line)
                agent = SimAgent(self.world.house.address, conf["host"], conf["token"], self._work, fingerprint=m, jitter=0.2)
                agent.machine = m
                self.agents[m] = agent, asyncio.get_running_loop().create_task(agent.run()), conf
            await asyncio.sleep(0.1)

    def _render(self, text, context):
        def value(match):
            at = context
            for word in match.group(1).split("."):
                at = at.get(word, "") if isinstance(at, dict) else ""
            return str(at)
        return re.sub(r"\{\{\s*([\w.]+)\s*\}\}", value, text)

    async def _work(self, agent, step):
        m = step.message
        url = m["script"].get("url")
        text = m["script"].get("text")
        if text is None:
            path = url[url.index("/services/"):]
            _, _, data = await asyncio.get_running_loop().run_in_executor(None, lambda: self.world.house.request("GET", path))
            text = data.decode()
        text = self._render(text, m["context"])
        folder = os.path.join(self.work_dir, agent.machine)
        os.makedirs(folder, exist_ok=True)
        env = {"PATH": os.environ["PATH"], "MACHINE_DIR": folder}
        env.update({k: v for k, v in m["context"].items() if isinstance(v, str)})
        process = await asyncio.create_subprocess_exec("/bin/sh", "-c", text, cwd=folder, env=env, start_new_session=True,
                                                       stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT)
        aborted = asyncio.create_task(step.aborted.wait())
        while True:
            reading = asyncio.create_task(process.stdout.read(65536))
            await asyncio.wait([reading, aborted], return_when=asyncio.FIRST_COMPLETED)
            if aborted.done():
                os.killpg(process.pid, 9)
                return {"outcome": "aborted", "exit_code": -1, "signal": 9}
            data = reading.result()
            if not data:
                break
            agent.write(step, data)
        aborted.cancel()
        code = await process.wait()
        return {"outcome": "exited" if code >= 0 else "aborted", "exit_code": max(code, 0)}
