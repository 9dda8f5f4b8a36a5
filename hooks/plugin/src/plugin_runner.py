"""Forwards each operation of the Delphix Engine to its hook on the host. What is done is done there: see hooks/README.md."""
import json

from dlpx.virtualization import libs
from dlpx.virtualization.platform import Mount, MountSpecification, OwnershipSpecification, Plugin, Status
from dlpx.virtualization.platform.exceptions import UserError
from generated.definitions import RepositoryDefinition, SnapshotDefinition, SourceConfigDefinition

plugin = Plugin()

# Constant but for the hook's name: no command line is made from a parameter, and none holds a password.
COMMAND = 'bash "${DLPX_MYSQL_HOOKS_DIR:-/usr/libexec/dlpx-mysql/hooks}/%s.sh" </dev/null'
OUTPUT_BYTES = 100000  # the engine takes 128 KiB for a whole error

# From the name in schema.json to the variable that the hooks read.
COMMON = {
    'hooksDirectory': 'DLPX_MYSQL_HOOKS_DIR', 'configFile': 'DLPX_MYSQL_CONFIG', 'myCnf': 'DLPX_MYSQL_MY_CNF',
    'osUser': 'DLPX_MYSQL_OS_USER', 'snapshotMode': 'DLPX_MYSQL_SNAPSHOT_MODE', 'timeout': 'DLPX_MYSQL_TIMEOUT',
    'bindAddress': 'DLPX_MYSQL_BIND_ADDRESS',
}
REPOSITORY = {'installPath': 'MYSQLD', 'version': 'MYSQLVER'}
LINKED = {
    'dSourceType': 'DLPX_MYSQL_DSOURCE_TYPE', 'serverId': 'STAGINGSERVERID', 'stagingPort': 'STAGINGPORT',
    'stagingUser': 'DLPX_MYSQL_STAGING_USER', 'sourceip': 'SOURCEIP', 'sourceUser': 'SOURCEUSER',
    'sourceSslMode': 'DLPX_MYSQL_SOURCE_SSL_MODE', 'sourceSslCa': 'DLPX_MYSQL_SOURCE_SSL_CA',
    'databaseList': 'DLPX_MYSQL_DATABASES', 'method': 'DLPX_MYSQL_METHOD', 'backupPath': 'BACKUP_PATH',
    'logSync': 'LOGSYNC', 'replicationUser': 'REPLICATION_USER',
}
LINKED_SECRETS = {'stagingPass': 'STAGINGPASS', 'sourcePass': 'SOURCEPASS', 'replicationPass': 'REPLICATION_PASS'}
SOURCE = {'dataDir': 'SOURCEDATADIR', 'baseDir': 'SOURCEBASEDIR', 'port': 'SOURCEPORT', 'dbName': 'DLPX_MYSQL_NAME'}
VIRTUAL = {
    'vdbUser': 'DLPX_MYSQL_USER', 'baseDir': 'MYBASEDIR', 'port': 'PORT', 'serverId': 'SERVERID',
    'accounts': 'DLPX_MYSQL_ACCOUNTS', 'federated': 'DLPX_MYSQL_FEDERATED', 'events': 'DLPX_MYSQL_EVENTS',
    'profile': 'DLPX_MYSQL_PROFILE',
}
VIRTUAL_SECRETS = {'vdbPass': 'VDBPASS'}
VDB = {'dbName': 'DLPX_MYSQL_NAME'}
SNAPSHOT = {'snapPort': 'STAGED_PORT', 'snapDataDir': 'STAGED_DATADIR', 'snapBaseDir': 'CONFIG_BASEDIR',
            'snapPass': 'STAGED_ROOT_PASS', 'snapBackupPath': 'STAGED_BACKUP'}
WITHOUT_SECRETS = ('mount-specification', 'status', 'size')


def text(value):
    return value if isinstance(value, str) else json.dumps(value)


def variables(table, values):
    """What is given, as text: run_bash takes nothing else. An optional parameter that is left blank is None or ''."""
    return {table[name]: text(value) for name, value in values.items()
            if name in table and value is not None and value != ''}


def setting_lines(settings):
    lines = [f"{setting['propertyName']}={setting['value']}" for setting in settings or [] if setting['propertyName']]
    broken = [line for line in lines if len(line.splitlines()) > 1]
    if broken:
        raise UserError(f'the setting {broken[0]!r} is more than one line', 'Give each setting its own entry.')
    return '\n'.join(lines)


def failure(hook, connection, response):
    told = told_error(response.stderr) or told_error(response.stdout)
    message = told.get('message') or f'hook {hook}.sh failed'
    action = told.get('remedy') or 'Look at the output of the hook.'
    if not told and response.exit_code in (126, 127):
        action = (f'Install the package dlpx-mysql on {connection.environment.host.name}, '
                  'or name the directory of its hooks in the parameter "Hooks directory".')
    output = f'{response.stdout}\n{response.stderr}'.strip().encode()[-OUTPUT_BYTES:].decode(errors='ignore')
    return UserError(f'{message[:2000]} (exit code {response.exit_code})', action[:2000], output)


def told_error(output):
    """The error that our tools print as the last line, else nothing."""
    error = parsed(last_line(output))
    error = error.get('error') if isinstance(error, dict) else None
    return error if isinstance(error, dict) else {}


def last_line(output):
    return (output.strip().splitlines() or [''])[-1]


def parsed(document):
    try:
        return json.loads(document)
    except ValueError:
        return None


def run(connection, hook, environment):
    """Runs a hook on the host; returns its result: a JSON value, else the last line that it printed."""
    environment = {**environment, 'DLPX_MYSQL_JSON': 'true', 'DLPX_BIN': connection.environment.host.binary_path}
    response = libs.run_bash(connection, COMMAND % hook, variables=environment)
    if response.exit_code != 0:
        raise failure(hook, connection, response)
    for document in (response.stdout, last_line(response.stdout)):
        value = parsed(document)
        if value is not None:
            return value
    return last_line(response.stdout)


def linked(hook, staged_source, repository, source_config=None, resync=None):
    given = staged_source.parameters.to_dict()
    connection = staged_source.staged_connection
    mounted = hook != 'mount-specification' and staged_source.mount and staged_source.mount.mount_path
    table = {**COMMON, **LINKED, **({} if hook in WITHOUT_SECRETS else LINKED_SECRETS)}
    environment = {
        **variables({'stagingBasedir': 'MYSQLD'}, given), **variables(REPOSITORY, repository.to_dict()),
        **variables(table, given), **variables(SOURCE, source_config.to_dict() if source_config else {}),
        'STAGINGDATADIR': mounted or given['mountPath'], 'STAGINGHOSTIP': connection.environment.host.name,
    }
    if resync is not None:
        environment['DLPX_MYSQL_RESYNC'] = text(resync)
    return run(connection, f'linked/{hook}', environment)


def virtual(hook, virtual_source, repository, source_config=None, snapshot=None):
    given = virtual_source.parameters.to_dict()
    mounted = hook != 'mount-specification' and virtual_source.mounts and virtual_source.mounts[0].mount_path
    table = {**COMMON, **VIRTUAL, **({} if hook in WITHOUT_SECRETS else VIRTUAL_SECRETS)}
    environment = {
        'DLPX_MYSQL_BIND_ADDRESS': '*', **variables({'baseDir': 'MYSQLD'}, given),
        **variables(REPOSITORY, repository.to_dict()), **variables(table, given),
        **variables(VDB, source_config.to_dict() if source_config else {}),
        **variables(SNAPSHOT, snapshot.to_dict() if snapshot else {}),
        'DLPX_DATA_DIRECTORY': mounted or given['mPath'], 'VDBCONN': f"-u{given['vdbUser']} --host=localhost -p",
        **variables({'settings': 'MYCONFIG'}, {'settings': setting_lines(given.get('config_settings_prov'))}),
    }
    return run(virtual_source.connection, f'virtual/{hook}', environment)


def unusable(result):
    return UserError(f'the hook returned {str(result)[:200]!r}, which is not what the operation needs',
                     'Install the same version of dlpx-mysql on all hosts, and of its plugin on the engine.')


def definition(kind, result):
    if not isinstance(result, dict):
        raise unusable(result)
    return kind.from_dict({name: text(value) for name, value in result.items() if value is not None})


def definitions(kind, result):
    if not isinstance(result, list):
        raise unusable(result)
    return [definition(kind, each) for each in result]


def source_config_object(result):
    return definition(SourceConfigDefinition, result)


def snapshot_object(result):
    return definition(SnapshotDefinition, result)


def nothing(_):
    """Of an operation that returns nothing, whatever its hook prints."""


def mount_specification(connection, result):
    if not isinstance(result, dict) or not {'mountPath', 'uid', 'gid'} <= result.keys():
        raise unusable(result)
    mount = Mount(connection.environment, result['mountPath'])
    return MountSpecification([mount], OwnershipSpecification(int(result['uid']), int(result['gid'])))


def status(result):
    word = result.get('status') if isinstance(result, dict) else result
    if word not in ('ACTIVE', 'INACTIVE'):
        raise unusable(result)
    return Status.ACTIVE if word == 'ACTIVE' else Status.INACTIVE


def size(result):
    number = result.get('bytes') if isinstance(result, dict) else result
    if not isinstance(number, int):
        raise unusable(result)
    return number


@plugin.discovery.repository()
def repository_discovery(source_connection):
    return definitions(RepositoryDefinition, run(source_connection, 'discovery/repository', {}))


@plugin.discovery.source_config()
def source_config_discovery(source_connection, repository):
    environment = variables(REPOSITORY, repository.to_dict())
    return definitions(SourceConfigDefinition, run(source_connection, 'discovery/source-config', environment))


@plugin.linked.mount_specification()
def linked_mount_specification(staged_source, repository):
    result = linked('mount-specification', staged_source, repository)
    return mount_specification(staged_source.staged_connection, result)


@plugin.linked.pre_snapshot()
def linked_pre_snapshot(staged_source, repository, source_config, optional_snapshot_parameters):
    # A policy's snapshot comes without parameters: what is there is kept.
    resync = optional_snapshot_parameters is not None and bool(optional_snapshot_parameters.resync)
    linked('pre-snapshot', staged_source, repository, source_config, resync)


@plugin.linked.post_snapshot()
def linked_post_snapshot(staged_source, repository, source_config, optional_snapshot_parameters):
    return snapshot_object(linked('post-snapshot', staged_source, repository, source_config))


@plugin.virtual.mount_specification()
def virtual_mount_specification(virtual_source, repository):
    result = virtual('mount-specification', virtual_source, repository)
    return mount_specification(virtual_source.connection, result)


@plugin.virtual.configure()
def configure(virtual_source, repository, snapshot):
    return source_config_object(virtual('configure', virtual_source, repository, snapshot=snapshot))


@plugin.virtual.initialize()
def initialize(virtual_source, repository):
    return source_config_object(virtual('initialize', virtual_source, repository))


@plugin.virtual.reconfigure()
def reconfigure(virtual_source, repository, source_config, snapshot):
    return source_config_object(virtual('reconfigure', virtual_source, repository, source_config, snapshot))


# All other operations differ only in their hook and in what its result becomes. The SDK looks at the names of the arguments.
def linked_operation(hook, answer):
    def operation(staged_source, repository, source_config):
        return answer(linked(hook, staged_source, repository, source_config))
    return operation


def virtual_operation(hook, answer):
    def operation(virtual_source, repository, source_config):
        return answer(virtual(hook, virtual_source, repository, source_config))
    return operation


plugin.linked.start_staging()(linked_operation('start-staging', nothing))
plugin.linked.stop_staging()(linked_operation('stop-staging', nothing))
plugin.linked.status()(linked_operation('status', status))
plugin.linked.worker()(linked_operation('worker', nothing))
plugin.linked.source_size()(linked_operation('size', size))
plugin.virtual.unconfigure()(virtual_operation('unconfigure', nothing))
plugin.virtual.cleanup()(virtual_operation('cleanup', nothing))
plugin.virtual.start()(virtual_operation('start', nothing))
plugin.virtual.stop()(virtual_operation('stop', nothing))
plugin.virtual.pre_snapshot()(virtual_operation('pre-snapshot', nothing))
plugin.virtual.post_snapshot()(virtual_operation('post-snapshot', snapshot_object))
plugin.virtual.status()(virtual_operation('status', status))
plugin.virtual.source_size()(virtual_operation('size', size))
