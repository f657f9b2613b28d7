"""PyPump's face: authorization at a pump.io server, and signed requests to its API.

==============  ==========================================================
``pypump.py``   ``PyPump``, one user at a server
``webpump.py``  ``WebPump``, the same for web applications
``client.py``   ``Client``, the application
``server.py``   the server: its endpoints, registration, tokens
``request.py``  what a request takes and gives
==============  ==========================================================
"""

from .client import Client, simple_verifier
from .pypump import PyPump
from .webpump import WebPump

__all__ = ["Client", "PyPump", "WebPump", "simple_verifier"]
