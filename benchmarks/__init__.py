"""How fast signing is: ``python -m benchmarks``, after ``pip install '.[bench]'``.

``OAuthHook`` against requests-oauthlib's ``OAuth1`` and Authlib's ``OAuth1Auth``, and
against the least that any signer has to do. What is compared are ratios, measured in
turn in one process, since a second on one machine is not a second on another.

===============  ======================================================
``cases.py``     the requests to be signed
``signers.py``   the contenders, and the floor
``truth.py``     nobody is fast by being wrong: oauthlib checks each one
``timing.py``    contenders taking turns
``startup.py``   what importing ``OAuthHook`` costs and loads
``goals.py``     what is measured against what, and how far it should be
``report.py``    the page of the documentation
``__main__.py``  the command
===============  ======================================================
"""
