"""Maintains the view `{{name}}`: a row for each subject, with its number of events."""

from dataclasses import dataclass
from typing import Optional

from annals import EventMetadata, Projector, export


@dataclass
class {{Event}}:
    """An event that the projector folds. Declare the fields that you need, such as `title: str`; others are ignored."""{{EventType}}


@dataclass
class Row:
    events: int
    last: int


class {{Name}}Projector(Projector[Row]):
    name = "{{name}}"
    view = "{{name}}"
    events = [{{Event}}]
    row = Row

    def keys(self, event: {{Event}}, metadata: EventMetadata) -> list[str]:
        # The keys of the rows that an event changes: here the event's subject, `1` for the stream `account-1`.
        return [metadata.subject]

    def fold(self, row: Optional[Row], key: str, event: {{Event}}, metadata: EventMetadata) -> Optional[Row]:
        # Returns the new row. `None` stands for a row that does not exist; returning it deletes the row.
        return Row((row.events if row else 0) + 1, metadata.recorded_at)


export({{Name}}Projector)
