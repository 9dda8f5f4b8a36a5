class UserError(Exception):
    def __init__(self, message, action='', output=''):
        super().__init__(message, action, output)
        if not all(isinstance(part, str) for part in (message, action, output)):
            raise TypeError(f'a UserError holds text, not {self.args!r}')
        if sum(len(part.encode()) for part in self.args) > 128 * 1024:
            raise ValueError('a UserError is at most 128 KiB')

    message = property(lambda self: self.args[0])
    action = property(lambda self: self.args[1])
    output = property(lambda self: self.args[2])
