"""``OAuthHook`` on requests, and what becomes of a request after it was signed.

==================  ==================================================================
``hook.py``         the hook itself: the only place that changes a ``PreparedRequest``
``prepared.py``     a ``PreparedRequest``, read as it will go out
``redirects.py``    the policy of redirects, over plain messages: for every binding
``attach.py``       a request attached to its hook: its redirects are signed when they are sent
``retry.py``        one more attempt at a refused request
``niquests.py``     what is peculiar to niquests
``clock.py``        the server's time (RFC 5849 s3.3)
``adapter.py``      retries, each signed anew
``pre_request.py``  the ``pre_request`` event of requests 0.x
==================  ==================================================================
"""

from .clock import ServerClock
from .hook import OAuthHook

__all__ = ["OAuthHook", "ServerClock"]
