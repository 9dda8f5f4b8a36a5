"""The plugin with the hooks of this tree: first before executables that note how they were called, then before our own."""
import os
import shutil
import subprocess
import unittest

from fake_engine import HOOKS, NASTY, FakeEngine, executable, operations, tools
from dlpx.virtualization import libs
from dlpx.virtualization.platform import Status
from dlpx.virtualization.platform.exceptions import UserError

# What hooks/README.md promises that each operation becomes.
COMMANDS = {
    'discovery.repository': 'dlpx-mysql-stage discover',
    'discovery.source_config': 'dlpx-mysql-stage discover --source-config',
    'linked.mount_specification': 'dlpx-mysql-stage mount-specification',
    'linked.pre_snapshot': 'dlpx-mysql-stage pre-snapshot',
    'linked.post_snapshot': 'dlpx-mysql-stage post-snapshot',
    'linked.start_staging': 'dlpx-mysql-stage start',
    'linked.stop_staging': 'dlpx-mysql-stage stop',
    'linked.status': 'dlpx-mysql-stage status',
    'linked.worker': 'dlpx-mysql-stage worker',
    'linked.source_size': 'dlpx-mysql-stage size',
    'virtual.mount_specification': 'dlpx-mysql-vdb mount-specification',
    'virtual.configure': 'dlpx-mysql-vdb provision',
    'virtual.initialize': 'dlpx-mysql-vdb create-empty',
    'virtual.reconfigure': 'dlpx-mysql-vdb enable',
    'virtual.unconfigure': 'dlpx-mysql-vdb disable',
    'virtual.cleanup': 'dlpx-mysql-vdb remove',
    'virtual.start': 'dlpx-mysql-vdb start',
    'virtual.stop': 'dlpx-mysql-vdb stop',
    'virtual.pre_snapshot': 'dlpx-mysql-vdb pre-snapshot',
    'virtual.post_snapshot': 'dlpx-mysql-vdb post-snapshot',
    'virtual.status': 'dlpx-mysql-vdb status --active-only',
    'virtual.source_size': 'dlpx-mysql-vdb size',
}
TOOL = """#!/usr/bin/env bash
echo "$(basename "$0") $*" >>"$RECORD/calls"
env -0 >"$RECORD/env"
tr '\\0' ' ' <"/proc/$$/cmdline" >>"$RECORD/argv"
cat >"$RECORD/stdin"
case "$(basename "$0") $*" in
  *-stage\\ discover*) echo '[]' ;;
  *mount-specification) echo '{"mountPath":"/m","uid":1,"gid":2}' ;;
  *status*) echo '{"status":"ACTIVE"}' ;;
  *size) echo '{"bytes":1}' ;;
  *post-snapshot) echo '{"snapshotId":"s"}' ;;
  *provision | *create-empty | *enable) echo '{"dataDir":"/m/data","port":"1","baseDir":"/usr","dbName":"v"}' ;;
esac
[ ! -f "$RECORD/stderr" ] || cat "$RECORD/stderr" >&2
[ ! -f "$RECORD/exit" ] || exit "$(cat "$RECORD/exit")"
"""


class HooksCase(unittest.TestCase):
    def setUp(self):
        self.engine = FakeEngine()
        self.addCleanup(self.engine.close)
        for given in (self.engine.linked, self.engine.virtual):
            given['hooksDirectory'] = str(HOOKS)
        libs.host.environment['DLPX_MYSQL_HOOKS_DIR'] = str(HOOKS)


class RealHooksTest(HooksCase):
    def setUp(self):
        super().setUp()
        directory = self.engine.scratch / 'some bin'
        for name in ('dlpx-mysql-stage', 'dlpx-mysql-vdb'):
            executable(directory / name, TOOL)
        libs.host.environment['DLPX_MYSQL_BIN_DIR'] = str(directory)

    def test_a_hook_named_by_a_relative_path_finds_the_tools_of_its_own_prefix_whatever_the_user_exports(self):
        prefix, decoy = self.engine.scratch / 'a prefix', self.engine.scratch / 'decoy'
        shutil.copytree(HOOKS, prefix / 'libexec/dlpx-mysql/hooks')
        (decoy / 'hooks/virtual').mkdir(parents=True)
        executable(prefix / 'bin/dlpx-mysql-vdb', '#!/bin/sh\necho own\n')
        told = subprocess.run(['bash', 'hooks/virtual/size.sh'], cwd=prefix / 'libexec/dlpx-mysql', text=True, check=False,
                              env={'PATH': os.environ['PATH'], 'CDPATH': str(decoy)}, capture_output=True)
        self.assertEqual((told.stdout, told.returncode), ('own\n', 0), told.stderr)

    def test_every_operation_becomes_the_command_of_the_readme(self):
        self.assertEqual(set(COMMANDS), set(operations()))
        for operation, command in COMMANDS.items():
            self.engine.call(operation)
            self.assertEqual(self.engine.calls()[-1].strip(), command)
            self.assertEqual((self.engine.record / 'stdin').read_text(encoding='utf-8'), '')

    def test_passwords_arrive_whole_in_the_environment_and_never_in_a_command_line(self):
        self.engine.call('linked.start_staging')
        seen = self.engine.hook_environment()
        self.engine.call('virtual.configure')
        seen |= self.engine.hook_environment()
        for name, variable in (('stagingPass', 'STAGINGPASS'), ('sourcePass', 'SOURCEPASS'), ('vdbPass', 'VDBPASS'),
                               ('replicationPass', 'REPLICATION_PASS')):
            self.assertEqual(seen[variable], NASTY[name])
            self.assertNotIn(NASTY[name], self.engine.command_lines())

    def test_the_exit_code_and_the_error_of_the_tool_come_through(self):
        self.engine.fail(21, '{"error":{"code":21,"name":"locked","message":"busy","remedy":"Wait.","log":""}}\n')
        with self.assertRaises(UserError) as caught:
            self.engine.call('virtual.unconfigure')
        self.assertEqual((caught.exception.message, caught.exception.action), ('busy (exit code 21)', 'Wait.'))


class RealToolsTest(HooksCase):
    """Only what needs no MySQL: the formats of parameters, results and errors are the tools' own."""

    def setUp(self):
        super().setUp()
        libs.host.environment['DLPX_MYSQL_BIN_DIR'] = tools()
        for given, name in ((self.engine.linked, 'mountPath'), (self.engine.virtual, 'mPath')):
            mount = self.engine.scratch / f'mount of {name}'
            mount.mkdir()
            given[name] = str(mount)
            given['osUser'] = 'nobody'

    def test_discovery_lists_installations_and_servers(self):
        for repository in self.engine.call('discovery.repository'):
            self.assertEqual(set(repository.to_dict()), {'name', 'version', 'installPath'})
        for config in self.engine.call('discovery.source_config'):
            self.assertEqual(set(config.to_dict()), {'dataDir', 'port', 'baseDir', 'dbName'})

    def test_mount_specifications_are_for_the_account_of_mysqld(self):
        for operation, given, name in (('linked', self.engine.linked, 'mountPath'),
                                       ('virtual', self.engine.virtual, 'mPath')):
            specification = self.engine.call(f'{operation}.mount_specification')
            self.assertEqual(specification.mounts[0].mount_path, given[name])
            self.assertEqual(specification.ownership_specification.uid, 65534)

    def test_an_empty_mount_is_inactive_and_small(self):
        for group in ('linked', 'virtual'):
            self.assertEqual(self.engine.call(f'{group}.status'), Status.INACTIVE)
            self.assertLess(self.engine.call(f'{group}.source_size'), 1 << 20)

    def test_a_start_without_data_tells_the_tools_own_error(self):
        for operation in ('linked.start_staging', 'virtual.start'):
            with self.assertRaises(UserError) as caught:
                self.engine.call(operation)
            self.assertRegex(caught.exception.message, r'mount of .* \(exit code \d+\)$')
            self.assertNotIn('failed (exit code', caught.exception.message)
            self.assertNotEqual(caught.exception.action, 'Look at the output of the hook.')

    def test_all_parameters_of_the_form_are_accepted_by_the_tools(self):
        self.engine.linked.update({'method': 'copy', 'sourceSslMode': 'verify_ca', 'snapshotMode': 'hot',
                                   'timeout': '90s', 'stagingUser': 'admin', 'bindAddress': '127.0.0.1',
                                   'dSourceType': 'Manual Backup Ingestion', 'logSync': False})
        self.engine.virtual.update({'accounts': 'lock', 'events': 'on', 'profile': 'small', 'snapshotMode': 'stop',
                                    'config_settings_prov': [{'propertyName': 'max_connections', 'value': '50'}]})
        for operation in ('linked.status', 'virtual.status'):
            self.assertEqual(self.engine.call(operation), Status.INACTIVE)


if __name__ == '__main__':
    unittest.main()
