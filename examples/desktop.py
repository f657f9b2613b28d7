"""A program on a desktop: the user answers in the browser, and has nothing to copy.

It listens on loopback while it waits, and the service sends the browser there. The second run asks nothing.

    oauth-hook provider | tee provider.txt
    python examples/desktop.py

With a real service. Some want the callback registered with its port: say which, and register http://127.0.0.1:4711/

    OAUTH_SERVICE=tumblr OAUTH_CONSUMER_KEY=... OAUTH_CONSUMER_SECRET=... python examples/desktop.py 4711
"""

from __future__ import annotations

import sys

import requests
import shared

from oauth_hook import AccessToken, LoopbackReceiver


def main() -> None:
    """Print what the service has for the user."""
    store = shared.store()
    flow = shared.flow()
    name = f"desktop {flow.consumer.key}"
    token = store.get(name)
    if not isinstance(token, AccessToken):
        with LoopbackReceiver(port=int(sys.argv[1]) if sys.argv[1:] else 0) as receiver:
            token = store[name] = shared.flow(callback=receiver.callback_url).authorize(receiver)
    response = requests.get(shared.resource_url(), auth=flow.hook(token), timeout=30)
    response.raise_for_status()
    print(response.text)


if __name__ == "__main__":
    shared.run(main)
