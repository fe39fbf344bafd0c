"""The resource `session`, where componentize-py looks for it."""

from annals import SessionOf


class Session(SessionOf):
    pass
