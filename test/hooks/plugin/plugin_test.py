"""The plugin on a fake engine, with hooks that note how they were called."""
import json
import unittest

from fake_engine import HOOKS, NASTY, TREE, FakeEngine, operations
from dlpx.virtualization import libs
from dlpx.virtualization.platform import Status
from dlpx.virtualization.platform.exceptions import UserError
from generated import definitions
import plugin_runner

# Variables of the archived plugin that tell a hook what our tools learn from the mount or do not need.
ONLY_TOLD = {'MYSQLVER', 'SOURCEDATADIR', 'SOURCEBASEDIR', 'STAGINGHOSTIP', 'STAGED_PORT', 'STAGED_DATADIR',
             'CONFIG_BASEDIR', 'STAGED_BACKUP'}
PLACE_STAGING = {
    'DLPX_BIN': '/opt/delphix/bin', 'DLPX_MYSQL_JSON': 'true', 'MYSQLD': '/opt/my sql', 'MYSQLVER': '9.7.0',
    'DLPX_MYSQL_DSOURCE_TYPE': 'Replication', 'STAGINGSERVERID': '102', 'STAGINGPORT': '3310',
    'STAGINGDATADIR': '/mnt/staging', 'STAGINGHOSTIP': 'staging1', 'SOURCEIP': 'db1', 'SOURCEUSER': 'reader',
    'SOURCEPORT': '3306', 'SOURCEDATADIR': '/var/lib/mysql', 'SOURCEBASEDIR': '/usr', 'LOGSYNC': 'true',
    'DLPX_MYSQL_DATABASES': 'a,b c', 'DLPX_MYSQL_NAME': 'shop',
}
SECRETS_STAGING = {'STAGINGPASS': NASTY['stagingPass'], 'SOURCEPASS': NASTY['sourcePass'],
                   'REPLICATION_PASS': NASTY['replicationPass']}
PLACE_VDB = {
    'DLPX_BIN': '/opt/delphix/bin', 'DLPX_MYSQL_JSON': 'true', 'MYSQLD': '/opt/my sql', 'MYSQLVER': '9.7.0',
    'DLPX_DATA_DIRECTORY': '/mnt/vdb', 'MYBASEDIR': '/usr', 'PORT': '3311', 'SERVERID': '201',
    'VDBCONN': '-udev --host=localhost -p', 'DLPX_MYSQL_USER': 'dev', 'DLPX_MYSQL_BIND_ADDRESS': '*',
}
SNAPSHOT = {'STAGED_PORT': '3310', 'STAGED_DATADIR': '/mnt/staging/data', 'CONFIG_BASEDIR': '/usr'}


class PluginCase(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.engine = FakeEngine()
        self.addCleanup(self.engine.close)

    def environment_of(self, operation):
        self.engine.call(operation)
        environment = self.engine.hook_environment()
        environment.pop('DLPX_MYSQL_HOOKS_DIR', None)
        return environment

    def error_of(self, operation):
        with self.assertRaises(UserError) as caught:
            self.engine.call(operation)
        return caught.exception


class OperationsTest(PluginCase):
    def test_the_plugin_has_every_operation_of_a_staged_plugin(self):
        groups = {group: getattr(plugin_runner.plugin, group).functions for group in ('discovery', 'linked', 'virtual')}
        self.assertEqual({f'{group}.{name}' for group, functions in groups.items() for name in functions},
                         set(operations()))

    def test_each_operation_runs_one_hook_and_each_hook_has_its_operation(self):
        for operation in operations():
            before = len(self.engine.calls())
            self.engine.call(operation)
            self.assertEqual(len(self.engine.calls()), before + 1, operation)
        scripts = {f'{script.parent.name}/{script.stem}' for script in HOOKS.glob('*/*.sh')}
        self.assertEqual({call.strip() for call in self.engine.calls()}, scripts)

    def test_an_operation_runs_the_hook_of_its_name(self):
        renamed = {'source_size': 'size'}
        for operation in operations():
            group, name = operation.split('.')
            self.engine.call(operation)
            hook = renamed.get(name, name.replace('_', '-'))
            self.assertEqual(self.engine.calls()[-1].strip(), f'{group}/{hook}')

    def test_a_hook_gets_no_argument_and_an_empty_standard_input(self):
        for operation in operations():
            self.engine.call(operation)
            self.assertEqual((self.engine.record / 'stdin').read_text(encoding='utf-8'), '', operation)
        self.assertEqual([call for call in self.engine.calls() if not call.endswith(' ')], [])


class EnvironmentTest(PluginCase):
    def test_staging_operations_pass_the_variables_of_the_contract(self):
        for operation in ('start_staging', 'stop_staging', 'worker', 'post_snapshot'):
            self.assertEqual(self.environment_of(f'linked.{operation}'), {**PLACE_STAGING, **SECRETS_STAGING})

    def test_what_needs_no_password_gets_none(self):
        for operation in ('linked.status', 'linked.source_size'):
            self.assertEqual(self.environment_of(operation), PLACE_STAGING)
        for operation in ('virtual.status', 'virtual.source_size'):
            self.assertEqual(self.environment_of(operation), {**PLACE_VDB, 'DLPX_MYSQL_NAME': 'shop copy'})
        for operation in ('linked.mount_specification', 'virtual.mount_specification'):
            self.assertFalse(set(NASTY.values()) & set(self.environment_of(operation).values()))

    def test_a_vdb_is_told_its_snapshot_and_its_name_where_there_are_any(self):
        secret = {'VDBPASS': NASTY['vdbPass']}
        named = {**PLACE_VDB, **secret, 'DLPX_MYSQL_NAME': 'shop copy'}
        self.assertEqual(self.environment_of('virtual.initialize'), {**PLACE_VDB, **secret})
        self.assertEqual(self.environment_of('virtual.configure'), {**PLACE_VDB, **secret, **SNAPSHOT})
        self.assertEqual(self.environment_of('virtual.reconfigure'), {**named, **SNAPSHOT})
        for operation in ('start', 'stop', 'unconfigure', 'cleanup', 'pre_snapshot', 'post_snapshot'):
            self.assertEqual(self.environment_of(f'virtual.{operation}'), named)

    def test_resync_is_only_what_the_user_asked_for(self):
        for parameters, told in ((None, 'false'), ({'resync': False}, 'false'), ({'resync': True}, 'true')):
            self.engine.snapshot_parameters = parameters
            self.assertEqual(self.environment_of('linked.pre_snapshot')['DLPX_MYSQL_RESYNC'], told)
            self.assertNotIn('DLPX_MYSQL_RESYNC', self.environment_of('linked.post_snapshot'))

    def test_no_password_is_in_a_command_line(self):
        for operation in operations():
            self.engine.call(operation)
        lines = self.engine.command_lines()
        self.assertIn('linked/pre-snapshot.sh', lines)
        for password in NASTY.values():
            self.assertNotIn(password, lines)

    def test_a_command_line_holds_nothing_of_what_the_user_entered(self):
        for operation in operations():
            self.engine.call(operation)
        for command, _ in libs.host.commands:
            self.assertRegex(command, r'^bash "\$\{DLPX_MYSQL_HOOKS_DIR:-/usr/libexec/dlpx-mysql/hooks\}/[a-z/-]+\.sh" '
                                      r'</dev/null$')

    def test_blank_and_missing_parameters_are_not_passed(self):
        for blank in ('', None):
            for name in ('sourceip', 'sourceUser', 'databaseList', 'sourcePass', 'replicationPass', 'backupPath'):
                self.engine.linked[name] = blank
            self.engine.repository['version'] = blank
            environment = self.environment_of('linked.start_staging')
            self.assertFalse({'SOURCEIP', 'SOURCEUSER', 'SOURCEPASS', 'REPLICATION_PASS', 'BACKUP_PATH', 'MYSQLVER',
                              'DLPX_MYSQL_DATABASES'} & environment.keys())
            self.assertNotIn('', environment.values())

    def test_only_required_parameters_are_enough(self):
        schema = json.loads((HOOKS / 'plugin/schema.json').read_text(encoding='utf-8'))
        place = {'hooksDirectory': str(self.engine.hooks)}
        for kind, given in (('linkedSource', self.engine.linked), ('virtualSource', self.engine.virtual)):
            required = schema[f'{kind}Definition']['required']
            kept = {name: value for name, value in given.items() if name in required}
            given.clear()
            given.update({**kept, **place})
        self.engine.snapshot, self.engine.repository = {}, {}
        for operation in operations():
            self.engine.call(operation)

    def test_log_sync_is_told_when_it_is_off(self):
        self.engine.linked['logSync'] = False
        self.assertEqual(self.environment_of('linked.start_staging')['LOGSYNC'], 'false')

    def test_the_base_directory_counts_where_the_repository_has_no_location(self):
        self.engine.repository['installPath'] = ''
        self.engine.linked['stagingBasedir'] = '/opt/staging'
        self.assertEqual(self.environment_of('linked.start_staging')['MYSQLD'], '/opt/staging')
        self.assertEqual(self.environment_of('virtual.start')['MYSQLD'], '/usr')

    def test_the_mount_is_the_engines_and_before_it_is_mounted_the_users(self):
        self.engine.mounted = False
        self.assertEqual(self.environment_of('linked.stop_staging')['STAGINGDATADIR'], '/mnt/staging')
        self.assertEqual(self.environment_of('virtual.stop')['DLPX_DATA_DIRECTORY'], '/mnt/vdb')

    def test_settings_are_lines_of_name_and_value(self):
        self.engine.virtual['config_settings_prov'] = [
            {'propertyName': 'innodb_buffer_pool_size', 'value': '1G'}, {'propertyName': '', 'value': ''},
            {'propertyName': 'init_connect', 'value': """SET @a = 'x "y"'"""}]
        self.assertEqual(self.environment_of('virtual.configure')['MYCONFIG'],
                         """innodb_buffer_pool_size=1G\ninit_connect=SET @a = 'x "y"'""")
        for none in ([], None):
            self.engine.virtual['config_settings_prov'] = none
            self.assertNotIn('MYCONFIG', self.environment_of('virtual.configure'))

    def test_a_setting_of_two_lines_is_refused(self):
        self.engine.virtual['config_settings_prov'] = [{'propertyName': 'port', 'value': '1\nskip-grant-tables=ON'}]
        self.assertIn('more than one line', self.error_of('virtual.configure').message)
        self.assertEqual(self.engine.calls(), [])

    def test_every_variable_is_a_parameter_of_the_tools_or_only_told(self):
        reference = (TREE / 'config/README.md').read_text(encoding='utf-8')
        schema = json.loads((HOOKS / 'plugin/schema.json').read_text(encoding='utf-8'))
        for kind, given in (('linkedSource', self.engine.linked), ('virtualSource', self.engine.virtual)):
            for name, property_ in schema[f'{kind}Definition']['properties'].items():
                if property_['type'] == 'string' and name not in given:
                    given[name] = property_.get('enum', [f'/{name}'])[0]
        self.engine.virtual['config_settings_prov'] = [{'propertyName': 'a', 'value': 'b'}]
        self.engine.snapshot['snapBackupPath'] = '/backup'
        seen = set()
        for operation in operations():
            self.engine.call(operation)
            seen |= self.engine.hook_environment().keys()
        self.assertGreater(len(seen), 40)
        self.assertEqual({name for name in seen if f'`{name}`' not in reference}, ONLY_TOLD)


class ResultsTest(PluginCase):
    def test_discovery_returns_what_the_hooks_list(self):
        found = self.engine.call('discovery.repository')
        self.assertEqual([repository.to_dict() for repository in found],
                         [{'name': 'MySQL 9.7.0 (/usr)', 'version': '9.7.0', 'installPath': '/usr'}])
        self.assertIsInstance(found[0], definitions.RepositoryDefinition)
        self.assertEqual(self.engine.call('discovery.source_config'), [])
        self.assertEqual(self.engine.hook_environment()['MYSQLD'], '/opt/my sql')
        self.engine.answer('discovery/source-config', json.dumps([{**self.engine.source_config, 'port': 3306}]))
        configs = self.engine.call('discovery.source_config')
        self.assertEqual([config.to_dict() for config in configs], [self.engine.source_config])

    def test_no_mysql_is_an_empty_list(self):
        self.engine.answer('discovery/repository', '[]\n')
        self.assertEqual(self.engine.call('discovery.repository'), [])

    def test_mount_specifications_name_directory_host_and_owner(self):
        for operation, path in (('linked.mount_specification', '/mnt/staging'),
                                ('virtual.mount_specification', '/mnt/vdb')):
            specification = self.engine.call(operation)
            self.assertEqual([mount.mount_path for mount in specification.mounts], [path])
            self.assertEqual(specification.mounts[0].remote_environment, self.engine.environment)
            owner = specification.ownership_specification
            self.assertEqual((owner.uid, owner.gid), (27, 28))

    def test_running_vdbs_are_source_configs_without_what_the_schema_lacks(self):
        for operation in ('virtual.configure', 'virtual.initialize', 'virtual.reconfigure'):
            config = self.engine.call(operation)
            self.assertIsInstance(config, definitions.SourceConfigDefinition)
            self.assertEqual(config.to_dict(), {'dataDir': '/mnt/vdb/data', 'port': '3311', 'baseDir': '/usr',
                                                'dbName': 'vdb'})

    def test_snapshots_are_objects_of_text(self):
        snapshot = self.engine.call('linked.post_snapshot')
        self.assertIsInstance(snapshot, definitions.SnapshotDefinition)
        self.assertEqual(snapshot.to_dict(), {'snapshotId': 's1', 'snapPort': '3310', 'gtidExecuted': 'u:1-9'})
        self.engine.answer('virtual/post-snapshot', '{"snapshotId":"s2","snapPort":3311,"snapHost":null}')
        self.assertEqual(self.engine.call('virtual.post_snapshot').to_dict(), {'snapshotId': 's2', 'snapPort': '3311'})

    def test_status_is_active_or_inactive_as_json_or_as_a_word(self):
        self.assertEqual(self.engine.call('linked.status'), Status.ACTIVE)
        self.assertEqual(self.engine.call('virtual.status'), Status.INACTIVE)
        self.engine.answer('linked/status', 'INACTIVE\n')
        self.engine.answer('virtual/status', 'ACTIVE\n')
        self.assertEqual(self.engine.call('linked.status'), Status.INACTIVE)
        self.assertEqual(self.engine.call('virtual.status'), Status.ACTIVE)

    def test_sizes_are_bytes(self):
        self.assertEqual(self.engine.call('linked.source_size'), 4096)
        self.engine.answer('virtual/size', '123456789012\n')
        self.assertEqual(self.engine.call('virtual.source_size'), 123456789012)

    def test_a_result_is_found_after_what_a_login_script_prints(self):
        self.engine.answer('linked/size', 'welcome to staging1\n{"bytes":7}\n')
        self.assertEqual(self.engine.call('linked.source_size'), 7)

    def test_operations_that_return_nothing_take_any_output(self):
        for hook in ('linked/worker', 'linked/pre-snapshot', 'virtual/stop', 'virtual/cleanup'):
            self.engine.answer(hook, 'done\n')
        for operation in ('linked.worker', 'linked.pre_snapshot', 'virtual.stop', 'virtual.cleanup'):
            self.assertIsNone(self.engine.call(operation))

    def test_a_wrong_result_is_an_error_that_shows_it(self):
        for hook in ('discovery/repository', 'linked/status', 'linked/size', 'linked/post-snapshot',
                     'linked/mount-specification', 'virtual/configure'):
            for answer in ('', 'nonsense', '"ACTIV"', '{"mountPath":"/x"}' if 'mount' in hook else '[7]'):
                self.engine.answer(hook, answer)
                operation = hook.replace('/size', '/source_size').replace('-', '_').replace('/', '.')
                self.assertIn('not what the operation needs', self.error_of(operation).message)


class ErrorsTest(PluginCase):
    TOLD = {'code': 22, 'name': 'replication', 'message': 'the source refused "repl"', 'remedy': 'Grant it.', 'log': ''}

    def test_every_failing_hook_fails_its_operation(self):
        self.engine.fail(22, f'working\n{json.dumps({"error": self.TOLD})}\n')
        for operation in operations():
            error = self.error_of(operation)
            self.assertEqual(error.message, 'the source refused "repl" (exit code 22)')
            self.assertEqual(error.action, 'Grant it.')
            self.assertIn('working', error.output)

    def test_the_error_is_also_found_at_the_end_of_the_output(self):
        self.engine.answer('virtual/start', f'starting\n{json.dumps({"error": self.TOLD})}\n')
        self.engine.fail(22)
        self.assertEqual(self.error_of('virtual.start').message, 'the source refused "repl" (exit code 22)')

    def test_a_hook_that_tells_no_error_is_named_with_its_exit_code(self):
        for last_line in ('', 'just words', '{"error":"words"}', '[]', '{"error":{}}', 'null'):
            self.engine.fail(3, f'cannot go on\n{last_line}\n')
            error = self.error_of('linked.worker')
            self.assertEqual(error.message, 'hook linked/worker.sh failed (exit code 3)')
            self.assertIn('cannot go on', error.output)
            self.assertTrue(error.action)

    def test_hooks_that_are_not_installed_are_an_error_that_says_where_they_belong(self):
        self.engine.linked['hooksDirectory'] = '/nowhere/hooks'
        error = self.error_of('linked.start_staging')
        self.assertIn('(exit code 127)', error.message)
        self.assertIn('dlpx-mysql on staging1', error.action)
        self.assertIn('/nowhere/hooks', error.output)

    def test_a_long_output_is_cut_from_its_beginning(self):
        self.engine.fail(1, 'ä' * 200000 + 'the end\n')
        self.assertTrue(self.error_of('virtual.stop').output.endswith('the end'))

    def test_a_long_message_is_cut(self):
        told = {**self.TOLD, 'message': 'ß' * 90000, 'remedy': 'ß' * 90000}
        self.engine.fail(22, json.dumps({'error': told}, ensure_ascii=False))
        self.assertTrue(self.error_of('virtual.stop').message.endswith('(exit code 22)'))

    def test_a_failing_status_is_never_active(self):
        self.engine.fail(1)
        self.assertIn('exit code 1', self.error_of('virtual.status').message)


if __name__ == '__main__':
    unittest.main()
