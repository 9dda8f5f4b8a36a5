"""A Delphix Engine as far as a plugin sees one: it calls operations by name, and a bash on this host runs their hooks."""
import os
import shutil
import stat
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
TREE = HERE.parents[2]
sys.dont_write_bytecode = True
sys.path[:0] = [str(HERE / 'sdk'), str(TREE / 'hooks/plugin/src')]

from dlpx.virtualization import libs  # noqa: E402
from dlpx.virtualization import platform  # noqa: E402
from dlpx.virtualization.common import RemoteConnection, RemoteEnvironment, RemoteHost, RemoteUser  # noqa: E402
from generated import definitions  # noqa: E402
import plugin_runner  # noqa: E402

HOOKS = TREE / 'hooks'
# Bytes that a shell, an option file or a careless join would trip over.
NASTY = {'stagingPass': """st 'a"g$(id)`\\ü""", 'sourcePass': """so 'u"r;|&ce ß""", 'replicationPass': """re 'p"l$HOME""",
         'vdbPass': """v 'd"b *?~"""}
RESULTS = {
    'discovery/repository': '[{"name":"MySQL 9.7.0 (/usr)","version":"9.7.0","installPath":"/usr"}]',
    'discovery/source-config': '[]',
    'linked/mount-specification': '{"mountPath":"/mnt/staging","uid":27,"gid":28}',
    'linked/post-snapshot': '{"snapshotId":"s1","snapPort":"3310","gtidExecuted":"u:1-9"}',
    'linked/status': '{"status":"ACTIVE"}',
    'linked/size': '{"bytes":4096}',
    'virtual/mount-specification': '{"mountPath":"/mnt/vdb","uid":27,"gid":28}',
    'virtual/configure': '{"dataDir":"/mnt/vdb/data","port":"3311","baseDir":"/usr","dbName":"vdb"}',
    'virtual/initialize': '{"dataDir":"/mnt/vdb/data","port":"3311","baseDir":"/usr","dbName":"vdb"}',
    'virtual/reconfigure': '{"dataDir":"/mnt/vdb/data","port":"3311","baseDir":"/usr","dbName":"vdb","state":"running"}',
    'virtual/post-snapshot': '{"snapshotId":"s2","snapTime":"2026-01-02T03:04:05Z"}',
    'virtual/status': '{"status":"INACTIVE"}',
    'virtual/size': '{"bytes":8192}',
}
# Notes how it was called, then answers what the engine was told to let it answer.
RECORDER = """#!/usr/bin/env bash
name=${0%.sh}
name=$(basename "$(dirname "$name")")/$(basename "$name")
echo "$name $*" >>"$RECORD/calls"
env -0 >"$RECORD/env"
tr '\\0' ' ' <"/proc/$$/cmdline" >>"$RECORD/argv"
tr '\\0' ' ' <"/proc/$PPID/cmdline" >>"$RECORD/argv"
cat >"$RECORD/stdin"
[ ! -f "$RECORD/answers/$name" ] || cat "$RECORD/answers/$name"
[ ! -f "$RECORD/stderr" ] || cat "$RECORD/stderr" >&2
[ ! -f "$RECORD/exit" ] || exit "$(cat "$RECORD/exit")"
"""


def executable(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding='utf-8')
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


class FakeEngine:
    """One dSource and one VDB. `linked` and `virtual` are what the user entered; None leaves an optional one out."""

    def __init__(self):
        self.scratch = Path(tempfile.mkdtemp())
        self.record = self.scratch / 'record'
        self.hooks = self.scratch / "it's a place"
        (self.record / 'answers').mkdir(parents=True)
        for script in HOOKS.glob('[dlv]*/*.sh'):
            executable(self.hooks / script.parent.name / script.name, RECORDER)
        for hook, answer in RESULTS.items():
            self.answer(hook, answer)
        self.linked = {'dSourceType': 'Replication', 'serverId': '102', 'stagingPort': '3310',
                       'mountPath': '/mnt/staging', 'sourceip': 'db1', 'sourceUser': 'reader', 'databaseList': 'a,b c',
                       'logSync': True, 'hooksDirectory': str(self.hooks),
                       **{name: word for name, word in NASTY.items() if name != 'vdbPass'}}
        self.virtual = {'vdbUser': 'dev', 'vdbPass': NASTY['vdbPass'], 'baseDir': '/usr', 'port': '3311',
                        'serverId': '201', 'mPath': '/mnt/vdb', 'hooksDirectory': str(self.hooks)}
        self.repository = {'name': 'MySQL', 'version': '9.7.0', 'installPath': '/opt/my sql'}
        self.source_config = {'dataDir': '/var/lib/mysql', 'port': '3306', 'baseDir': '/usr', 'dbName': 'shop'}
        self.vdb_config = {'dataDir': '/mnt/vdb/data', 'port': '3311', 'baseDir': '/usr', 'dbName': 'shop copy'}
        self.snapshot = {'snapshotId': 's1', 'snapPort': '3310', 'snapDataDir': '/mnt/staging/data',
                         'snapBaseDir': '/usr', 'snapBackupPath': ''}
        self.snapshot_parameters = None
        self.mounted = True
        host = RemoteHost('staging1', 'HOST-1', '/opt/delphix/bin', '/opt/delphix/scratch')
        self.environment = RemoteEnvironment('env', 'UNIX_HOST_ENVIRONMENT-1', host)
        self.connection = RemoteConnection(self.environment, RemoteUser('delphix', 'HOST_USER-1'))
        libs.host = libs.Host(environment={'RECORD': str(self.record), 'DLPX_MYSQL_HOOKS_DIR': str(self.hooks)},
                              home=str(self.scratch))

    def close(self):
        shutil.rmtree(self.scratch)

    def answer(self, hook, stdout):
        path = self.record / 'answers' / hook
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(stdout, encoding='utf-8')

    def fail(self, code, stderr=''):
        (self.record / 'exit').write_text(str(code), encoding='utf-8')
        (self.record / 'stderr').write_text(stderr, encoding='utf-8')

    def arguments(self):
        def mount(path):
            return platform.Mount(self.environment, path)
        return {
            'source_connection': self.connection,
            'repository': definitions.RepositoryDefinition.from_dict(self.repository),
            'staged_source': platform.StagedSource(
                'guid-1', self.connection, definitions.LinkedSourceDefinition.from_dict(self.linked),
                mount(self.linked['mountPath'] if self.mounted else ''), self.connection),
            'virtual_source': platform.VirtualSource(
                'guid-2', self.connection, definitions.VirtualSourceDefinition.from_dict(self.virtual),
                [mount(self.virtual['mPath'])] if self.mounted else []),
            'snapshot': definitions.SnapshotDefinition.from_dict(self.snapshot),
            'optional_snapshot_parameters': None if self.snapshot_parameters is None else
            definitions.SnapshotParametersDefinition.from_dict(self.snapshot_parameters),
        }

    def call(self, operation):
        """Calls 'linked.start_staging' and the like as the SDK does: by name, with these arguments and no others."""
        group, name = operation.split('.')
        given = self.arguments()
        config = self.source_config if group == 'linked' else self.vdb_config
        given['source_config'] = definitions.SourceConfigDefinition.from_dict(config)
        wanted = platform.OPERATIONS[group][name]
        return getattr(plugin_runner.plugin, group).functions[name](**{word: given[word] for word in wanted})

    def hook_environment(self):
        """The variables that the last hook got from the plugin."""
        entries = (self.record / 'env').read_text(encoding='utf-8').split('\0')
        seen = dict(entry.split('=', 1) for entry in entries if entry)
        return {name: seen[name] for name in libs.host.commands[-1][1]}

    def calls(self):
        path = self.record / 'calls'
        return path.read_text(encoding='utf-8').splitlines() if path.exists() else []

    def command_lines(self):
        path = self.record / 'argv'
        seen = path.read_text(encoding='utf-8') if path.exists() else ''
        return seen + '\n'.join(command for command, _ in libs.host.commands)


def operations():
    return [f'{group}.{name}' for group, names in platform.OPERATIONS.items() for name in names]


def tools():
    """Where our executables are: what `scripts/test` names, else the build of this tree."""
    return os.environ.get('DLPX_TEST_BIN_DIR') or str(TREE / 'build/bin')
