"""The forum's component in Python: answers one call and hears one event.

It is an ordinary WAMP client (Autobahn|Python on asyncio). CROSSPOINT_URL says where the router is; the default is the
forum of `npm start`. It connects again by itself when the router goes away.
"""

import os
import re
import sys

from autobahn.asyncio.component import Component, run

URL = os.environ.get("CROSSPOINT_URL") or "ws://localhost:8080/ws"

STATISTICS = "forum.python.statistics"
MESSAGE = "forum.message"
NEWS = "forum.python.news"

component = Component(
    transports=[
        {
            "type": "websocket",
            "url": URL,
            "max_retries": -1,  # without end
            "initial_retry_delay": 0.5,
            "max_retry_delay": 5,
        }
    ],
    realm="realm1",
)

heard = 0


@component.on_join
async def joined(session, details):
    def statistics(text):
        words = re.findall(r"\w+", text)
        return {
            "words": len(words),
            "letters": sum(len(word) for word in words),
            "longest": max(words, key=len, default=""),
            "heard": heard,
        }

    def on_message(message):
        global heard
        heard += 1
        session.publish(NEWS, {"heard": heard})

    await session.register(statistics, STATISTICS)
    await session.subscribe(on_message, MESSAGE)
    session.publish(NEWS, {"heard": heard})
    print(f"Joined {details.realm} at {URL}. Ctrl-C ends.", flush=True)


@component.on_disconnect
def disconnected(session, was_clean=False):
    print("The connection ended; trying again.", file=sys.stderr, flush=True)


@component.on_connectfailure
def unreachable(component, error):
    print(f"Cannot connect to {URL}: {error}; trying again.", file=sys.stderr, flush=True)


if __name__ == "__main__":
    # Quiet, because connections are told about above and Ctrl-C would end in a traceback. While you change this program, make
    # it "error": then Autobahn also tells when `on_message` fails.
    run([component], log_level="critical")
