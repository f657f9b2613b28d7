"""OAuth 1.0a for requests (work in progress)."""
from .credentials import AccessToken, Account, Consumer, RequestToken
from .errors import OAuthHookError, ProviderError, UsageError
from .hook import OAuthHook
from .pre_request import Session, extract_from_requests, inject_into_requests, session
from .protocol.signing import sign, verify
