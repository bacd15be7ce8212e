"""The far end of gate: what api is to gate, without HTTP.

It listens where api does, as api's user, takes the descriptors that gate passes (PROTO_API_CONN) and obeys the
first line that the client sends through TLS, so that a test can see every byte that gate moved:

  meta            the notice that came with the descriptor, then closes
  echo            sends back what comes, until the end of file, then closes
  sink            reads to the end of file, answers with length and SHA-256, closes
  source N        sends N bytes of a known stream and closes
  stall N         reads nothing for N seconds, then as sink
  ping            answers "pong" to every further line
  GET ...         a small HTTP answer, for curl
"""
import array
import asyncio
import hashlib
import json
import os
import socket
import struct
import sys

API_CONN = 0x0601
HEADER = struct.Struct("<BBHII")
tasks = set()


def stream(n, chunk=1 << 16):
    """n bytes that no shift or loss leaves equal."""
    done = 0
    counter = 0
    while done < n:
        block = b"".join(hashlib.sha256(struct.pack("<Q", counter + i)).digest() for i in range(chunk // 32))
        counter += chunk // 32
        block = block[:n - done]
        done += len(block)
        yield block


async def answer(sock, notice):
    reader, writer = await asyncio.open_connection(sock=sock, limit=1 << 16)
    try:
        line = (await reader.readline()).decode("latin-1").strip()
        word, _, arg = line.partition(" ")
        if word == "meta":
            writer.write(json.dumps(notice).encode() + b"\n")
        elif word == "echo":
            while True:
                data = await reader.read(1 << 16)
                if not data:
                    break
                writer.write(data)
                await writer.drain()
        elif word in ("sink", "stall"):
            if word == "stall":
                await asyncio.sleep(float(arg))
            h, n = hashlib.sha256(), 0
            while True:
                data = await reader.read(1 << 16)
                if not data:
                    break
                h.update(data)
                n += len(data)
            writer.write(b"%d %s\n" % (n, h.hexdigest().encode()))
        elif word == "source":
            for block in stream(int(arg)):
                writer.write(block)
                await writer.drain()
        elif word == "ping":
            while await reader.readline():
                writer.write(b"pong\n")
                await writer.drain()
        elif word == "GET":
            while (await reader.readline()).strip():
                pass
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nyes")
        await writer.drain()
    except (ConnectionError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


def receive(conn, pending, loop):
    """Frames of one gate worker.  False at its end."""
    try:
        data, control, _, _ = conn.recvmsg(65536, socket.CMSG_SPACE(64 * 4))
    except BlockingIOError:
        return True
    except ConnectionError:
        return False
    for level, kind, value in control:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            fds = array.array("i")
            fds.frombytes(value[:len(value) - len(value) % fds.itemsize])
            pending["fds"].extend(fds)
    if not data:
        return False
    pending["bytes"] += data
    while len(pending["bytes"]) >= HEADER.size:
        version, _, kind, seq, length = HEADER.unpack_from(pending["bytes"])
        if version != 1 or kind != API_CONN or seq != 0:
            print("farend: unexpected frame", version, kind, seq, file=sys.stderr)
            os._exit(1)
        if len(pending["bytes"]) < HEADER.size + length:
            break
        body = json.loads(pending["bytes"][HEADER.size:HEADER.size + length])
        pending["bytes"] = pending["bytes"][HEADER.size + length:]
        sock = socket.socket(fileno=pending["fds"].pop(0))
        task = loop.create_task(answer(sock, body))
        tasks.add(task)    # the loop itself holds a task only weakly
        task.add_done_callback(tasks.discard)
    return True


async def main():
    loop = asyncio.get_running_loop()
    path = "/run/cam/api/sock"
    if os.path.exists(path):
        os.unlink(path)
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    server.bind(path)
    os.chmod(path, 0o660)
    server.listen(64)

    def readable(conn, pending):
        if not receive(conn, pending, loop):
            loop.remove_reader(conn)
            conn.close()

    while True:
        conn, _ = await loop.sock_accept(server)
        conn.setblocking(False)
        loop.add_reader(conn, readable, conn, {"fds": [], "bytes": b""})


if __name__ == "__main__":
    asyncio.run(main())
