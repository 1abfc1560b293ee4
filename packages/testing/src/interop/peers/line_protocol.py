# The line protocol (README.md) for peers in Python: reading commands, writing answers and values.
import asyncio
import base64
import json
import sys


class Unsupported(Exception):
    """What the library cannot do, in a sentence."""


class PeerError(Exception):
    """An ERROR, or what stands for one."""

    def __init__(self, uri, args=(), kwargs=None):
        super().__init__(uri)
        self.uri, self.args, self.kwargs = uri, list(args), kwargs or {}


def say(line):
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def to_line(value):
    if isinstance(value, (bytes, bytearray, memoryview)):
        return {"$bytes": base64.b64encode(bytes(value)).decode()}
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > 2**53 - 1:
        return {"$int": str(value)}
    if isinstance(value, (list, tuple)):
        return [to_line(item) for item in value]
    if isinstance(value, dict):
        return {str(name): to_line(item) for name, item in value.items()}
    return value


def from_line(value):
    if isinstance(value, list):
        return [from_line(item) for item in value]
    if isinstance(value, dict):
        if "$int" in value:
            return int(value["$int"])
        if "$bytes" in value:
            return base64.b64decode(value["$bytes"])
        return {name: from_line(item) for name, item in value.items()}
    return value


async def serve(version, commands, error_of):
    """Carries out commands until stdin ends; `error_of` makes a PeerError of what the library raised, where it is one."""

    async def run(command):
        number = command["id"]
        try:
            say({"id": number, "ok": to_line(await getattr(commands, command["do"])(command) or {})})
        except Unsupported as lacking:
            say({"id": number, "unsupported": str(lacking)})
        except (Exception, asyncio.CancelledError) as raised:  # whatever it is, the runner is told
            error = raised if isinstance(raised, PeerError) else error_of(raised)
            error = error or PeerError("peer.error", [f"{type(raised).__name__}: {raised}"])
            say({"id": number, "error": {"uri": error.uri, "args": to_line(error.args), "kwargs": to_line(error.kwargs)}})

    # A megabyte of text is more than a line of asyncio's reader may have by default.
    reader = asyncio.StreamReader(limit=2**26)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    say({"ready": version})
    running = set()
    while line := await reader.readline():
        task = asyncio.ensure_future(run(from_line(json.loads(line))))
        running.add(task)
        task.add_done_callback(running.discard)
