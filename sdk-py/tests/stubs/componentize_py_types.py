"""In place of componentize-py's module of this name."""


class Err(Exception):
    pass
