# xconn at the end of the line protocol (README.md): `python xconn_peer.py PORT websocket|rawsocket json|msgpack|cbor`.
import asyncio
import sys
from importlib.metadata import version

from line_protocol import PeerError, Unsupported, say, serve, to_line
from wampproto import auth, serializers
from xconn import types
from xconn.async_client import AsyncClient
from xconn.exception import ApplicationError

PORT, TRANSPORT, SERIALIZER = int(sys.argv[1]), sys.argv[2], sys.argv[3]
SERIALIZERS = {"json": serializers.JSONSerializer, "msgpack": serializers.MsgPackSerializer, "cbor": serializers.CBORSerializer}
URL = f"ws://127.0.0.1:{PORT}/ws" if TRANSPORT == "websocket" else f"rs://127.0.0.1:{PORT}"
sessions = {}
subscriptions = {}
registrations = {}


def authenticator_for(login):
    """What a client logs in with."""
    if login is None:
        return auth.AnonymousAuthenticator("")
    if "channel_binding" in login:
        raise Unsupported("it has no channel binding")
    if login["method"] == "anonymous":
        raise Unsupported("it offers one method only")
    known = {"ticket": auth.TicketAuthenticator, "wampcra": auth.WAMPCRAAuthenticator, "cryptosign": auth.CryptoSignAuthenticator}
    if login["method"] not in known:
        raise Unsupported("it has no SCRAM")
    return known[login["method"]](login["authid"], login["secret"])


def procedure_for(command):
    """What is registered, by the command's `run`."""

    async def echo(invocation):
        return types.Result(invocation.args, invocation.kwargs)

    async def fail(invocation):
        raise ApplicationError("com.example.failed", "no", 7, code=3)

    async def answer(invocation):
        return types.Result([command["answer"]])

    async def detail(invocation):
        return types.Result([(invocation.details or {}).get(command["run"])])

    known = {"echo": echo, "fail": fail, "answer": answer, "caller": detail, "procedure": detail}
    lacking = {
        "count": "as a callee it has no progress",
        "sum": "as a callee it answers every chunk of a progressive call as if it were a call of its own",
        "slow": "as a callee it does not know INTERRUPT",
    }
    if command["run"] in lacking:
        raise Unsupported(lacking[command["run"]])
    return known[command["run"]]


class Commands:
    async def keyring(self, command):
        raise Unsupported("it has no encryption with cryptobox")

    async def join(self, command):
        client = AsyncClient(authenticator_for(command.get("login")), SERIALIZERS[SERIALIZER]())
        session = await client.connect(URL, command["realm"])
        sessions[command["session"]] = session
        return {"id": session._base_session.id}

    async def leave(self, command):
        await sessions[command["session"]].leave()
        raise Unsupported("it does not tell the reason of the GOODBYE")

    async def subscribe(self, command):
        name, topic = command["session"], command["topic"]

        async def heard(event):
            args, kwargs = to_line(event.args or []), to_line(event.kwargs or {})
            say({"event": topic, "session": name, "args": args, "kwargs": kwargs, "details": to_line({"topic": topic, **(event.details or {})})})

        subscriptions[name, topic] = await sessions[name].subscribe(topic, heard, command["options"])

    async def unsubscribe(self, command):
        await subscriptions[command["session"], command["topic"]].unsubscribe()

    async def publish(self, command):
        args, kwargs, options = command["args"], command["kwargs"], command["options"]
        await sessions[command["session"]].publish(command["topic"], args, kwargs, options)
        if options.get("acknowledge"):
            raise Unsupported("it does not tell the id of a publication")

    async def register(self, command):
        session = sessions[command["session"]]
        made = await session.register(command["procedure"], procedure_for(command), command["options"])
        registrations[command["session"], command["procedure"]] = made

    async def unregister(self, command):
        await registrations[command["session"], command["procedure"]].unregister()

    async def call(self, command):
        if "chunks" in command:
            raise Unsupported("as a caller it has no progressive calls")
        if command.get("progress"):
            raise Unsupported("as a caller it has no progress")
        if command.get("cancel_mode"):
            raise Unsupported("it cannot cancel calls")
        args, kwargs = command["args"], command["kwargs"]
        result = await sessions[command["session"]].call(command["procedure"], args, kwargs, command["options"])
        return {"args": result.args or [], "kwargs": result.kwargs or {}, "progress": []}

    async def cancel(self, command):
        raise Unsupported("it cannot cancel calls")


def error_of(raised):
    if isinstance(raised, ApplicationError):
        # It tells URI, args and kwargs of an ERROR, and of an ABORT only a text.
        return PeerError(raised.message, raised.args, raised.kwargs)
    return None


asyncio.run(serve(version("xconn"), Commands(), error_of))
