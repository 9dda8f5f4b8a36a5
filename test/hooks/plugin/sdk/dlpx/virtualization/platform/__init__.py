"""The decorators and classes of the SDK that a staged plugin uses, checked as `dvp build` and the SDK check them."""
import enum
import inspect

from dlpx.virtualization.common import RemoteEnvironment

_LINKED = ['staged_source', 'repository', 'source_config']
_VIRTUAL = ['virtual_source', 'repository', 'source_config']

# Every operation of a staged plugin, and the arguments that the engine calls it with, by name.
OPERATIONS = {
    'discovery': {
        'repository': ['source_connection'],
        'source_config': ['source_connection', 'repository'],
    },
    'linked': {
        'mount_specification': _LINKED[:2],
        'pre_snapshot': _LINKED + ['optional_snapshot_parameters'],
        'post_snapshot': _LINKED + ['optional_snapshot_parameters'],
        'start_staging': _LINKED,
        'stop_staging': _LINKED,
        'status': _LINKED,
        'worker': _LINKED,
        'source_size': _LINKED,
    },
    'virtual': {
        'mount_specification': _VIRTUAL[:2],
        'configure': ['virtual_source', 'repository', 'snapshot'],
        'initialize': _VIRTUAL[:2],
        'reconfigure': _VIRTUAL + ['snapshot'],
        'unconfigure': _VIRTUAL,
        'cleanup': _VIRTUAL,
        'start': _VIRTUAL,
        'stop': _VIRTUAL,
        'pre_snapshot': _VIRTUAL,
        'post_snapshot': _VIRTUAL,
        'status': _VIRTUAL,
        'source_size': _VIRTUAL,
    },
}


class _Operations:
    def __init__(self, group):
        self.functions = {}
        for name, arguments in OPERATIONS[group].items():
            setattr(self, name, self._decorator(f'{group}.{name}', name, arguments))

    def _decorator(self, full_name, name, arguments):
        def decorator():
            def define(function):
                if name in self.functions:
                    raise ValueError(f'{full_name} is defined twice')
                found = inspect.getfullargspec(function)
                if sorted(found.args) != sorted(arguments) or found.varargs or found.varkw:
                    raise ValueError(f'{full_name} takes {found.args}, not {arguments}')
                self.functions[name] = function
                return function
            return define
        return decorator


class Plugin:
    def __init__(self):
        self.discovery = _Operations('discovery')
        self.linked = _Operations('linked')
        self.virtual = _Operations('virtual')


class Status(enum.Enum):
    ACTIVE = 0
    INACTIVE = 1


class Mount:
    def __init__(self, remote_environment, mount_path, shared_path=None):
        if not isinstance(remote_environment, RemoteEnvironment) or not isinstance(mount_path, str):
            raise TypeError(f'a mount of {mount_path!r} on {remote_environment!r}')
        self.remote_environment = remote_environment
        self.mount_path = mount_path
        self.shared_path = shared_path


class OwnershipSpecification:
    def __init__(self, uid, gid):
        if not isinstance(uid, int) or not isinstance(gid, int):
            raise TypeError(f'owner {uid!r}:{gid!r}')
        self.uid = uid
        self.gid = gid


class MountSpecification:
    def __init__(self, mounts, ownership_specification=None):
        if not isinstance(mounts, list) or not all(isinstance(mount, Mount) for mount in mounts):
            raise TypeError(f'mounts {mounts!r}')
        self.mounts = mounts
        self.ownership_specification = ownership_specification


class StagedSource:
    def __init__(self, guid, source_connection, parameters, mount, staged_connection):
        self.guid = guid
        self.source_connection = source_connection
        self.parameters = parameters
        self.mount = mount
        self.staged_connection = staged_connection


class VirtualSource:
    def __init__(self, guid, connection, parameters, mounts):
        self.guid = guid
        self.connection = connection
        self.parameters = parameters
        self.mounts = mounts
