"""What componentize-py looks for in a component of the world `decider`."""

import annals
import handler  # noqa: F401  exports itself
import deciders  # noqa: F401  the resource `session`, which is looked for in a module of this name
from wit_world import exports

table = annals.exported(annals.Decider)


class Deciders(exports.Deciders):
    def describe(self):
        return table.describe()

    def stream_id(self, decider, c):
        return table.stream_id(c)
