"""In place of the contract's types: a record of any name keeps its class's name and its fields."""


class _Record:
    def __init__(self, *given, **named):
        self.given, self.named = given, named


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    return type(name, (_Record,), {})
