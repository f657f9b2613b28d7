"""The services that are known, as data: ``SERVICES``, each a ``Service``; what they want, in ``demands.py``."""

from .catalog import SERVICES, Service, UnknownServiceError

__all__ = ["SERVICES", "Service", "UnknownServiceError"]
