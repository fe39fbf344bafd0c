//! The kinds of problems. Each has a code that stays the same in every release, and an entry in
//! `docs/diagnostics.md`.

use serde::{Serialize, Serializer};
use std::fmt;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $slug:literal,)*) => {
        /// The kind of a problem.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $($(#[$doc])* $name,)*
        }

        impl Code {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The code as text, such as `unknown-key`.
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
    /// A key that does not exist.
    UnknownKey = "unknown-key",
    /// A required key is missing.
    MissingKey = "missing-key",
    /// A value whose type differs from the key's.
    WrongType = "wrong-type",
    /// A value outside of the legal range.
    IllegalValue = "illegal-value",
    /// Keys that exclude each other.
    ConflictingKeys = "conflicting-keys",
    /// A key that does not apply to this kind of handler.
    MeaninglessKey = "meaningless-key",
    /// The manifest has no handlers.
    NoHandlers = "no-handlers",
    /// More handlers than one application can hold.
    TooManyHandlers = "too-many-handlers",
    /// An illegal name.
    IllegalName = "illegal-name",
    /// A name that the framework uses.
    ReservedName = "reserved-name",
    /// `[overrides.<part>]` of an unknown part.
    UnknownPart = "unknown-part",
    /// A component that cannot replace a part of the framework.
    UnfitPart = "unfit-part",
    /// A named file does not exist or cannot be read.
    MissingFile = "missing-file",
    /// `path` does not name a crate's folder.
    MissingCrate = "missing-crate",
    /// A build command failed.
    BuildFailed = "build-failed",
    /// A build command succeeded but made no component.
    NothingBuilt = "nothing-built",
    /// A file that is larger than any component.
    TooLarge = "too-large",
    /// A file that is not WebAssembly.
    NotWasm = "not-wasm",
    /// A truncated file.
    Truncated = "truncated",
    /// A core module that cannot be made a component.
    CoreModule = "core-module",
    /// A component that only newer hosts can run.
    TooNew = "too-new",
    /// An invalid component.
    InvalidComponent = "invalid-component",
    /// Exports no interface that the framework calls.
    NoHandler = "no-handler",
    /// Built for another version of the contract.
    WrongContract = "wrong-contract",
    /// Has the contract's names with other types.
    TypeMismatch = "type-mismatch",
    /// Imports an interface that it may not import.
    ForbiddenImport = "forbidden-import",
    /// `allow` of a handler that cannot be granted anything.
    GrantToPure = "grant-to-pure",
    /// A notifier and pure handlers in one component.
    MixedPurity = "mixed-purity",
    /// Imports an interface without a grant.
    NotGranted = "not-granted",
    /// Is granted an interface that it does not import.
    UnusedGrant = "unused-grant",
    /// Is granted an interface that the host does not offer.
    NotOffered = "not-offered",
    /// `describe` failed.
    DescribeFailed = "describe-failed",
    /// `describe` did not return.
    DescribeEndless = "describe-endless",
    /// `describe` exceeded the memory limit, or its result is too large.
    DescribeGreedy = "describe-greedy",
    /// A handler's description is illegal.
    IllegalDescriptor = "illegal-descriptor",
    /// A component that exports the interface of a kind, but contains no handlers of it.
    HollowHandler = "hollow-handler",
    /// A decider that does not fold an event that it emits.
    UnfoldedEvent = "unfolded-event",
    /// Deciders that share events but not a category.
    CategoryClash = "category-clash",
    /// Two deciders for one command.
    DuplicateCommand = "duplicate-command",
    /// Two projectors for one view.
    DuplicateView = "duplicate-view",
    /// Two reactions with one name.
    DuplicateReaction = "duplicate-reaction",
    /// A former name that no reaction can take over.
    FormerName = "former-name",
    /// A command that no decider handles.
    UnhandledCommand = "unhandled-command",
    /// An event that no decider emits.
    UnknownEvent = "unknown-event",
    /// An event that a reaction reads, and that no decider emits any more.
    UnemittedEvent = "unemitted-event",
    /// An event whose schema version is newer than a handler reads.
    SchemaBehind = "schema-behind",
    /// An illegal file of cases.
    IllegalCases = "illegal-cases",
    /// There are no cases.
    NoCases = "no-cases",
    /// A file exists and would be overwritten.
    AlreadyThere = "already-there",
    /// An option that does not apply.
    MeaninglessOption = "meaningless-option",
    /// There is no template for that kind and language.
    NoTemplate = "no-template",
    /// The SDK is not at the given path.
    MissingSdk = "missing-sdk",
    /// annals-host cannot be found.
    MissingHost = "missing-host",
    /// The output cannot be written.
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
