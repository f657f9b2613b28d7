"""Why a request was refused: what ``explain.py`` composes.

==============================  ==================================================================
``clients.py``                  what other clients call the parts of requests and responses, and do not keep
``records.py``                  the request as it went out, and the response, read without a change
``response_text.py``            what a response says, found in fields, JSON, XML, text and HTML
``server_messages.py``          what it means: the one reader of refusals
``base_string_parts.py``        a base string in its parts (RFC 5849 s3.4.1), made and taken apart
``comparison.py``               two base strings side by side, and what their differences mean
``base_string_variants.py``     the base strings that others make of the same request: rules
``spelling_variants.py``        how others spell, choose and order what is signed: tables
``rare_variants.py``            mistakes that are seen seldom, each tried alone
``key_variants.py``             the signing keys (s3.4.2) that others make of the same secrets
``search.py``                   which of those reproduce a signature: the cause, proven
``findings.py``                 what a cause is called, and what to do about it
``report.py``                   the explanation: findings in order, and the base string part by part
``report_page.py``              the same as a page, both base strings one above the other
``context.py``                  what is known of a request, and what was found out so far
``check_request.py``            what is wrong with a request and the secrets as they stand
``check_refusal.py``            what a refusal says, what was lost, what the service wants, what is likely
``check_base_string.py``        the request beside what was signed, and beside what the server has
``check_signature.py``          the signature, computed anew
==============================  ==================================================================

Nothing here sends anything, and no text that comes out of here has a secret in it.
"""

from .explain import explain
from .findings import Finding
from .report import Explanation

__all__ = ["Explanation", "Finding", "explain"]
