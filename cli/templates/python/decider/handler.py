"""A decider: decides on commands, based on the earlier events of a stream."""

from dataclasses import dataclass
from typing import Optional, Union

from annals import Context, Decider, Rejected, export

# The commands.


@dataclass
class Create{{Name}}:
    id: str
    title: str


@dataclass
class Rename{{Name}}:
    id: str
    title: str


# The events.


@dataclass
class {{Name}}Created:
    id: str
    title: str


@dataclass
class {{Name}}Renamed:
    id: str
    title: str


class {{Name}}Decider(Decider[Optional[str]]):
    """The state of a stream is its title, or None before it is created."""

    name = "{{name}}"
    category = "{{snake}}"
    commands = [Create{{Name}}, Rename{{Name}}]
    events = [{{Name}}Created, {{Name}}Renamed]

    def initial(self) -> Optional[str]:
        return None

    def stream_id(self, command: Union[Create{{Name}}, Rename{{Name}}]) -> str:
        return command.id

    def evolve(self, state: Optional[str], event: Union[{{Name}}Created, {{Name}}Renamed]) -> Optional[str]:
        return event.title

    def decide(self, state: Optional[str], command: Union[Create{{Name}}, Rename{{Name}}], context: Context):
        match command:
            case Create{{Name}}(id, title):
                if state is not None:
                    raise Rejected("{{name}}-exists", f"{id} exists", {"id": id})
                if not title.strip():
                    raise Rejected("title-empty")
                return {{Name}}Created(id, title)
            case Rename{{Name}}(id, title):
                if state is None:
                    raise Rejected("{{name}}-not-created")
                if not title.strip():
                    raise Rejected("title-empty")
                if title == state:
                    return None
                return {{Name}}Renamed(id, title)


export({{Name}}Decider)
