"""run_bash, here and now: as strict about types as the SDK, and as the engine a bash in the user's home."""
import os
import subprocess
from dataclasses import dataclass, field

from dlpx.virtualization.common import RemoteConnection


@dataclass
class Host:
    """The host that commands run on: its environment, and what was run there."""
    environment: dict = field(default_factory=dict)
    home: str = '/'
    commands: list = field(default_factory=list)


@dataclass(frozen=True)
class RunBashResponse:
    exit_code: int
    stdout: str
    stderr: str


host = Host()


def run_bash(remote_connection, command, variables=None, use_login_shell=False, check=False):
    if not isinstance(remote_connection, RemoteConnection):
        raise TypeError(f'remote_connection is a {type(remote_connection)}')
    if not isinstance(command, str):
        raise TypeError(f'command is a {type(command)}')
    for name, value in (variables or {}).items():
        if not isinstance(name, str) or not isinstance(value, str):
            raise TypeError(f'variable {name!r} is {value!r}')
    host.commands.append((command, dict(variables or {})))
    environment = {'PATH': os.environ['PATH'], **host.environment, **(variables or {})}
    done = subprocess.run(['bash', '-c', command], env=environment, cwd=host.home, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=120, check=False)
    return RunBashResponse(done.returncode, done.stdout, done.stderr)
