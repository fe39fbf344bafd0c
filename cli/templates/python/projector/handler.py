"""Keeps the view `{{name}}`: a row for each subject, with how many events there were."""

from dataclasses import dataclass
from typing import Optional

from annals import EventMetadata, Projector, export


@dataclass
class {{Event}}:
    """An event that is folded. Name the fields that you need, such as `title: str`; others are passed over."""{{EventType}}


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
        # The keys of the rows that it changes: here the subject, `1` for the stream `account-1`.
        return [metadata.subject]

    def fold(self, row: Optional[Row], key: str, event: {{Event}}, metadata: EventMetadata) -> Optional[Row]:
        # `None` is no row: there was none yet, there is none from now on.
        return Row((row.events if row else 0) + 1, metadata.recorded_at)


export({{Name}}Projector)
