"""A program on a terminal: asks its user once, and keeps the token.

In one terminal, the provider that comes with the package; in another, this. Open the link, log in with the name and
the password that the provider printed, and paste the code. The second run asks nothing.

    oauth-hook provider | tee provider.txt
    python examples/console.py

With a real service:

    OAUTH_SERVICE=tumblr OAUTH_CONSUMER_KEY=... OAUTH_CONSUMER_SECRET=... python examples/console.py
"""

from __future__ import annotations

import requests
import shared

from oauth_hook import AccessToken, ask_on_console


def main() -> None:
    """Print what the service has for the user."""
    flow = shared.flow()
    store = shared.store()
    name = f"console {flow.consumer.key}"
    token = store.get(name)
    if not isinstance(token, AccessToken):
        token = store[name] = flow.authorize(ask_on_console)
    response = requests.get(shared.resource_url(), auth=flow.hook(token), timeout=30)
    response.raise_for_status()
    print(response.text)


if __name__ == "__main__":
    shared.run(main)
