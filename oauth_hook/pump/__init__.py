"""PyPump's face: authorization at a pump.io server, and signed requests to its API.

==============  ==========================================================
``pypump.py``   ``PyPump``, one user's server, and ``WebPump``
``client.py``   ``Client``, the application
``request.py``  what a request takes and gives
==============  ==========================================================
"""

from .pypump import Client, PyPump, WebPump, simple_verifier

__all__ = ["Client", "PyPump", "WebPump", "simple_verifier"]
