"""plugin_config.yml and schema.json: what the engine accepts, and what the archived plugin's objects need."""
import json
import re
import unittest

from fake_engine import HOOKS, TREE
import plugin_runner

PLUGIN = HOOKS / 'plugin'
SCHEMA = json.loads((PLUGIN / 'schema.json').read_text(encoding='utf-8'))
DEFINITIONS = ['repository', 'sourceConfig', 'linkedSource', 'virtualSource', 'snapshot', 'snapshotParameters']
KEYWORDS = {
    'type': str, 'properties': dict, 'additionalProperties': bool, 'required': list, 'ordering': list,
    'nameField': str, 'identityFields': list, 'prettyName': str, 'description': str, 'default': (str, bool),
    'enum': list, 'format': str, 'items': dict,
}
# The archived plugin's fields (2.1.0); all are strings but those named here.
ARCHIVED = {
    'repository': 'name version installPath',
    'sourceConfig': 'dataDir port baseDir dbName',
    'virtualSource': 'vdbUser vdbPass baseDir port serverId mPath config_settings_prov',
    'linkedSource': 'dSourceType serverId stagingPort mountPath stagingPass stagingBasedir sourceip sourceUser sourcePass '
                    'databaseList backupPath logSync replicationUser replicationPass',
    'snapshot': 'snapshotId snapHost snapPort snapDataDir snapBaseDir snapConn snapPass snapBackupPath snapTime',
    'snapshotParameters': 'resync',
}
OTHER_TYPES = {'logSync': 'boolean', 'resync': 'boolean', 'config_settings_prov': 'array'}
ARCHIVED_REQUIRED = {
    'repository': '', 'sourceConfig': 'dataDir port baseDir dbName', 'snapshot': '', 'snapshotParameters': 'resync',
    'virtualSource': 'vdbUser vdbPass baseDir port serverId mPath',
    'linkedSource': 'dSourceType serverId stagingPort mountPath',
}

# And the variables that it set for its scripts.
ARCHIVED_VARIABLES = {
    'all': 'DLPX_BIN',
    'staging': 'MYSQLD STAGINGSERVERID STAGINGPORT STAGINGCONN STAGINGPASS STAGINGDATADIR LOGSYNC',
    'resync': 'MYSQLVER SOURCEDATADIR SOURCEBASEDIR SOURCEPORT SOURCEIP BACKUP_PATH SOURCECONN SOURCEUSER SOURCEPASS '
              'REPLICATION_USER REPLICATION_PASS STAGINGHOSTIP BACKUP_OPTIONS',
    'virtual': 'DLPX_DATA_DIRECTORY MYSQLD MYSQLVER VDBCONN VDBPASS MYBASEDIR PORT SERVERID MYCONFIG STAGED_PORT '
               'STAGED_DATADIR CONFIG_BASEDIR STAGED_ROOT_PASS STAGED_BACKUP',
}


def definition(kind):
    return SCHEMA[f'{kind}Definition']


def schemas(schema):
    yield schema
    for below in [*schema.get('properties', {}).values(), *([schema['items']] if 'items' in schema else [])]:
        yield from schemas(below)


def config():
    lines = (PLUGIN / 'plugin_config.yml').read_text(encoding='utf-8').splitlines()
    return dict(line.split(': ', 1) for line in lines if ': ' in line)


class SchemaTest(unittest.TestCase):
    def test_the_schema_has_the_six_definitions_of_a_plugin(self):
        self.assertEqual(list(SCHEMA), [f'{kind}Definition' for kind in
                                        ('repository', 'sourceConfig', 'linkedSource', 'virtualSource', 'snapshot',
                                         'snapshotParameters')])

    def test_only_keywords_that_the_generated_classes_honour_are_used_and_rightly(self):
        for kind in DEFINITIONS:
            for schema in schemas(definition(kind)):
                self.assertFalse(schema.keys() - KEYWORDS.keys(), kind)
                for keyword, value in schema.items():
                    self.assertIsInstance(value, KEYWORDS[keyword], f'{kind}: {keyword}')
                self.assertIn(schema['type'], ('object', 'array', 'string', 'boolean'))
                self.assertEqual('items' in schema, schema['type'] == 'array')

    def test_lists_of_names_name_properties_once(self):
        for kind in DEFINITIONS:
            for schema in schemas(definition(kind)):
                names = set(schema.get('properties', {}))
                for keyword in ('required', 'ordering', 'identityFields'):
                    listed = schema.get(keyword, [])
                    self.assertEqual(len(listed), len(set(listed)), kind)
                    self.assertLessEqual(set(listed), names, kind)
                if 'ordering' in schema:
                    self.assertEqual(set(schema['ordering']), names, kind)

    def test_what_is_discovered_has_a_name_and_an_identity(self):
        for kind in DEFINITIONS:
            discovered = kind in ('repository', 'sourceConfig')
            self.assertEqual({'nameField', 'identityFields'} <= definition(kind).keys(), discovered, kind)

    def test_passwords_are_marked_and_nothing_secret_or_unique_has_a_default(self):
        for kind in DEFINITIONS:
            for name, property_ in definition(kind)['properties'].items():
                self.assertEqual(property_.get('format') == 'password', name.lower().endswith('pass'), name)
                if 'default' in property_:
                    self.assertIn(name, ('dSourceType', 'databaseList', 'logSync', 'resync'))

    def test_what_the_user_sees_has_a_title_and_an_explanation(self):
        for kind in ('linkedSource', 'virtualSource'):
            for name, property_ in definition(kind)['properties'].items():
                self.assertLessEqual({'prettyName', 'description'}, property_.keys(), name)


class UpgradeTest(unittest.TestCase):
    def test_the_fields_of_the_archived_plugin_keep_their_names_and_types(self):
        for kind, names in ARCHIVED.items():
            for name in names.split():
                self.assertIn(name, definition(kind)['properties'])
                property_ = definition(kind)['properties'][name]
                self.assertEqual(property_['type'], OTHER_TYPES.get(name, 'string'), name)
        setting = definition('virtualSource')['properties']['config_settings_prov']['items']['properties']
        self.assertEqual({name: each['type'] for name, each in setting.items()},
                         {'propertyName': 'string', 'value': 'string'})

    def test_no_field_is_required_that_the_archived_plugin_did_not_require(self):
        for kind, names in ARCHIVED_REQUIRED.items():
            self.assertLessEqual(set(definition(kind).get('required', [])), set(names.split()), kind)

    def test_no_value_is_refused_that_the_archived_plugin_accepted(self):
        for kind, names in ARCHIVED.items():
            for name in names.split():
                enum = definition(kind)['properties'][name].get('enum')
                self.assertEqual(enum, ['Manual Backup Ingestion', 'Replication'] if name == 'dSourceType' else None, name)

    def test_discovered_objects_keep_their_identity(self):
        self.assertEqual(definition('repository')['identityFields'], ['installPath'])
        self.assertEqual(definition('sourceConfig')['identityFields'], ['dataDir', 'port'])


class ConfigTest(unittest.TestCase):
    def test_the_plugin_is_a_staged_one_in_python_3_11_for_unix(self):
        self.assertEqual({name: config()[name] for name in ('language', 'pluginType', 'schemaFile', 'srcDir')},
                         {'language': 'PYTHON311', 'pluginType': 'STAGED', 'schemaFile': 'schema.json', 'srcDir': 'src'})
        self.assertIn('hostTypes:\n  - UNIX\n', (PLUGIN / 'plugin_config.yml').read_text(encoding='utf-8'))

    def test_the_entry_point_is_the_plugin_object(self):
        module, name = config()['entryPoint'].split(':')
        self.assertEqual(module, plugin_runner.__name__)
        self.assertIs(getattr(plugin_runner, name), plugin_runner.plugin)

    def test_the_id_is_a_uuid_and_the_build_number_above_the_archived_plugins(self):
        self.assertRegex(config()['id'], r'^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$')
        self.assertGreater([int(part) for part in config()['buildNumber'].split('.')], [2, 1, 0])

    def test_every_parameter_of_the_schema_reaches_the_hooks(self):
        tables = {'linkedSource': [plugin_runner.LINKED, plugin_runner.LINKED_SECRETS],
                  'virtualSource': [plugin_runner.VIRTUAL, plugin_runner.VIRTUAL_SECRETS]}
        by_hand = {'mountPath', 'stagingBasedir', 'mPath', 'config_settings_prov'}
        for kind, parts in tables.items():
            mapped = {name for table in [plugin_runner.COMMON, *parts] for name in table}
            self.assertEqual(set(definition(kind)['properties']) - by_hand, mapped, kind)

    def test_the_readme_maps_every_field_that_the_user_enters(self):
        readme = (HOOKS / 'README.md').read_text(encoding='utf-8')
        mentioned = set(re.findall(r'`(\w+)`', readme))
        for kind in ('linkedSource', 'virtualSource', 'snapshotParameters'):
            self.assertLessEqual(set(definition(kind)['properties']), mentioned)

    def test_the_readme_maps_every_field_and_variable_of_the_archived_plugin(self):
        readme = (HOOKS / 'README.md').read_text(encoding='utf-8')
        mentioned = set(re.findall(r'`(\w+)`', readme))
        for kind, fields in ARCHIVED.items():
            self.assertEqual(set(fields.split()) - mentioned, set(), kind)
        for operations, names in ARCHIVED_VARIABLES.items():
            self.assertEqual(set(names.split()) - mentioned, set(), operations)

    def test_every_variable_of_the_archived_plugin_is_a_parameter_or_told_as_not_needed(self):
        readme = (HOOKS / 'README.md').read_text(encoding='utf-8')
        reference = (TREE / 'config/README.md').read_text(encoding='utf-8')
        not_needed = set(re.findall(r'`(\w+)`', re.search(r'Accepted and not needed: (.*?)\.\n', readme, re.S)[1]))
        every = {name for names in ARCHIVED_VARIABLES.values() for name in names.split()} - {'DLPX_BIN'}
        parameters = {name for name in every if f'`{name}`' in reference}
        self.assertEqual(every - parameters, not_needed)


if __name__ == '__main__':
    unittest.main()
