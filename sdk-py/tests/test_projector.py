import random
import unittest
import warnings
from dataclasses import dataclass, replace
from typing import Any, Optional

from support import HERE, annals, build, project, projectors, recorded, rows

#: What the SDK takes away from handlers.
Random = random.Random


@dataclass
class Noted:
    keys: list[str]
    note: Optional[str] = None


@dataclass
class Cleared:
    key: str


@dataclass
class Notes:
    notes: list[Any]
    whole: Any
    last: Optional[str] = None


SHARED: list[Any] = []


class Noting(annals.Projector):
    """A list of notes for each key. `fold` changes what it is given, and shares what it answers, as careless code does."""

    view = "notes"
    events = [Noted, Cleared]
    row = Notes

    def keys(self, event, metadata):
        return [event.key] if isinstance(event, Cleared) else event.keys

    def fold(self, row, key, event, metadata):
        if isinstance(event, Cleared):
            return None
        if row is None:
            return Notes(SHARED, {"keys": event.keys})
        assert type(row.notes) is list
        row.notes.append({"note": event.note, "half": 0.5})
        row.whole = [row.whole, row.notes]
        row.last = event.note
        return row


@dataclass
class Count:
    count: int


class Counting(Noting):
    row = Count

    def fold(self, row, key, event, metadata):
        if isinstance(event, Cleared):
            return None
        return Count((row.count if row else 0) + (1 if event.note else 0))


def noted(position, keys, note=None):
    return recorded(position, "Noted", {"keys": keys, "note": note})


def cleared(position, key):
    return recorded(position, "Cleared", {"key": key})


def change(changed):
    given, index = changed.given
    [row] = given.given
    return type(given).__name__, row.key, getattr(row, "value", b"").decode(), index


@dataclass
class Named:
    guest: str
    name: str


@dataclass
class Reserved:
    seat: str
    guest: str


@dataclass
class Name:
    name: str


class Seating(annals.Projector):
    """Who sits where. The names of guests are rows, too."""

    view = "seating"
    events = [Named, Reserved]
    row = Name

    def keys(self, event, metadata):
        return [f"guest/{event.guest}" if isinstance(event, Named) else f"seat/{event.seat}"]

    def reads(self, event, metadata):
        return [] if isinstance(event, Named) else [f"guest/{event.guest}"]

    def project(self, rows, event, metadata):
        if isinstance(event, Named):
            rows.put(f"guest/{event.guest}", Name(event.name))
            return
        guest = rows.get(f"guest/{event.guest}") or Name("somebody")
        rows.put(f"seat/{event.seat}", guest)
        # Nothing of this is in a row.
        guest.name = "changed"
        if event.seat == "stray":
            rows.put(f"guest/{event.guest}", guest)
        if event.seat == "strange":
            rows.delete("other")


@dataclass
class Touched:
    key: str


@dataclass
class Link:
    count: int = 0
    next: Optional[str] = None


class Chain(annals.Projector):
    """Each row names the next one of a chain; the event counts in all of them."""

    view = "chain"
    events = [Touched]
    row = Link

    def keys(self, event, metadata):
        return [event.key]

    def further_keys(self, rows, event, metadata):
        there = [rows.get(key) for key in rows.keys()]
        return [row.next for row in there if row and row.next]

    def fold(self, row, key, event, metadata):
        row = row or Link()
        return replace(row, count=row.count + 1)


class ProjectorTest(unittest.TestCase):
    def fault(self, index, message, f):
        with self.assertRaises(Exception) as failed:
            f()
        [fault] = failed.exception.args
        self.assertEqual(type(fault).__name__, "PageFault")
        self.assertEqual(fault.given[0], index)
        self.assertIn(message, fault.given[1].given[0])

    def test_a_page_gives_the_rows_that_its_events_give_one_by_one(self):
        exported = projectors(Noting)
        chance = Random(7)
        for turn in range(50):
            events = []
            for position in range(1 + int(chance.random() * 12)):
                keys = [key for key in "abc" if chance.random() < 0.5]
                if chance.random() < 0.2:
                    events.append(cleared(position, "abc"[int(chance.random() * 3)]))
                else:
                    events.append(noted(position, keys, None if chance.random() < 0.3 else f"n{position}"))
            before = {} if chance.random() < 0.5 else {"a": '{"notes":[1],"whole":null}'}
            single = project(exported, events, 1, before)
            self.assertEqual(SHARED, [])
            for length in (2, 5, len(events)):
                self.assertEqual(project(exported, events, length, before), single, f"turn {turn}, pages of {length}")

    def test_a_changed_row_is_in_the_answer_once_with_the_last_event_that_changed_it(self):
        exported = projectors(Counting)
        page = [noted(1, ["a", "b"], "x"), noted(2, ["a", "c"], "x"), noted(3, ["a", "d"]), cleared(4, "c"), cleared(5, "e")]
        keys = exported.keys(0, [*page, recorded(6, "Unknown", {})])
        self.assertEqual([[row.key for row in named] for named in keys], [["a", "b"], ["a", "c"], ["a", "d"], ["c"], ["e"], []])
        answer = exported.project(0, page, rows("notes", {"b": '{"count":1}', "d": '{"count":4}'}), [])
        self.assertEqual(type(answer).__name__, "Projection_Changes")
        self.assertEqual(
            [change(changed) for changed in answer.given[0]],
            [("RowChange_Put", "a", '{"count":2}', 1), ("RowChange_Put", "b", '{"count":2}', 0), ("RowChange_Remove", "c", "", 3)],
        )

    def test_a_fault_has_the_index_of_its_event_in_the_page(self):
        exported = projectors(Noting)
        for event, message in [
            (recorded(9, "Noted", {"keys": 1}), "cannot read Noted (schema 1) at position 9: invalid type: integer `1`, expected an array at field keys"),
            (noted(9, ["x" * 1025]), "cannot project Noted (schema 1) at position 9: the key of a row has 1025 bytes"),
        ]:
            page = [noted(1, ["a"]), event, noted(10, ["a"])]
            self.fault(1, message, lambda: exported.keys(0, page))
            self.fault(1, message, lambda: exported.project(0, page, [], []))
        self.fault(
            1,
            'the row "a" cannot be read: missing field `notes`; has `row` changed',
            lambda: project(exported, [noted(1, ["b"]), noted(2, ["a"])], 2, {"a": "{}"}),
        )

    def test_what_is_recorded_with_an_event_is_its_metadata_with_tags_and_extensions(self):
        given = []

        class Curious(Noting):
            def keys(self, event, metadata):
                given.append(metadata)
                return []

        event = recorded(3, "Noted", {"keys": []}, stream="thing-4-2", tags=["a:1"], extensions=[("tenant", "a")])
        projectors(Curious).keys(0, [event])
        [metadata] = given
        self.assertIsInstance(metadata, annals.EventMetadata)
        self.assertEqual((metadata.category, metadata.subject, metadata.position), ("thing", "4-2", 3))
        self.assertEqual((metadata.tags, metadata.extensions), (["a:1"], [("tenant", "a")]))

    def test_a_projector_reads_rows_that_it_does_not_change(self):
        exported = projectors(Seating)

        def reserved(position, seat):
            return recorded(position, "Reserved", {"seat": seat, "guest": "1"})

        events = [reserved(1, "7A"), recorded(2, "Named", {"guest": "1", "name": "Ada"}), reserved(3, "7B"), reserved(4, "7C")]
        expected = {"seat/7A": '{"name":"somebody"}'} | {key: '{"name":"Ada"}' for key in ("guest/1", "seat/7B", "seat/7C")}
        for length in (1, 2, 4):
            self.assertEqual(project(exported, events, length), expected)
        for seat, message in [
            ("stray", 'it changes the row "guest/1", which it only reads: name it in `keys`'),
            ("strange", 'it changes the row "other", which is not among its `keys`'),
        ]:
            self.fault(1, message, lambda: project(exported, [reserved(1, "7A"), reserved(2, seat)]))

    def test_keys_that_are_in_rows_are_asked_for_until_none_is_new(self):
        exported = projectors(Chain)
        before = {"a": '{"count":0,"next":"b"}', "b": '{"count":0,"next":"c"}', "z": '{"count":0}'}
        events = [recorded(1, "Touched", {"key": "a"}), recorded(2, "Touched", {"key": "b"})]
        expected = {"a": '{"count":1,"next":"b"}', "b": '{"count":2,"next":"c"}', "c": '{"count":2}', "z": '{"count":0}'}
        for length in (1, 2):
            self.assertEqual(project(exported, events, length, before), expected)
        answer = exported.project(0, events[:1], rows("chain", {"a": before["a"]}), [])
        self.assertEqual(type(answer).__name__, "Projection_Needs")
        self.assertEqual([row.key for row in answer.given[0]], ["b"])

    def test_former_names_are_accepted_with_a_warning(self):
        class Former(Noting):
            keys = annals.Projector.keys

            def touches(self, event, about):
                return Noting.keys(self, event, about)

        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            exported = projectors(Former)
            self.assertIs(annals.About, annals.EventMetadata)
        self.assertEqual(
            [(one.category, str(one.message)) for one in told],
            [
                (DeprecationWarning, "Former: `touches` is deprecated: it is called `keys` now"),
                (DeprecationWarning, "`annals.About` is deprecated: it is called `EventMetadata` now"),
            ],
        )
        self.assertEqual([row.key for row in exported.keys(0, [noted(1, ["a"])])[0]], ["a"])

    def test_the_build_names_the_places_of_former_names(self):
        self.assertEqual(
            build.former_names(HERE / "former"),
            [
                "former/handler.py:3: `About` is deprecated: it is called `EventMetadata` now",
                "former/handler.py:7: `touches` is deprecated: it is called `keys` now",
                "former/other.py:3: `About` is deprecated: it is called `EventMetadata` now",
            ],
        )

    def test_a_projector_that_lacks_a_method_does_not_build(self):
        class Both(Noting):
            def touches(self, event, about):
                return []

        class Keyless(Noting):
            keys = annals.Projector.keys

        class Foldless(Noting):
            fold = annals.Projector.fold

        for projector, message in [(Both, "leave one out"), (Keyless, "define `keys`"), (Foldless, "define `fold`")]:
            with self.assertRaisesRegex(TypeError, message):
                annals.export(projector)
