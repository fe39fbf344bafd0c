//! The kinds of problems. Each has a code that stays the same from release to release, and an entry in
//! `docs/diagnostics.md`.

use serde::{Serialize, Serializer};
use std::fmt;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $slug:literal,)*) => {
        /// What sort of problem it is.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $($(#[$doc])* $name,)*
        }

        impl Code {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// As it is written, such as `unknown-key`.
            #[must_use]
            pub fn slug(self) -> &'static str {
                match self {
                    $(Self::$name => $slug,)*
                }
            }
        }
    };
}

codes! {
    /// The manifest cannot be read.
    UnreadableManifest = "unreadable-manifest",
    /// The manifest is not TOML.
    Syntax = "syntax",
    /// A key that means nothing.
    UnknownKey = "unknown-key",
    /// A key that must be there is not.
    MissingKey = "missing-key",
    /// A value of another type than its key's.
    WrongType = "wrong-type",
    /// A value that is not possible.
    IllegalValue = "illegal-value",
    /// Keys that exclude each other.
    ConflictingKeys = "conflicting-keys",
    /// A key that means nothing for this kind of handler.
    MeaninglessKey = "meaningless-key",
    /// No handlers at all.
    NoHandlers = "no-handlers",
    /// More handlers than one application can hold.
    TooManyHandlers = "too-many-handlers",
    /// A name that cannot be one.
    IllegalName = "illegal-name",
    /// A name that the framework has taken.
    ReservedName = "reserved-name",
    /// `[overrides.<part>]` of a part that is not known.
    UnknownPart = "unknown-part",
    /// A component that cannot take the place of a part of the framework.
    UnfitPart = "unfit-part",
    /// A file that is named is not there, or cannot be read.
    MissingFile = "missing-file",
    /// `path` does not name a crate's folder.
    MissingCrate = "missing-crate",
    /// A build command failed.
    BuildFailed = "build-failed",
    /// A build command succeeded and made no component.
    NothingBuilt = "nothing-built",
    /// A file that is larger than any component.
    TooLarge = "too-large",
    /// A file that holds something else than WebAssembly.
    NotWasm = "not-wasm",
    /// A file that ends in the middle.
    Truncated = "truncated",
    /// A core module that no component can be made of.
    CoreModule = "core-module",
    /// A component that is valid on newer hosts only.
    TooNew = "too-new",
    /// A component that is not valid.
    InvalidComponent = "invalid-component",
    /// Exports nothing that the framework calls.
    NoHandler = "no-handler",
    /// Made for another version of the contract.
    WrongContract = "wrong-contract",
    /// Has the contract's names with other types.
    TypeMismatch = "type-mismatch",
    /// Imports what it may not.
    ForbiddenImport = "forbidden-import",
    /// `allow` of a handler that can be granted nothing.
    GrantToPure = "grant-to-pure",
    /// A notifier and pure handlers in one component.
    MixedPurity = "mixed-purity",
    /// Imports what it is not granted.
    NotGranted = "not-granted",
    /// Is granted what it does not import.
    UnusedGrant = "unused-grant",
    /// Is granted what the host does not offer.
    NotOffered = "not-offered",
    /// It fails when it is asked to describe itself.
    DescribeFailed = "describe-failed",
    /// It does not return when it is asked to describe itself.
    DescribeEndless = "describe-endless",
    /// It takes too much memory to describe itself, or says too much.
    DescribeGreedy = "describe-greedy",
    /// What a handler says of itself is not possible.
    IllegalDescriptor = "illegal-descriptor",
    /// A component that says that it holds handlers of a kind, and holds none.
    HollowHandler = "hollow-handler",
    /// A decider that does not fold what it emits.
    UnfoldedEvent = "unfolded-event",
    /// Deciders that share events and not a category.
    CategoryClash = "category-clash",
    /// Two handlers for one command.
    DuplicateCommand = "duplicate-command",
    /// Two projectors of one view.
    DuplicateView = "duplicate-view",
    /// Two reactions of one name.
    DuplicateReaction = "duplicate-reaction",
    /// A former name that cannot be taken over.
    FormerName = "former-name",
    /// A command that nobody handles.
    UnhandledCommand = "unhandled-command",
    /// An event that nobody emits.
    UnknownEvent = "unknown-event",
    /// An event that is waited for, and that nobody emits any more.
    UnemittedEvent = "unemitted-event",
    /// An event that is written in a newer version of its schema than a handler reads.
    SchemaBehind = "schema-behind",
    /// A file of cases that is none.
    IllegalCases = "illegal-cases",
    /// No cases at all.
    NoCases = "no-cases",
    /// Something is there already, and would be overwritten.
    AlreadyThere = "already-there",
    /// An option that means nothing for what is made.
    MeaninglessOption = "meaningless-option",
    /// There is no template of that kind in that language.
    NoTemplate = "no-template",
    /// The SDK is not where it was said to be.
    MissingSdk = "missing-sdk",
    /// annals-host is nowhere to be found.
    MissingHost = "missing-host",
    /// What was made cannot be written.
    UnwritableOutput = "unwritable-output",
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.slug())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.slug())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_documentation_has_every_code_and_no_other() {
        let documentation = include_str!("../../../docs/diagnostics.md");
        let rows = documentation
            .lines()
            .filter_map(|line| line.strip_prefix("| `"));
        let told: BTreeSet<&str> = rows.filter_map(|row| row.split('`').next()).collect();
        let formats = ["auto", "human", "short", "json"];
        let told: BTreeSet<&str> = told
            .into_iter()
            .filter(|one| !formats.contains(one))
            .collect();
        let known: BTreeSet<&str> = Code::ALL.iter().map(|code| code.slug()).collect();
        assert_eq!(told, known);
    }
}
