"""Why a request was refused: what ``diagnosis.py`` composes.

==================  ==================================================================
``exchange.py``     the request as it went out, and the answer, read without a change
``answers.py``      what a server's words mean, and the base strings in its error pages
``parts.py``        a base string in its parts (RFC 5849 s3.4.1), made and taken apart
``alignment.py``    two base strings side by side, and what their differences mean
``texts.py``        the base strings that others make of the same request
``spellings.py``    how others spell, choose and order parameters: tables
``keys.py``         the signing keys (s3.4.2) that others make of the same secrets
``search.py``       which of those reproduce a signature: the cause, proven
``hidden.py``       what must not be shown, and in which forms it may stand somewhere
``findings.py``     what is said of it, and how it is shown
``case.py``         what is known of a request, and what was found out so far
``structure.py``    what is wrong with a request as it stands
``comparison.py``   the request beside what was signed, and beside what the server has
``computation.py``  the signature, computed anew
==================  ==================================================================

Nothing here sends anything, and no text that comes out of here has a secret in it.
"""
