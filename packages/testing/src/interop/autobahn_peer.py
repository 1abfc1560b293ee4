# Autobahn|Python (asyncio) as the peer: `python autobahn_peer.py PORT websocket|rawsocket json|msgpack|cbor`.
# One JSON line per feature.
import asyncio
import json
import sys

import txaio

txaio.use_asyncio()

from autobahn.asyncio.component import Component  # noqa: E402
from autobahn.wamp.exception import ApplicationError, InvalidUriError  # noqa: E402
from autobahn.wamp.types import (  # noqa: E402
    CallOptions,
    CallResult,
    PublishOptions,
    RegisterOptions,
    SubscribeOptions,
)

PORT, TRANSPORT, SERIALIZER = int(sys.argv[1]), sys.argv[2], sys.argv[3]


def component(realm="realm1"):
    endpoint = {"type": "tcp", "host": "127.0.0.1", "port": PORT}
    if TRANSPORT == "websocket":
        transport = {"type": "websocket", "url": f"ws://127.0.0.1:{PORT}/ws", "endpoint": endpoint, "serializers": [SERIALIZER]}
    else:
        transport = {"type": "rawsocket", "url": f"rs://127.0.0.1:{PORT}", "endpoint": endpoint, "serializer": SERIALIZER}
    transport["max_retries"] = 0
    return Component(realm=realm, transports=[transport])


async def opened(loop):
    joined = loop.create_future()
    made = component()

    @made.on_join
    async def on_join(session, details):
        joined.set_result(session)

    left = made.start(loop=loop)
    return await asyncio.wait_for(joined, 5), left


async def check(feature, run):
    try:
        await asyncio.wait_for(run(), 8)
        print(json.dumps({"feature": feature, "ok": True, "detail": ""}), flush=True)
    except Exception as error:  # every failure is reported, whatever it is
        print(json.dumps({"feature": feature, "ok": False, "detail": f"{type(error).__name__}: {error}"[:300]}), flush=True)


async def fails(awaitable):
    try:
        await awaitable
    except ApplicationError as error:
        return error
    raise AssertionError("it did not fail")


async def main(loop):
    state = {}

    async def join():
        state["one"], _ = await opened(loop)
        state["two"], state["left"] = await opened(loop)

    await check("join", join)
    one, two = state["one"], state["two"]

    async def call():
        result = await one.call("ours.echo", 1, "zwei", None, True, k=[1])
        assert (list(result.results), result.kwresults) == ([1, "zwei", None, True], {"k": [1]}), result

    await check("call with args and kwargs", call)

    async def called():
        await one.register(lambda *args, **kwargs: CallResult(*args, **kwargs), "peer.echo")
        assert await one.call("ours.ask", "peer.echo", [1, [2]], {"a": "b"}) == {"args": [1, [2]], "kwargs": {"a": "b"}}

    await check("called with args and kwargs", called)

    async def error_received():
        error = await fails(one.call("ours.fail"))
        assert (error.error, list(error.args), error.kwargs) == ("com.example.failed", ["no", 7], {"code": 3}), error

    await check("error received", error_received)

    async def error_sent():
        def fail():
            raise ApplicationError("com.example.peer_failed", "bad", code=9)

        await one.register(fail, "peer.fail")
        answer = await one.call("ours.ask", "peer.fail", [], {})
        assert (answer["error"], answer["args"], answer["kwargs"].get("code")) == ("com.example.peer_failed", ["bad"], 9), answer

    await check("error sent", error_sent)

    async def hear(session, topic, options=None):
        queue = asyncio.Queue()

        def on_event(*args, details=None, **kwargs):
            queue.put_nowait((list(args), kwargs, details))

        await session.subscribe(on_event, topic, options or SubscribeOptions(details_arg="details"))
        return queue

    async def event_received():
        queue = await hear(one, "topic.from")
        await one.call("ours.publish", "topic.from", [1, "x"], {"k": 2}, {})
        args, kwargs, _ = await queue.get()
        assert (args, kwargs) == ([1, "x"], {"k": 2}), (args, kwargs)

    await check("event received", event_received)

    async def event_sent():
        await one.call("ours.listen", "topic.to")
        await one.publish("topic.to", 1, "y", k=3, options=PublishOptions(acknowledge=True))
        assert await one.call("ours.heard", "topic.to") == [{"args": [1, "y"], "kwargs": {"k": 3}}]

    await check("event sent", event_sent)

    async def acknowledged():
        publication = await one.publish("topic.nobody", options=PublishOptions(acknowledge=True))
        assert publication.id > 0

    await check("acknowledged publish", acknowledged)

    async def exclude_me():
        queue = await hear(one, "topic.self")
        one.publish("topic.self", "not to me")
        one.publish("topic.self", "to me", options=PublishOptions(exclude_me=False))
        assert (await queue.get())[0] == ["to me"]

    await check("exclude_me false", exclude_me)

    async def lists():
        queue = await hear(two, "topic.lists")
        one.publish("topic.lists", "excluded", options=PublishOptions(exclude=[two.session_id]))
        one.publish("topic.lists", "not eligible", options=PublishOptions(eligible=[one.session_id]))
        one.publish("topic.lists", "eligible", options=PublishOptions(eligible=[two.session_id]))
        assert (await queue.get())[0] == ["eligible"]

    await check("exclude and eligible", lists)

    async def publisher():
        queue = await hear(two, "topic.disclosed")
        await one.call("ours.publish", "topic.disclosed", [], {}, {"disclose_me": True})
        assert (await queue.get())[2].publisher > 0

    await check("publisher disclosed", publisher)

    async def caller():
        assert await one.call("ours.who") == one.session_id

    await check("caller disclosed", caller)

    async def pattern(topic, match, published):
        queue = await hear(one, topic, SubscribeOptions(match=match, details_arg="details"))
        await one.call("ours.publish", published, [], {}, {})
        assert (await queue.get())[2].topic == published

    await check("prefix subscription", lambda: pattern("pattern.prefix.", "prefix", "pattern.prefix.one"))
    await check("wildcard subscription", lambda: pattern("pattern..card", "wildcard", "pattern.wild.card"))

    async def pattern_registration():
        def named(details=None):
            return details.procedure

        await one.register(named, "peer.pattern.", RegisterOptions(match="prefix", details_arg="details"))
        assert (await one.call("ours.ask", "peer.pattern.x", [], {}))["args"] == ["peer.pattern.x"]

    await check("pattern registration", pattern_registration)

    async def shared():
        await one.register(lambda: "one", "peer.shared", RegisterOptions(invoke="roundrobin"))
        await two.register(lambda: "two", "peer.shared", RegisterOptions(invoke="roundrobin"))
        answers = [(await one.call("ours.ask", "peer.shared", [], {}))["args"][0] for _ in range(4)]
        assert answers == ["one", "two", "one", "two"], answers

    await check("shared registration", shared)

    async def progress_received():
        steps = []
        final = await one.call("ours.count", 3, options=CallOptions(on_progress=steps.append))
        assert (steps, final) == ([1, 2, 3], "done"), (steps, final)

    await check("progress received", progress_received)

    async def progress_sent():
        def count(n, details=None):
            for step in range(1, n + 1):
                details.progress(step)
            return "done"

        await one.register(count, "peer.count", RegisterOptions(details_arg="details"))
        answer = await one.call("ours.ask_progress", "peer.count", 3)
        assert answer == {"steps": [1, 2, 3], "final": "done"}, answer

    await check("progress sent", progress_sent)

    async def cancel():
        before = await one.call("ours.cancels")
        calling = one.call("ours.slow")
        calling.cancel()
        try:
            await calling
        except (asyncio.CancelledError, ApplicationError):
            pass
        while await one.call("ours.cancels") == before:  # CANCEL leaves in a later turn of the loop than the next call may
            pass

    await check("cancel sent", cancel)

    async def timeout():
        error = await fails(one.call("ours.slow", options=CallOptions(timeout=50)))
        assert error.error == "wamp.error.timeout", error

    await check("timeout", timeout)

    async def echoes(value):
        back = await one.call("ours.echo", value)
        assert back == value, back

    await check("bytes", lambda: echoes(bytes([0, 1, 2, 250, 255])))
    await check("integers beyond 2^32", lambda: echoes(2**40 + 1))
    await check("integers beyond 2^53", lambda: echoes(2**60 + 1))
    await check("unicode", lambda: echoes("zwölf Boxkämpfer ✓ 🎉"))
    await check("one megabyte", lambda: echoes("x" * 1_000_000))

    async def nobody():
        assert (await fails(one.call("nobody.here"))).error == "wamp.error.no_such_procedure"

    await check("no_such_procedure", nobody)

    async def invalid():
        try:
            assert (await fails(one.call("a#b.c"))).error == "wamp.error.invalid_uri"
        except InvalidUriError:
            pass  # it refuses by itself

    await check("invalid_uri", invalid)

    async def gone():
        registration = await one.register(lambda: 1, "peer.gone")
        subscription = await one.subscribe(lambda: 1, "topic.gone")
        await registration.unregister()
        await subscription.unsubscribe()
        assert (await fails(one.call("peer.gone"))).error == "wamp.error.no_such_procedure"

    await check("unregister and unsubscribe", gone)

    async def refused():
        made = component("no_such_realm")
        reasons = []

        @made.on_leave
        async def on_leave(session, details):
            reasons.append(details.reason)

        try:
            await made.start(loop=loop)
        except Exception:  # the component ends with an error of its own; the reason of the router is what counts
            pass
        assert reasons == ["wamp.error.no_such_realm"], reasons

    await check("refused realm", refused)

    async def leave():
        gone = loop.create_future()
        two.on("leave", lambda session, details: gone.set_result(details.reason))
        state["left"].add_done_callback(lambda done: done.cancelled() or done.exception())  # RawSocket: see features.ts
        two.leave()
        reason = await asyncio.wait_for(gone, 5)
        assert reason in ("wamp.close.normal", "wamp.close.goodbye_and_out"), reason

    await check("leave", leave)


loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)
loop.run_until_complete(main(loop))
