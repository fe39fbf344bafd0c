"""What componentize-py looks for in a component of the world `projector`."""

import annals
import handler  # noqa: F401  exports itself
from wit_world import exports

table = annals.exported(annals.Projector)


class Projectors(exports.Projectors):
    def describe(self):
        return table.describe()

    def touches(self, projector, e):
        return table.touches(e)

    def project(self, projector, e, rows):
        return table.project(e, rows)
