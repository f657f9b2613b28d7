"""From nothing to a token, and where it rests (RFC 5849 s2).

======================  ==================================================================
``flow.py``             the three legs (s2.1 to s2.3), renewal and xAuth
``callback.py``         what comes to the callback (s2.2): with the user's browser, or posted by the service
``token_response.py``   a response that carries credentials
``refusals.py``         what a refusal means in each step of the flow
``http.py``             sending a request for a token, and reading the whole response
``deadline.py``         the end of an exchange, whatever is late
``verifiers.py``        ways to ask the user for the verifier
``loopback.py``         a receiver of callbacks on this machine, its pages in ``loopback_pages.py``
``discovery.py``        where a pump.io server has its endpoints
``registration.py``     client credentials for whoever asks
``store.py``            credentials kept in SQLite; in the system's keyring: ``keyring_store.py``
``stored_values.py``    what both keep, as text with a checksum
``accounts.py``         stored accounts, and the hook of one
``migration.py``        OAuth 2.0 tokens for stored ones, at X
======================  ==================================================================
"""
