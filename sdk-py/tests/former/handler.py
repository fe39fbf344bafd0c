"""A handler that uses former names of the SDK. Nobody runs it."""

from annals import About, Projector


class Balances(Projector):
    def touches(self, event, about: About):
        return []
