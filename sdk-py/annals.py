"""Handlers of Annals in Python: `Decider` and `Projector`.

You write dataclasses and a class of plain methods. This module does what is left: it is the interface
`annals:es/deciders` (or `projectors`), and reads and writes payloads exactly as the Rust SDK does.

    @dataclass
    class OpenAccount:
        account: str
        deposit: int

    class Account(Decider[bool]):
        category = "account"
        commands = [OpenAccount]
        events = [AccountOpened]
        ..

    export(Account)

Handlers are pure: what they answer depends on their arguments alone. There are no clocks, no randomness, no
files, no environment and no network in them; using one fails with a message that says what to use instead.

Commands and events are dataclasses. The type of a command or event is the name of its class, or its class
variable `type_name`; an event whose payload has changed has `schema_version: ClassVar[int] = 2`. Fields are
`str`, `int` (64 bits), `float`, `bool`, `Any` (any JSON), other dataclasses, `list[T]`, `dict[str, T]`, and
`Optional[T] = None`, which may be left out, and for which `null` is as good as left out. What does not fit is
malformed, and never rounded or converted.

A field of an event that is marked becomes a tag of the event, `name:value`, by which readers of the log can filter:

    @dataclass
    class Deposited:
        account: Annotated[str, tag]              # the tag `account:42`
        payers: Annotated[list[str], tag("payer")]   # a tag for each
        amount: int
"""

from __future__ import annotations

import copy
import dataclasses
import json
import os
import random
import re
import sys
import types as _types
import typing
import warnings
from dataclasses import dataclass, field
from typing import Annotated, Any, Callable, ClassVar, Generic, Iterable, NoReturn, Optional, Sequence, TypeVar, Union

from componentize_py_types import Err
from wit_world.imports import types as wit

S = TypeVar("S")
R = TypeVar("R")

# ---- what is not there ---------------------------------------------------------------------------------------

_CHANCE = "Randomness is an argument: a decision has `context.seed` and `context.random()`."
_OUTSIDE = "Let a notifier do it, or have it in the command."
_self = "this handler"


class Impure(BaseException):
    """Something that a pure handler must not use. Not an `Exception`: it is nothing to recover from."""


def _forbid(what: str, remedy: str) -> Callable[..., NoReturn]:
    def forbidden(*_: Any, **__: Any) -> NoReturn:
        raise Impure(f"{_self}: {what} is not there: handlers are pure. {remedy}")

    return forbidden


class _NoEnvironment(dict):  # type: ignore[type-arg]
    """In place of `os.environ`: an empty one would look as if the variable were not set."""

    #: The runtime goes through it while the component is built, and may.
    locked: ClassVar[bool] = False

    def __getattribute__(self, name: str) -> Any:
        if _NoEnvironment.locked and name in ("get", "keys", "values", "items", "copy", "pop", "setdefault", "update"):
            self._forbidden()
        return super().__getattribute__(name)

    def _forbidden(self) -> None:
        if _NoEnvironment.locked:
            _forbid("the environment", _OUTSIDE)()

    def __getitem__(self, key: str) -> str:
        self._forbidden()
        return str(super().__getitem__(key))

    def __contains__(self, key: object) -> bool:
        self._forbidden()
        return super().__contains__(key)

    def __iter__(self) -> Any:
        self._forbidden()
        return super().__iter__()


def _purify() -> None:
    """Takes away what the runtime would answer with a constant.

    Clocks, files and sockets are not here: the sandbox that each handler is composed with stops them, whatever
    way they are come to. But it cannot tell who asks for the environment, for the runtime does so at every start;
    nor who asks for 16 random bytes, for runtimes begin their hash maps with as many, and `uuid4()` asks for them, too.
    And the generator behind `random.random()` was seeded when the component was built: it would give the same
    numbers to every instance.
    """
    seed_with = random.seed
    os.urandom = random._urandom = _forbid("`os.urandom`", _CHANCE)  # type: ignore[attr-defined, assignment]
    for name in random.__all__:
        if getattr(getattr(random, name), "__self__", None) is random._inst:  # type: ignore[attr-defined]
            remedy = f"{_CHANCE} `random.Random(context.seed)` has all methods."
            setattr(random, name, _forbid(f"`random.{name}`", remedy))
    forbidden = random.seed

    def seed(*arguments: Any) -> None:
        # The runtime seeds it at every start. The sandbox gives it constant bytes for that, once: they must be drawn
        # here, or a handler's own `random.Random()` would get them, and be no wish for randomness.
        (forbidden if _NoEnvironment.locked else seed_with)(*arguments)

    random.seed = seed  # type: ignore[assignment]
    os.environ = _NoEnvironment(os.environ)  # type: ignore[assignment, arg-type]


def _serve() -> None:
    """From the first call on: building is over."""
    _NoEnvironment.locked = True
    # A traceback with source lines would look for the files, and come to its end in the sandbox.
    sys.tracebacklimit = 0


class _Wrong(Exception):
    """What a handler answered that it must not. Says all that there is to say."""


def _told(error: BaseException) -> str:
    if isinstance(error, _Wrong):
        return str(error)
    if isinstance(error, Impure):
        return str(error).removeprefix(f"{_self}: ")
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


# ---- shapes --------------------------------------------------------------------------------------------------


class _Unfit(Exception):
    """What does not have the shape that it should have."""

    def __init__(self, message: str, at: Optional[str] = None) -> None:
        super().__init__(message)
        self.path: list[Union[str, int]] = []
        self.at = at

    @property
    def place(self) -> Optional[str]:
        return self.at or (f"field {self.field}" if self.path else None)

    @property
    def field(self) -> str:
        steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.path)
        return "".join(steps).removeprefix(".")


def _shown(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return f"boolean `{json.dumps(value)}`"
    if isinstance(value, str):
        return f"string {json.dumps(value, ensure_ascii=False)}"
    if isinstance(value, int):
        return f"integer `{value}`"
    if isinstance(value, float):
        return f"number `{value!r}`"
    return {list: "an array", dict: "an object"}.get(type(value), f"a {type(value).__name__}")


def _wrong(value: Any, expected: str) -> _Unfit:
    return _Unfit(f"invalid type: {_shown(value)}, expected {expected}")


@dataclass(frozen=True)
class _Shape:
    """Reads what a payload holds, as `json` gives it, and makes what `json` writes into one."""

    read: Callable[[Any], Any]
    write: Callable[[Any], Any]
    optional: bool = False
    #: How a field of this shape can be a tag: by one value, or by many.
    tags: Optional[str] = None


_ONE, _MANY = "one", "many"


def _scalar(kind: type, expected: str, check: Callable[[Any], bool] = lambda _: True) -> _Shape:
    """A shape whose values are the same in a payload."""

    def same(value: Any) -> Any:
        # A boolean is an int to Python, and not to JSON.
        if type(value) is not kind or not check(value):
            raise _wrong(value, expected)
        return value

    return _Shape(same, same, tags=_ONE)


def _well_formed(text: str) -> bool:
    return not any("\ud800" <= char <= "\udfff" for char in text)


def _text(value: Any) -> str:
    if type(value) is not str:
        raise _wrong(value, "a string")
    if not _well_formed(value):
        raise _Unfit("lone surrogate in a string")
    return value


def _float(value: Any) -> float:
    if type(value) is int and abs(value) > 2**53:
        raise _wrong(value, "a number that a float holds exactly")
    if type(value) not in (int, float) or value != value or value in (float("inf"), float("-inf")):
        raise _wrong(value, "a finite number")
    return float(value)


def _any(value: Any) -> Any:
    if type(value) is str:
        return _text(value)
    if type(value) is int:
        return _INT.read(value)
    if type(value) is float:
        return _float(value)
    if type(value) is list:
        return [_within(i, _any, one) for i, one in enumerate(value)]
    if type(value) is dict:
        return {_text(key): _within(key, _any, one) for key, one in value.items()}
    if value is None or type(value) is bool:
        return value
    raise _wrong(value, "JSON")


_TEXT = _Shape(_text, _text, tags=_ONE)
_INT = _scalar(int, "an integer of 64 bits", lambda value: -(2**63) <= value < 2**63)
_BOOL = _scalar(bool, "a boolean")
_FLOAT = _Shape(_float, _float)
_ANY = _Shape(_any, _any)


def _within(step: Union[str, int], f: Callable[[Any], Any], value: Any) -> Any:
    try:
        return f(value)
    except _Unfit as unfit:
        unfit.path.insert(0, step)
        raise


def _list(item: _Shape) -> _Shape:
    def each(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def run(value: Any) -> Any:
            if not isinstance(value, (list, tuple)):
                raise _wrong(value, "an array")
            return [_within(i, f, one) for i, one in enumerate(value)]

        return run

    return _Shape(each(item.read), each(item.write), tags=_MANY if item.tags == _ONE else None)


def _dict(item: _Shape) -> _Shape:
    def each(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def run(value: Any) -> Any:
            if not isinstance(value, dict):
                raise _wrong(value, "an object")
            return {_text(key): _within(key, f, one) for key, one in value.items()}

        return run

    return _Shape(each(item.read), each(item.write))


class tag:
    """Marks a field of an event as a tag: `Annotated[str, tag]`, or `Annotated[str, tag("name")]` for another name."""

    def __init__(self, name: Optional[str] = None) -> None:
        self.name = name


_TAG_NAME = re.compile(r"[^:\s\x00-\x1f\x7f-\x9f]+")


_NOT_WITHIN = "`tag` marks a field of an event, not what is within a field"


def _mark(hint: Any) -> Optional[tag]:
    if typing.get_origin(hint) is not Annotated:
        return None
    for one in typing.get_args(hint)[1:]:
        if one is tag:
            return tag()
        if isinstance(one, tag):
            return one
    return None


def _marked_within(hint: Any) -> bool:
    if _mark(hint) is not None:
        return True
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return any(map(_marked_within, typing.get_type_hints(hint, include_extras=True).values()))
    return any(map(_marked_within, typing.get_args(hint)))


def _tags(cls: type) -> list[tuple[str, str]]:
    """The fields that are tags, and the names of these."""
    hints = typing.get_type_hints(cls, include_extras=True)
    tags = []
    for one in dataclasses.fields(cls):
        hint, where = hints[one.name], f"{cls.__name__}.{one.name}"
        mark = _mark(hint)
        bare = typing.get_args(hint)[0] if typing.get_origin(hint) is Annotated else hint
        if _marked_within(bare):
            raise TypeError(f"{where}: {_NOT_WITHIN}")
        if mark is None:
            continue
        name = one.name if mark.name is None else mark.name
        if not _TAG_NAME.fullmatch(name):
            raise TypeError(f"{where}: the name of a tag has at least one character, and no `:` or space: a tag is written name:value")
        if _shape(bare, where).tags is None:
            raise TypeError(f"{where}: `tag` marks a str, a bool, an int, or a list of them, which may be Optional")
        tags.append((one.name, name))
    return tags


def _tag_text(value: Any) -> str:
    return json.dumps(value) if isinstance(value, bool) else str(value)


def _tags_of(tags: list[tuple[str, str]], written: dict[str, Any]) -> list[str]:
    """The tags of an event whose fields are written already."""
    made = []
    for field_name, name in tags:
        value = written.get(field_name)
        values = value if isinstance(value, list) else [value]
        made += [f"{name}:{_tag_text(one)}" for one in values if one is not None]
    return made


def _object(cls: type) -> _Shape:
    """A dataclass. Reads its fields and passes over others, as serde does; writes in the order of the fields."""
    # Without marks: `_tags` reads those of events, and elsewhere they mean nothing.
    hints = typing.get_type_hints(cls)
    fields = []
    for one in dataclasses.fields(cls):
        shape = _shape(hints[one.name], f"{cls.__name__}.{one.name}")
        default = one.default is not dataclasses.MISSING or one.default_factory is not dataclasses.MISSING
        if shape.optional and default and one.default is not None:
            # `null`, `None` and a field that is left out are the same: with this default, they would be two things.
            raise TypeError(
                f"{cls.__name__}.{one.name}: an Optional field has the default None or none; for another one, leave out `Optional`"
            )
        fields.append((one.name, shape, default))

    def read(value: Any) -> Any:
        if not isinstance(value, dict):
            raise _wrong(value, "an object")
        given = {}
        for name, shape, default in fields:
            if name in value:
                given[name] = _within(name, shape.read, value[name])
            elif shape.optional and not default:
                given[name] = None
            elif not default:
                raise _Unfit(f"missing field `{name}`")
        return cls(**given)

    def write(value: Any) -> Any:
        if type(value) is not cls:
            raise _wrong(value, f"a {cls.__name__}")
        written = {}
        for name, shape, _ in fields:
            one = getattr(value, name)
            if not (shape.optional and one is None):
                written[name] = _within(name, shape.write, one)
        return written

    return _Shape(read, write)


def _optional(of: _Shape) -> _Shape:
    def run(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
        return lambda value: None if value is None else f(value)

    return _Shape(run(of.read), run(of.write), optional=True, tags=of.tags)


def _shape(hint: Any, where: str) -> _Shape:
    simple = {str: _TEXT, int: _INT, bool: _BOOL, float: _FLOAT, Any: _ANY}
    if isinstance(hint, typing.Hashable) and hint in simple:
        return simple[hint]
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return _object(hint)
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is list:
        return _list(_shape(arguments[0], where))
    if origin is dict and arguments[0] is str:
        return _dict(_shape(arguments[1], where))
    if origin in (Union, _types.UnionType) and len(arguments) == 2 and type(None) in arguments:
        return _optional(_shape(next(one for one in arguments if one is not type(None)), where))
    raise TypeError(
        f"{where}: {hint} cannot be a field of a payload; use str, int, float, bool, Any, a dataclass, "
        "list[T], dict[str, T] or Optional[T]"
    )


# ---- payloads ------------------------------------------------------------------------------------------------

_CONTENT_TYPE = "application/json"


def _is_json(content_type: str) -> bool:
    essence = content_type.split(";")[0].strip().lower()
    return essence in ("", _CONTENT_TYPE) or len(essence) > 5 and essence.endswith("+json")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read = dict(pairs)
    if len(read) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _Unfit(f"duplicate field `{twice}`")
    return read


def _no_constant(name: str) -> NoReturn:
    raise _Unfit(f"{name} is not JSON")


def _integer(digits: str) -> int:
    # Python refuses to convert very long ones; no field takes more than 64 bits.
    return int(digits) if len(digits) <= 32 else 1 << 127


_decoder = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_no_constant, parse_int=_integer)


def _parse(payload: bytes) -> Any:
    try:
        text = payload.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _Unfit(f"the payload is not UTF-8: byte {error.start}") from None
    try:
        return _decoder.decode(text)
    except json.JSONDecodeError as error:
        raise _Unfit(error.msg, at=f"line {error.lineno} column {error.colno}") from None
    except RecursionError:
        raise _Unfit("recursion limit exceeded") from None


def _encode(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode("utf-8")


class _Types:
    """Commands or events: dataclasses by their type's name."""

    def __init__(self, what: str, classes: Sequence[type]) -> None:
        self.by_name: dict[str, tuple[type, _Shape, int]] = {}
        self.tags: dict[str, list[tuple[str, str]]] = {}
        self.by_class: dict[type, str] = {}
        for cls in classes:
            if not (isinstance(cls, type) and dataclasses.is_dataclass(cls)):
                raise TypeError(f"`{what}` lists {cls!r}, which is not a dataclass")
            name = getattr(cls, "type_name", cls.__name__)
            if name in self.by_name:
                raise TypeError(f"`{what}` lists two types named {name}")
            self.by_name[name] = (cls, _object(cls), getattr(cls, "schema_version", 1))
            self.tags[name] = _tags(cls) if what == "events" else []
            self.by_class[cls] = name

    @property
    def names(self) -> list[str]:
        return list(self.by_name)

    def schemas(self) -> list[wit.EventSchema]:
        """The newest schema versions that are known here."""
        return [wit.EventSchema(name, version, None) for name, (_, _, version) in self.by_name.items()]

    def read_event(self, recorded: Any) -> Any:
        """The event that is recorded, or nothing if it is of a type that is not listed."""
        if recorded.event_type not in self.by_name:
            return None
        _, shape, newest = self.by_name[recorded.event_type]
        if recorded.schema_version > newest:
            raise _Wrong(f"the newest schema known here is {newest}")
        if not _is_json(recorded.content_type):
            raise _Wrong(f'cannot read "{recorded.content_type}"')
        try:
            return shape.read(_parse(recorded.payload))
        except _Unfit as unfit:
            raise _Wrong(f"{unfit} at {unfit.place}" if unfit.place else str(unfit)) from None


# ---- names ---------------------------------------------------------------------------------------------------

_CATEGORY = re.compile(r"[a-z][a-z0-9_]{0,125}")
_VIEW = re.compile(r"[a-z][a-z0-9_-]{0,63}")
_CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_MAX_STREAM = 128
_MAX_KEY = 1024


def _kebab(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-", name).replace("_", "-").lower()


def _stream_name(category: str, subject: Any) -> str:
    """The stream of a subject. Its id is all that a decider says of it, so it stays in its category."""
    if type(subject) is not str:
        raise _Wrong(f"`stream_id` answers {_shown(subject)}, and must answer a str")
    if subject == "":
        raise _Unfit(f"the id of the {category} is empty")
    if not _well_formed(subject):
        raise _Unfit(f"the id of the {category} contains a lone surrogate")
    if _CONTROL.search(subject):
        raise _Unfit(f"the id of the {category} contains a control character")
    size, room = len(subject.encode()), _MAX_STREAM - len(category) - 1
    if size > room:
        raise _Unfit(f"the id of the {category} has {size} bytes, more than {room}")
    return f"{category}-{subject}"


# ---- deciders ------------------------------------------------------------------------------------------------


class Rejected(Exception):
    """The domain says no: `raise Rejected("account-exists", "account 42 exists", {"account": "42"})`.

    `code` is kebab-case and stable: callers branch on it. `message` is for people; left out: the code in
    words. `details` is JSON for programs.
    """

    def __init__(self, code: str, message: Optional[str] = None, details: Any = None) -> None:
        if not _CODE.fullmatch(code):
            raise TypeError(f"the code of a rejection is kebab-case, not {code!r}")
        super().__init__(message if message is not None else code.replace("-", " "))
        self.code = code
        self.details = details


@dataclass
class Decision:
    """Events to append, all or none. `close`: these are the last events of the stream."""

    events: list[Any] = field(default_factory=list)
    close: bool = False


class Random:
    """A sequence of random numbers that its seed determines: SplitMix64, as in the Rust SDK. Useless for secrets."""

    def __init__(self, seed: int) -> None:
        self._state = seed

    def next(self) -> int:
        """The next 64 random bits."""
        mask = (1 << 64) - 1
        self._state = (self._state + 0x9E3779B97F4A7C15) & mask
        z = self._state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
        return z ^ (z >> 31)

    def below(self, bound: int) -> int:
        """A number from 0 up to, not including, `bound`."""
        return (self.next() * bound) >> 64

    def id(self) -> str:
        """An id of 32 hexadecimal digits."""
        return f"{self.next():016x}{self.next():016x}"


@dataclass(frozen=True)
class Context:
    """The facts that a decision may use beside its state and its command."""

    #: Milliseconds since 1970-01-01T00:00:00Z.
    now: int
    #: 64 bits of randomness, fixed for one decision.
    seed: int
    #: The id of the command. The same id takes effect once.
    command_id: str
    #: Who asked for it, as the caller said.
    actor: Optional[str]
    #: Extension attributes of CloudEvents that came with the command: names and values.
    extensions: list[tuple[str, str]] = field(default_factory=list)

    def random(self) -> Random:
        """Random numbers of this decision: the same sequence each time that it is called."""
        return Random(self.seed)


class Decider(Generic[S]):
    """Decides on the commands about one subject, from what happened to that subject.

    `S` is the state: JSON (str, int, bool, None, lists, dicts), or a dataclass, which `state` then names.
    """

    #: Name within the application; left out: the class's name in kebab-case.
    name: ClassVar[str] = ""
    #: Version of the handler's code, for people.
    version: ClassVar[str] = "0.1.0"
    #: Category of the streams, `[a-z][a-z0-9_]*`. The stream of a subject is `category-id`.
    category: ClassVar[str]
    #: The commands that it handles, dataclasses.
    commands: ClassVar[Sequence[type]]
    #: The events that it folds and emits, dataclasses. Events of the stream of other types are passed over.
    events: ClassVar[Sequence[type]]
    #: The events that it emits; left out: all of `events`.
    emits: ClassVar[Optional[Sequence[type]]] = None
    #: What a command demands of its stream: "any", "no-stream" or "stream-exists"; left out: nothing.
    preconditions: ClassVar[dict[type, str]] = {}
    #: The commands that process managers alone may send.
    internal: ClassVar[Sequence[type]] = ()
    #: The state's dataclass, if it is one.
    state: ClassVar[Optional[type]] = None
    #: Take a snapshot of the state every so many events; 0: never.
    snapshot_every: ClassVar[int] = 0
    #: 0: a snapshot is used only by the very component that took it. A version from 1 on vouches for its snapshots,
    #: whatever else in the component changes: raise it whenever the state or `evolve` changes.
    state_version: ClassVar[int] = 0

    def initial(self) -> S:
        """The state of a subject to which nothing has happened."""
        raise NotImplementedError

    def stream_id(self, command: Any) -> str:
        """The id of the subject that a command is about."""
        raise NotImplementedError

    def evolve(self, state: S, event: Any) -> S:
        """The state after an event. Facts cannot be refused: this must accept every event."""
        raise NotImplementedError

    def decide(self, state: S, command: Any, context: Context) -> Union[Decision, Iterable[Any], Any]:
        """Decides: an event, a list of events, `None` for nothing, or a `Decision`; says no by `raise Rejected(..)`."""
        raise NotImplementedError


class _DeciderTable:
    """A decider behind the interface `annals:es/deciders`."""

    def __init__(self, cls: type[Decider[Any]]) -> None:
        self.decider = cls()
        self.name = cls.name or _kebab(cls.__name__)
        self.who = f"the decider {self.name}"
        if not _CATEGORY.fullmatch(cls.category):
            raise TypeError("`category` must be a lower-case letter followed by lower-case letters, digits or `_`")
        self.commands = _Types("commands", cls.commands)
        self.events = _Types("events", cls.events)
        for event in cls.emits or ():
            if event not in self.events.by_class:
                raise TypeError(f"`emits` lists {event.__name__}, which `events` does not have")
        for command in cls.internal:
            if command not in self.commands.by_class:
                raise TypeError(f"`internal` lists {command.__name__}, which `commands` does not have")
        self.emits = [self.events.by_class[event] for event in (cls.emits or cls.events)]
        self.state = _ANY if cls.state is None else _object(cls.state)

    def describe(self) -> list[wit.DeciderDescriptor]:
        _serve()
        decider = self.decider
        preconditions = {"any": wit.Precondition_Any, "no-stream": wit.Precondition_NoStream, "stream-exists": wit.Precondition_StreamExists}
        return [
            wit.DeciderDescriptor(
                name=self.name,
                version=decider.version,
                category=decider.category,
                commands=[
                    wit.CommandSpec(name, preconditions[decider.preconditions.get(cls, "any")](), None, cls in decider.internal)
                    for name, (cls, _, _) in self.commands.by_name.items()
                ],
                emits=self.emits,
                folds=self.events.names,
                snapshot_every=decider.snapshot_every,
                state_version=decider.state_version,
                schemas=self.events.schemas(),
                annotations=[],
            )
        ]

    def failed(self, message: str) -> Err[Any]:
        return Err(wit.DecideError_Failed(wit.Fault(message)))

    def read_command(self, command: wit.Command) -> Any:
        known = self.commands.by_name.get(command.command_type)
        if known is None:
            raise self.failed(f"{self.who} has no command {command.command_type}")
        try:
            if not _is_json(command.content_type):
                raise _Unfit(f"{command.command_type} is sent as {_CONTENT_TYPE}, not as {command.content_type}")
            return known[1].read(_parse(command.payload))
        except _Unfit as unfit:
            raise Err(wit.DecideError_Malformed(wit.Malformed(str(unfit), unfit.place))) from None
        except (Exception, Impure) as error:
            # A dataclass may check its fields in `__post_init__`.
            if isinstance(error, (ValueError, TypeError)):
                raise Err(wit.DecideError_Malformed(wit.Malformed(str(error), None))) from None
            raise self.failed(f"{self.who}: {_told(error)}") from None

    def stream_id(self, command: wit.Command) -> str:
        _serve()
        read = self.read_command(command)
        try:
            subject = self.decider.stream_id(read)
        except (Exception, Impure) as error:
            raise self.failed(f"{self.who}: {_told(error)}") from None
        try:
            return _stream_name(self.decider.category, subject)
        except _Unfit as unfit:
            raise Err(wit.DecideError_Malformed(wit.Malformed(str(unfit), None))) from None
        except _Wrong as error:
            raise self.failed(f"{self.who}: {error}") from None

    def decide(self, state: Any, command: wit.Command, given: wit.Context) -> wit.Decision:
        read = self.read_command(command)
        context = Context(given.now, given.seed, command.id, given.actor, list(given.extensions))
        try:
            answer = self.decider.decide(state, read, context)
            decision = answer if isinstance(answer, Decision) else Decision(self.listed(answer))
            if decision.close and not decision.events:
                raise _Wrong("a decision without events cannot close its stream")
            return wit.Decision([self.write_event(event) for event in decision.events], decision.close)
        except Rejected as no:
            try:
                details = None if no.details is None else _encode(_any(no.details)).decode()
            except _Unfit as unfit:
                raise self.failed(f"{self.who}: the details of {no.code} are no JSON: {unfit}") from None
            raise Err(wit.DecideError_Rejected(wit.Rejection(no.code, str(no), details))) from None
        except (Exception, Impure) as error:
            raise self.failed(f"{self.who}: {_told(error)}") from None

    def listed(self, answer: Any) -> list[Any]:
        if answer is None:
            return []
        return [answer] if type(answer) in self.events.by_class else list(answer)

    def write_event(self, event: Any) -> wit.NewEvent:
        name = self.events.by_class.get(type(event))
        if name is None:
            raise _Wrong(f"`decide` answers {_shown(event)}, which `events` does not list")
        if name not in self.emits:
            raise _Wrong(f"{name} is not among its `emits`")
        _, shape, version = self.events.by_name[name]
        try:
            written = shape.write(event)
            payload = _encode(written)
        except _Unfit as unfit:
            raise _Wrong(f"{name} cannot be encoded: {unfit}" + (f" at {unfit.place}" if unfit.place else "")) from None
        return wit.NewEvent(name, version, _CONTENT_TYPE, payload, _tags_of(self.events.tags[name], written))


class SessionOf:
    """One decider's state for one stream: the resource `session`."""

    def __init__(self, decider: int) -> None:
        _serve()
        # Set once an event could not be folded: the state lacks it then, and must not be used.
        self.broken: Optional[str] = None
        try:
            # A copy: what `initial` answers may be one object for all streams, and `evolve` may change its state.
            self.state = copy.deepcopy(_deciders().decider.initial())
        except (Exception, Impure) as error:
            self.broken = f"{_deciders().who}: {_told(error)}"

    @classmethod
    def restore(cls, decider: int, state: bytes) -> "SessionOf":
        session = cls(decider)
        try:
            session.state = _deciders().state.read(_parse(state))
        except (Exception, Impure) as error:
            raise Err(wit.Fault(f"snapshot of {_deciders().who}: {_told(error)}")) from None
        return session

    def evolve(self, events: list[wit.Event]) -> None:
        self.fold(events)
        if self.broken is not None:
            raise Err(wit.Fault(self.broken))

    def fold(self, events: list[wit.Event]) -> None:
        table = _deciders()
        for recorded in events:
            if self.broken is not None:
                break
            try:
                event = table.events.read_event(recorded)
                if event is None:
                    continue
                after = table.decider.evolve(self.state, event)
                # A copy, for the same reason.
                self.state = after if after is self.state else copy.deepcopy(after)
            except (Exception, Impure) as error:
                self.broken = (
                    f"{table.who} cannot fold {recorded.event_type} (schema {recorded.schema_version}) "
                    f"at version {recorded.version}: {_told(error)}"
                )

    def decide(self, events: list[wit.Event], command: wit.Command, context: wit.Context) -> wit.Decision:
        self.fold(events)
        if self.broken is not None:
            raise _deciders().failed(self.broken)
        # A copy: a session outlives its decisions, and none of them may change it.
        return _deciders().decide(copy.deepcopy(self.state), command, context)

    def snapshot(self) -> Optional[bytes]:
        if self.broken is not None:
            return None
        try:
            return _encode(_deciders().state.write(self.state))
        except _Unfit:
            # Not JSON: there is no snapshot then, and everything is folded anew.
            return None


# ---- projectors ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class EventMetadata:
    """What is recorded with an event."""

    event_id: str
    #: The stream, such as `account-42`.
    stream: str
    #: Version of the stream that this event made, from 1.
    version: int
    #: Place of the event in the order of the whole log.
    position: int
    #: Milliseconds since 1970-01-01T00:00:00Z.
    recorded_at: int
    command_id: str
    command_type: str
    correlation_id: str
    causation_id: str
    actor: Optional[str]
    traceparent: Optional[str]
    #: What the event is about, such as `account:42`.
    tags: list[str] = field(default_factory=list)
    #: Extension attributes of CloudEvents that came with the command: names and values.
    extensions: list[tuple[str, str]] = field(default_factory=list)

    @property
    def category(self) -> str:
        """`account` of `account-42`."""
        return self.stream.partition("-")[0]

    @property
    def subject(self) -> str:
        """`42` of `account-42`."""
        return self.stream.partition("-")[2]


class _Place:
    """The place of a row: the row as JSON, if it is there, and whether the event changes it."""

    def __init__(self, written: Any, changes: bool) -> None:
        self.written = written
        self.changes = changes


#: In place of a row that is not there. `None` is JSON.
_ABSENT = object()


class Rows(Generic[R]):
    """The rows that an event changes or reads. A row that comes out of it is a copy: `put` it when you have changed it."""

    def __init__(self, shape: _Shape) -> None:
        self._shape = shape
        self._places: dict[str, _Place] = {}

    def keys(self) -> list[str]:
        """Keys of the rows that the event changes, whether they are there or not."""
        return [key for key, place in self._places.items() if place.changes]

    def get(self, key: str) -> Optional[R]:
        """A row that the event changes or reads, if it is there."""
        place = self._places.get(key)
        if place is None or place.written is _ABSENT:
            return None
        read: Callable[[Any], R] = self._shape.read
        return _readable(key, lambda: read(place.written))

    def put(self, key: str, row: R) -> None:
        """Puts a row in place of what was there. It must be among the event's `keys`."""
        place = self._changed(key)
        try:
            place.written = self._shape.write(row)
        except _Unfit as unfit:
            raise _Wrong(f"the row {json.dumps(key)} cannot be encoded: {unfit}" + (f" at {unfit.place}" if unfit.place else "")) from None

    def delete(self, key: str) -> None:
        """Deletes a row, if it is there. It must be among the event's `keys`."""
        self._changed(key).written = _ABSENT

    def _changed(self, key: str) -> _Place:
        place = self._places.get(key)
        if place is not None and place.changes:
            return place
        why = "which is not among its `keys`" if place is None else "which it only reads: name it in `keys`"
        raise _Wrong(f"it changes the row {json.dumps(key)}, {why}")


def _readable(key: str, f: Callable[[], R]) -> R:
    """Says which row cannot be read."""
    try:
        return f()
    except _Unfit as unfit:
        what = f"{unfit} at {unfit.place}" if unfit.place else str(unfit)
        raise _Wrong(f"the row {json.dumps(key)} cannot be read: {what}; has `row` changed, and `version` not?") from None


@dataclass
class _PageRow:
    """A row, as the events so far leave it."""

    #: As JSON.
    written: Any = _ABSENT
    #: As bytes, if it is there.
    value: Optional[bytes] = None
    #: Index of the last event that changed it.
    changed: Optional[int] = None


class _Page:
    """The rows of a page of events.

    Each is parsed once, and is JSON from then on: an event gets it as if the event before it had stored it.
    """

    def __init__(self, given: list[wit.Row], needed: list[wit.RowKey]) -> None:
        # Rows that no event has named yet.
        self.given = {row.key: row for row in given}
        # Keys of rows that the page has asked for; those that are not given are not there.
        self.needed = {row.key for row in needed}
        self.rows: dict[str, _PageRow] = {}

    def knows(self, key: str) -> bool:
        """Is it known whether this row is there?"""
        return key in self.rows or key in self.given or key in self.needed

    def row(self, key: str) -> _PageRow:
        if key not in self.rows:
            self.rows[key] = self.parsed(key)
        return self.rows[key]

    def parsed(self, key: str) -> _PageRow:
        given = self.given.get(key)
        if given is None:
            return _PageRow()
        if not _is_json(given.content_type):
            raise _Wrong(f"the row {json.dumps(key)} is {json.dumps(given.content_type)}, which cannot be read")
        return _PageRow(_readable(key, lambda: _parse(given.value)), given.value)

    def take(self, rows: Rows[Any], index: int) -> None:
        """Takes over what an event made of its rows."""
        for key in rows.keys():
            written = rows._places[key].written
            value = None if written is _ABSENT else _encode(written)
            # A row that stays what it is is not written.
            if self.row(key).value != value:
                self.rows[key] = _PageRow(written, value, index)

    def changes(self) -> Iterable[tuple[str, Optional[bytes], int]]:
        """The rows that differ after the page: their values, if they are there, and the last events that changed them."""
        return [(key, row.value, row.changed) for key, row in self.rows.items() if row.changed is not None]


class Projector(Generic[R]):
    """Folds events, of any number of streams, into the rows of a view. `R` is a row, a dataclass."""

    #: Name within the application; left out: the class's name in kebab-case.
    name: ClassVar[str] = ""
    #: The view, `[a-z][a-z0-9_-]*`, at most 64 characters.
    view: ClassVar[str]
    #: Raise it whenever `row`, `keys` or `fold` changes: the view is built anew.
    version: ClassVar[int] = 1
    #: Where it starts when it is first deployed: "origin" or "now".
    start: ClassVar[str] = "origin"
    #: The events that it folds, dataclasses. It is given no others.
    events: ClassVar[Sequence[type]]
    #: The dataclass of a row.
    row: ClassVar[type]

    def keys(self, event: Any, metadata: EventMetadata) -> Iterable[str]:
        """Keys of the rows that an event changes, each 1 to 1024 bytes."""
        raise NotImplementedError

    def reads(self, event: Any, metadata: EventMetadata) -> Iterable[str]:
        """Keys of further rows that `project` looks at, and does not change."""
        return ()

    def further_keys(self, rows: Rows[R], event: Any, metadata: EventMetadata) -> Iterable[str]:
        """Keys of further rows that the event changes, where they depend on rows that it reads.

        The framework asks again with the rows that were named, until no key is new.
        """
        return ()

    def fold(self, row: Optional[R], key: str, event: Any, metadata: EventMetadata) -> Optional[R]:
        """What becomes of a row that an event changes. `None` is no row: there was none yet, there is none now."""
        raise NotImplementedError

    def project(self, rows: Rows[R], event: Any, metadata: EventMetadata) -> None:
        """What an event does to all its rows. Folds one after the other; override it where one depends on another."""
        for key in rows.keys():
            row = self.fold(rows.get(key), key, event, metadata)
            if row is None:
                rows.delete(key)
            else:
                rows.put(key, row)


class _ProjectorTable:
    """A projector behind the interface `annals:es/projectors`."""

    def __init__(self, cls: type[Projector[Any]]) -> None:
        self.projector = cls()
        self.name = cls.name or _kebab(cls.__name__)
        self.who = f"the projector {self.name}"
        if not _VIEW.fullmatch(cls.view):
            raise TypeError("`view` must be a lower-case letter followed by lower-case letters, digits, `_` or `-`, at most 64 in all")
        self.keys_of = self.keys_method(cls)
        if cls.fold is Projector.fold and cls.project is Projector.project:
            raise TypeError(f"{cls.__name__} does not say what becomes of a row: define `fold`, or `project` for all rows")
        self.events = _Types("events", cls.events)
        if not self.events.names:
            raise TypeError("`events` names no event to react to")
        self.row = _object(cls.row)

    def keys_method(self, cls: type[Projector[Any]]) -> Callable[..., Iterable[str]]:
        """The method that names the rows. Its former name is accepted for one version."""
        former: Optional[Callable[..., Iterable[str]]] = getattr(self.projector, "touches", None)
        if former is None:
            if cls.keys is Projector.keys:
                raise TypeError(f"{cls.__name__} does not name the rows that an event changes: define `keys`")
            return self.projector.keys
        if cls.keys is not Projector.keys:
            raise TypeError(f"{cls.__name__}: `touches` is the former name of `keys`: leave one out")
        _deprecated(f"{cls.__name__}: `touches` is deprecated: it is called `keys` now")
        return former

    def describe(self) -> list[wit.ReactionDescriptor]:
        _serve()
        projector = self.projector
        return [
            wit.ReactionDescriptor(
                name=self.name,
                version=projector.version,
                event_types=self.events.names,
                emits=[],
                views=[projector.view],
                start={"origin": wit.StartFrom.ORIGIN, "now": wit.StartFrom.NOW}[projector.start],
                concurrency=1,
                schemas=self.events.schemas(),
                annotations=[],
            )
        ]

    def keys(self, events: list[wit.RecordedEvent]) -> list[list[wit.RowKey]]:
        return [
            self.react(index, recorded, lambda event, metadata, keys, reads: self.places([*keys, *reads]))
            for index, recorded in enumerate(events)
        ]

    def project(
        self, events: list[wit.RecordedEvent], rows: list[wit.Row], needed: list[wit.RowKey]
    ) -> tuple[list[wit.RowKey], list[tuple[Union[wit.Row, wit.RowKey], int]]]:
        """The keys of rows that it needs as well; without any, the rows that differ, and the last events that changed them.

        A changed row is a `Row` with its new value, or the `RowKey` of one that is there no more. The records of the answer are
        known to the module `app` of this world alone.
        """
        page = _Page(rows, needed)
        for index, recorded in enumerate(events):
            needs = self.react(index, recorded, lambda *read: self.fold(page, index, *read))
            if needs:
                return self.places(needs), []
        view = self.projector.view
        return [], [
            (wit.RowKey(view, key) if value is None else wit.Row(view, key, _CONTENT_TYPE, value), event)
            for key, value, event in page.changes()
        ]

    def fold(self, page: _Page, index: int, event: Any, metadata: EventMetadata, keys: list[str], reads: list[str]) -> list[str]:
        """Folds an event into the page. The answer is the keys of the rows that it needs as well."""
        rows: Rows[Any] = Rows(self.row)
        for key in keys:
            rows._places[key] = _Place(page.row(key).written, True)
        for key in reads:
            rows._places[key] = _Place(page.row(key).written, False)
        while True:
            further = self.checked(self.projector.further_keys(rows, event, metadata))
            further = [key for key in further if key not in rows._places]
            if not further:
                break
            unknown = [key for key in further if not page.knows(key)]
            if unknown:
                return unknown
            for key in further:
                rows._places[key] = _Place(page.row(key).written, True)
        self.projector.project(rows, event, metadata)
        page.take(rows, index)
        return []

    def react(self, index: int, recorded: wit.RecordedEvent, f: Callable[..., list[Any]]) -> list[Any]:
        """Runs `f` with an event of a listed type; what it raises is a fault at this index of the page."""
        _serve()
        doing = "cannot read"
        try:
            event = self.events.read_event(recorded)
            if event is None:
                return []
            doing = "cannot project"
            metadata = _metadata(recorded)
            keys = self.checked(self.keys_of(event, metadata))
            reads = self.checked(self.projector.reads(event, metadata))
            return f(event, metadata, keys, [key for key in reads if key not in keys])
        except (Exception, Impure) as error:
            fault = wit.Fault(
                f"{self.who} {doing} {recorded.event_type} (schema {recorded.schema_version}) "
                f"at position {recorded.position}: {_told(error)}"
            )
            raise Err(wit.PageFault(index, fault)) from None

    def checked(self, keys: Iterable[str]) -> list[str]:
        """Keys, each once."""
        unique = list(dict.fromkeys(keys))
        for key in unique:
            if type(key) is not str or not _well_formed(key):
                raise _Wrong(f"the key of a row is {_shown(key)}, and must be a str")
            if not 0 < len(key.encode()) <= _MAX_KEY:
                raise _Wrong(f"the key of a row has {len(key.encode())} bytes; it must have 1 to {_MAX_KEY}")
        return unique

    def places(self, keys: list[str]) -> list[wit.RowKey]:
        return [wit.RowKey(self.projector.view, key) for key in keys]


def _metadata(recorded: wit.RecordedEvent) -> EventMetadata:
    metadata = recorded.metadata
    return EventMetadata(
        event_id=recorded.id,
        stream=recorded.stream,
        version=recorded.version,
        position=recorded.position,
        recorded_at=recorded.recorded_at,
        command_id=metadata.command_id,
        command_type=metadata.command_type,
        correlation_id=metadata.correlation_id,
        causation_id=metadata.causation_id,
        actor=metadata.actor,
        traceparent=metadata.traceparent,
        tags=list(recorded.tags),
        extensions=list(metadata.extensions),
    )


# ---- former names --------------------------------------------------------------------------------------------


def _deprecated(what: str) -> None:
    # componentize-py shows nothing of it; `build.py` finds former names itself.
    warnings.warn(what, DeprecationWarning, stacklevel=3)


if typing.TYPE_CHECKING:
    About = EventMetadata
else:

    def __getattr__(name: str) -> Any:
        """Names of the version before, for this one."""
        if name == "About":
            _deprecated("`annals.About` is deprecated: it is called `EventMetadata` now")
            return EventMetadata
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


# ---- what the component exports ------------------------------------------------------------------------------

_exported: dict[type, Any] = {}


def export(cls: type) -> None:
    """Exports the handler of a component. Once, at the end of `handler.py`. A mistake in it stops the build."""
    global _self
    kind, table = (Decider, _DeciderTable) if issubclass(cls, Decider) else (Projector, _ProjectorTable)
    if not issubclass(cls, kind):
        raise TypeError(f"{cls.__name__} is no Decider and no Projector")
    _exported[kind] = table(cls)
    _self = _exported[kind].name


def _deciders() -> _DeciderTable:
    return _exported[Decider]


def exported(kind: type) -> Any:
    """For the modules beside this one: what was exported."""
    if kind not in _exported:
        raise TypeError(f"handler.py exports no {kind.__name__}: end it with `export(YourClass)`")
    return _exported[kind]


_purify()
