"""The services that are known, as data: ``SERVICES``, each a ``Service``."""

from .catalog import SERVICES, Service, UnknownServiceError

__all__ = ["SERVICES", "Service", "UnknownServiceError"]
