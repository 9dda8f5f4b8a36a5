"""Classes made from schema.json, with what matters of those that `dvp build` generates: attributes in snake case, None for what
is not given, the schema's default even then, required attributes never None, unknown names left out, JSON names in to_dict."""
import json
import re
from pathlib import Path

_SCHEMA = json.loads((Path(__file__).resolve().parents[5] / 'hooks/plugin/schema.json').read_text(encoding='utf-8'))
_TYPES = {'string': str, 'boolean': bool, 'integer': int, 'array': list, 'object': dict}


def _attribute(name):
    return re.sub('([A-Z])', r'_\1', name).lower()


class _Model:
    _schema = {}

    def __init__(self, validate=True, **values):
        for name, property_ in self._schema['properties'].items():
            value = values.pop(_attribute(name), property_.get('default'))
            if value is not None or validate:
                self._set(name, value)
        if values:
            raise TypeError(f'{type(self).__name__} has no {sorted(values)}')

    def _set(self, name, value):
        property_ = self._schema['properties'][name]
        if value is None and name in self._schema.get('required', []):
            raise ValueError(f'{name} is required')
        if value is not None and not isinstance(value, _TYPES[property_['type']]):
            raise TypeError(f'{name} is {value!r}')
        if value is not None and value not in property_.get('enum', [value]):
            raise ValueError(f'{name} is {value!r}')
        vars(self)[_attribute(name)] = value

    def __getattr__(self, attribute):
        if attribute in [_attribute(name) for name in self._schema['properties']]:
            return None
        raise AttributeError(attribute)

    @classmethod
    def from_dict(cls, given):
        model = cls(validate=False)
        for name in cls._schema['properties']:
            if name in given:
                model._set(name, given[name])
        return model

    def to_dict(self):
        named = {name: getattr(self, _attribute(name)) for name in self._schema['properties']}
        return {name: value for name, value in named.items() if value is not None}


def _model(name):
    # Swagger names classes in Pascal case.
    return type(name[0].upper() + name[1:], (_Model,), {'_schema': _SCHEMA[name]})


RepositoryDefinition = _model('repositoryDefinition')
SourceConfigDefinition = _model('sourceConfigDefinition')
LinkedSourceDefinition = _model('linkedSourceDefinition')
VirtualSourceDefinition = _model('virtualSourceDefinition')
SnapshotDefinition = _model('snapshotDefinition')
SnapshotParametersDefinition = _model('snapshotParametersDefinition')
