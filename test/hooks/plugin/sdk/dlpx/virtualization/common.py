"""What the engine knows of a host, with the types that the SDK insists on."""
from dataclasses import dataclass


@dataclass(frozen=True)
class RemoteHost:
    name: str
    reference: str
    binary_path: str
    scratch_path: str


@dataclass(frozen=True)
class RemoteEnvironment:
    name: str
    reference: str
    host: RemoteHost


@dataclass(frozen=True)
class RemoteUser:
    name: str
    reference: str


@dataclass(frozen=True)
class RemoteConnection:
    environment: RemoteEnvironment
    user: RemoteUser
