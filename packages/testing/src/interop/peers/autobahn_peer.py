# Autobahn|Python (asyncio) at the end of the line protocol (README.md): `python autobahn_peer.py PORT websocket|rawsocket SERIALIZER`.
import asyncio
import os
import ssl
import sys

import txaio

txaio.use_asyncio()

import autobahn  # noqa: E402
from autobahn.asyncio.component import Component  # noqa: E402
from autobahn.wamp.cryptobox import Key, KeyRing  # noqa: E402
from autobahn.wamp.exception import ApplicationError, InvalidUriError  # noqa: E402
from autobahn.wamp.types import (  # noqa: E402
    CallOptions,
    CallResult,
    PublishOptions,
    RegisterOptions,
    SubscribeOptions,
)
from line_protocol import PeerError, Unsupported, say, serve, to_line  # noqa: E402

PORT, TRANSPORT, SERIALIZER, SECURE_PORT = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
rings = {}
sessions = {}
subscriptions = {}
registrations = {}
calls = {}


def authentication_of(login):
    """What Component logs in with."""
    if login is None:
        return None
    method, authid, secret = login["method"], login["authid"], login["secret"]
    if method == "ticket":
        return {"ticket": {"authid": authid, "ticket": secret}}
    if method == "wampcra":
        return {"wampcra": {"authid": authid, "secret": secret}}
    if method == "cryptosign":
        extra = {"channel_binding": login["channel_binding"]} if "channel_binding" in login else {}
        return {"cryptosign": {"authid": authid, "privkey": secret, "authextra": extra}}
    if method == "anonymous":
        return {"anonymous-proxy": {}, "anonymous": {}}
    raise Unsupported("its SCRAM is that of an old draft, with other names, other hashes and another proof")


def component(realm, login):
    is_bound = login is not None and "channel_binding" in login
    endpoint = {"type": "tcp", "host": "127.0.0.1", "port": int(SECURE_PORT) if is_bound else PORT}
    port, scheme = endpoint["port"], "s" if is_bound else ""
    if is_bound:
        # tls-unique is not defined for TLS 1.3, and the certificate is one of this run only.
        endpoint["tls"] = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        endpoint["tls"].maximum_version = ssl.TLSVersion.TLSv1_2
        endpoint["tls"].check_hostname = False
        endpoint["tls"].verify_mode = ssl.CERT_NONE
    if TRANSPORT == "websocket":
        transport = {"type": "websocket", "url": f"ws{scheme}://127.0.0.1:{port}/ws", "endpoint": endpoint, "serializers": [SERIALIZER]}
    else:
        transport = {"type": "rawsocket", "url": f"rs{scheme}://127.0.0.1:{port}", "endpoint": endpoint, "serializer": SERIALIZER}
    transport["max_retries"] = 0
    return Component(realm=realm, transports=[transport], authentication=authentication_of(login))


def procedure_for(command):
    """What is registered, by the command's `run`."""

    def fail(*args, details=None, **kwargs):
        raise ApplicationError("com.example.failed", "no", 7, code=3)

    def count(n, details=None):
        for step in range(1, n + 1):
            details.progress(step)
        return "done"

    async def slow(details=None):
        say({"invoked": command["procedure"]})
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            say({"interrupted": command["procedure"]})
            return "stopped"

    def total(*args, details=None):
        raise Unsupported("as a callee it has no progressive calls")

    return {
        "echo": lambda *args, details=None, **kwargs: CallResult(*args, **kwargs),
        "fail": fail,
        "answer": lambda details=None: command["answer"],
        "caller": lambda details=None: details.caller,
        "procedure": lambda details=None: details.procedure,
        "count": count,
        "slow": slow,
        "sum": total,
    }[command["run"]]


def key_of(entry):
    """Key takes None for what is not given."""
    names = {"originator_priv": "originator_private", "originator_pub": "originator_public"}
    names |= {"responder_priv": "responder_private", "responder_pub": "responder_public"}
    return Key(**{name: entry.get(ours) for name, ours in names.items()})


class Commands:
    async def keyring(self, command):
        ring = KeyRing()
        for entry in command["keys"]:
            ring.set_key(entry["prefix"], key_of(entry))
        # Without any keys, it is a session without a codec.
        rings[command["session"]] = ring if command["keys"] else None

    async def join(self, command):
        joined = asyncio.get_running_loop().create_future()
        made = component(command["realm"], command.get("login"))
        made.on_join(lambda session, details: joined.set_result(session))

        def left(session, details):
            if not joined.done():
                joined.set_exception(PeerError(details.reason, [details.message]))

        made.on_leave(left)
        ended = made.start(loop=asyncio.get_running_loop())
        # How the component ends is told by the sessions; see clients.ts.
        ended.add_done_callback(lambda done: done.cancelled() or done.exception())
        session = await joined
        session.set_payload_codec(rings.get(command["session"]))
        sessions[command["session"]] = session
        return {"id": session.session_id}

    async def leave(self, command):
        session = sessions[command["session"]]
        gone = asyncio.get_running_loop().create_future()
        session.on("leave", lambda session, details: gone.set_result(details.reason))
        session.leave()
        return {"reason": await gone}

    async def subscribe(self, command):
        topic, name = command["topic"], command["session"]

        def heard(*args, details=None, **kwargs):
            known = {"topic": details.topic, "publisher": details.publisher, "publication": details.publication}
            say({"event": topic, "session": name, "args": to_line(args), "kwargs": to_line(kwargs), "details": to_line(known)})

        options = SubscribeOptions(details_arg="details", **command["options"])
        subscriptions[name, topic] = await sessions[name].subscribe(heard, topic, options)

    async def unsubscribe(self, command):
        await subscriptions[command["session"], command["topic"]].unsubscribe()

    async def publish(self, command):
        options = dict(command["options"])
        if options.pop("disclose_me", None) is not None:
            raise Unsupported("it has no disclose_me in PublishOptions")
        given = PublishOptions(**options)
        done = sessions[command["session"]].publish(command["topic"], *command["args"], options=given, **command["kwargs"])
        return {"publication": (await done).id} if given.acknowledge else {}

    async def register(self, command):
        if command["run"] == "sum":
            raise Unsupported("as a callee it has no progressive calls")
        options = RegisterOptions(details_arg="details", **command["options"])
        session = sessions[command["session"]]
        registrations[command["session"], command["procedure"]] = await session.register(
            procedure_for(command), command["procedure"], options
        )

    async def unregister(self, command):
        await registrations[command["session"], command["procedure"]].unregister()

    async def call(self, command):
        if "chunks" in command:
            raise Unsupported("as a caller it has no progressive calls")
        options = dict(command["options"])
        if options.pop("disclose_me", None) is not None and not hasattr(CallOptions(), "disclose_me"):
            raise Unsupported("it has no disclose_me in CallOptions")
        progress = []

        def on_progress(*args, **kwargs):
            progress.append(args)

        # With both, it fails on a progressive result without kwargs (faults-of-clients.ts).
        given = CallOptions(on_progress=on_progress, **options) if command.get("progress") else CallOptions(details=True, **options)
        calling = sessions[command["session"]].call(command["procedure"], *command["args"], options=given, **command["kwargs"])
        calls[command["id"]] = calling
        result = await calling
        if not isinstance(result, CallResult):
            return {"args": [result], "kwargs": {}, "progress": progress}
        return {"args": result.results, "kwargs": result.kwresults, "progress": progress}

    async def cancel(self, command):
        if command["mode"] != "killnowait":
            raise Unsupported("it has one way to cancel, which is that of killnowait")
        calls[command["call"]].cancel()


def error_of(raised):
    if isinstance(raised, ApplicationError):
        return PeerError(raised.error, raised.args, raised.kwargs)
    if isinstance(raised, InvalidUriError):
        return PeerError("wamp.error.invalid_uri", [str(raised)])
    if isinstance(raised, asyncio.CancelledError):
        return PeerError("wamp.error.canceled")
    return None


async def main():
    await serve(autobahn.__version__, Commands(), error_of)
    os._exit(0)  # the components of open sessions would try again


loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)
loop.run_until_complete(main())
