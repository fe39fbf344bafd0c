//! Compile-time descriptions of the variants of command and event enums. The derives write a description from the
//! variant's attributes, or take it from the struct that the variant holds.

use std::fmt::Display;
use std::marker::PhantomData;

use crate::name::same;
use crate::{CommandData, EventData, EventType, Precondition};

/// The description of one variant, which is one type of command or event.
#[derive(Clone, Copy)]
pub struct Known {
    pub name: &'static str,
    pub version: u32,
    pub formerly: &'static [&'static str],
    pub internal: bool,
    pub precondition: Precondition,
    /// Whether the command identifies the stream that it is about.
    pub stream: bool,
}

/// The description of `T` as an event or command, if `T` has one.
///
/// If `T` implements [`EventData`] or [`CommandData`], name resolution finds these inherent items first. Otherwise it
/// finds the items of [`Undescribed`].
pub struct Described<T>(PhantomData<T>);

impl<T: EventData> Described<T> {
    pub const EVENT: Option<Known> = Some(Known {
        name: T::TYPE.name,
        version: T::TYPE.version,
        formerly: T::FORMERLY,
        internal: false,
        precondition: Precondition::Any,
        stream: false,
    });

    pub fn tags(event: &T) -> Vec<String> {
        event.tags()
    }
}

impl<T: CommandData> Described<T> {
    pub const COMMAND: Option<Known> = Some(Known {
        name: T::TYPE,
        version: 1,
        formerly: T::FORMERLY,
        internal: T::INTERNAL,
        precondition: T::PRECONDITION,
        stream: true,
    });

    pub fn stream(command: &T) -> String {
        command.stream()
    }
}

/// The empty description, for a type that is neither an event nor a command.
pub trait Undescribed {
    type Value;
    const EVENT: Option<Known> = None;
    const COMMAND: Option<Known> = None;

    #[must_use]
    fn tags(_: &Self::Value) -> Vec<String> {
        Vec::new()
    }

    #[must_use]
    fn stream(_: &Self::Value) -> String {
        String::new()
    }
}

impl<T> Undescribed for Described<T> {
    type Value = T;
}

/// Returns the description of a variant that holds one value: the value type's own description, or else that of the
/// variant's attributes. `said` means that the variant has attributes of its own; it must not have both.
#[must_use]
pub const fn known(told: Option<Known>, written: Known, said: bool) -> Known {
    match told {
        None => written,
        Some(told) => {
            assert!(
                !said,
                "the struct in this variant says what it is (`annals::event` or `annals::command`): \
                 move the words of the variant there"
            );
            told
        }
    }
}

/// Whether the name is a present or former name of this type.
#[inline]
#[must_use]
pub fn is(name: &str, known: Known) -> bool {
    name == known.name || known.formerly.contains(&name)
}

/// A value that can be the id of a stream.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the id of a stream",
    label = "cannot be displayed",
    note = "mark a field whose type implements `Display`, or write the id with `stream = \"{{one}}-{{other}}\"` on the command"
)]
pub trait Id {
    fn id(&self) -> String;
}

#[diagnostic::do_not_recommend]
impl<T: ToString + ?Sized> Id for T {
    #[inline]
    fn id(&self) -> String {
        self.to_string()
    }
}

/// A value that can be the value of a tag.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the value of a tag",
    label = "cannot be displayed",
    note = "mark fields whose types implement `Display`, or an `Option` or `Vec` of such a type"
)]
pub trait TagValue {
    fn display(&self) -> &dyn Display;
}

#[diagnostic::do_not_recommend]
impl<T: Display> TagValue for T {
    fn display(&self) -> &dyn Display {
        self
    }
}

/// Formats a tag of an event.
#[must_use]
pub fn tag<T: TagValue>(name: &str, value: &T) -> String {
    format!("{name}:{}", value.display())
}

/// Returns the number of names, including former ones.
#[must_use]
pub const fn count(known: &[Known]) -> usize {
    let mut count = known.len();
    let mut i = 0;
    while i < known.len() {
        count += known[i].formerly.len();
        i += 1;
    }
    count
}

#[must_use]
pub const fn count_internal(known: &[Known]) -> usize {
    let mut count = 0;
    let mut i = 0;
    while i < known.len() {
        if known[i].internal {
            count += 1 + known[i].formerly.len();
        }
        i += 1;
    }
    count
}

/// Returns every name with its description: present names in the order of the variants, then former names.
const fn each<const N: usize>(known: &[Known]) -> [(&'static str, Known); N] {
    let nobody = Known {
        name: "",
        version: 0,
        formerly: &[],
        internal: false,
        precondition: Precondition::Any,
        stream: false,
    };
    let mut all = [("", nobody); N];
    let mut i = 0;
    let mut next = known.len();
    while i < known.len() {
        all[i] = (known[i].name, known[i]);
        let mut j = 0;
        while j < known[i].formerly.len() {
            all[next] = (known[i].formerly[j], known[i]);
            next += 1;
            j += 1;
        }
        i += 1;
    }
    all
}

#[must_use]
pub const fn event_types<const N: usize>(known: &[Known]) -> [EventType; N] {
    let all = each::<N>(known);
    let mut types = [EventType {
        name: "",
        version: 0,
    }; N];
    let mut i = 0;
    while i < N {
        types[i] = EventType {
            name: all[i].0,
            version: all[i].1.version,
        };
        i += 1;
    }
    types
}

/// Returns the former names, each with its present name.
#[must_use]
pub const fn formerly<const N: usize>(known: &[Known]) -> [(&'static str, &'static str); N] {
    let mut all = [("", ""); N];
    let mut next = 0;
    let mut i = 0;
    while i < known.len() {
        let mut j = 0;
        while j < known[i].formerly.len() {
            all[next] = (known[i].formerly[j], known[i].name);
            next += 1;
            j += 1;
        }
        i += 1;
    }
    all
}

#[must_use]
pub const fn names<const N: usize>(known: &[Known]) -> [&'static str; N] {
    let all = each::<N>(known);
    let mut names = [""; N];
    let mut i = 0;
    while i < N {
        names[i] = all[i].0;
        i += 1;
    }
    names
}

#[must_use]
pub const fn preconditions<const N: usize>(known: &[Known]) -> [Precondition; N] {
    let all = each::<N>(known);
    let mut preconditions = [Precondition::Any; N];
    let mut i = 0;
    while i < N {
        preconditions[i] = all[i].1.precondition;
        i += 1;
    }
    preconditions
}

#[must_use]
pub const fn internal<const N: usize>(known: &[Known]) -> [&'static str; N] {
    let mut names = [""; N];
    let mut next = 0;
    let mut i = 0;
    while i < known.len() {
        if known[i].internal {
            names[next] = known[i].name;
            next += 1;
            let mut j = 0;
            while j < known[i].formerly.len() {
                names[next] = known[i].formerly[j];
                next += 1;
                j += 1;
            }
        }
        i += 1;
    }
    names
}

/// Whether all commands identify the stream that they are about.
#[must_use]
pub const fn have_streams(known: &[Known]) -> bool {
    let mut i = 0;
    while i < known.len() {
        if !known[i].stream {
            return false;
        }
        i += 1;
    }
    true
}

/// Checks the names and streams that structs declare. The derives cannot check them: these values exist only as
/// constants, which the compiler evaluates later.
pub const fn check(known: &[Known]) {
    let mut i = 0;
    while i < known.len() {
        let mut j = 0;
        while j < i {
            assert!(
                !meet(known[i], known[j]),
                "two variants have one type: their structs say the same name, or one says the other's as a former one"
            );
            j += 1;
        }
        i += 1;
    }
    let mut some = false;
    let mut i = 0;
    while i < known.len() {
        some |= known[i].stream;
        i += 1;
    }
    assert!(
        !some || have_streams(known),
        "some commands tell their stream, and others do not: mark a field of every command with #[annals(stream)]"
    );
}

/// Whether the two types have a present or former name in common.
const fn meet(one: Known, other: Known) -> bool {
    let mut i = 0;
    while i <= one.formerly.len() {
        let name = if i == 0 {
            one.name
        } else {
            one.formerly[i - 1]
        };
        if same(name, other.name) {
            return true;
        }
        let mut j = 0;
        while j < other.formerly.len() {
            if same(name, other.formerly[j]) {
                return true;
            }
            j += 1;
        }
        i += 1;
    }
    false
}
