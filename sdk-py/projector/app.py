"""What componentize-py looks for in a component of the world `projector`."""

import annals
import handler  # noqa: F401  exports itself
from wit_world import exports
from wit_world.exports import projectors as wit
from wit_world.imports import types

table = annals.exported(annals.Projector)


class Projectors(exports.Projectors):
    def describe(self):
        return table.describe()

    def keys(self, projector, events):
        return table.keys(events)

    def project(self, projector, events, rows, needed):
        needs, changes = table.project(events, rows, needed)
        if needs:
            return wit.Projection_Needs(needs)
        return wit.Projection_Changes([wit.ChangedRow(change(row), event) for row, event in changes])


def change(row):
    return wit.RowChange_Put(row) if isinstance(row, types.Row) else wit.RowChange_Remove(row)
