//! The digest of the application. The dispatcher compares it with the store's record of earlier
//! applications.
//!
//! The full comparison costs a new instance more than a command does. The record therefore keeps
//! the digests of the applications that were compared with it, and an instance whose digest is
//! among them skips the comparison. The digest covers everything that the comparison reads. It also
//! covers the composer's version, because a dispatcher of another version may compare differently.
//! It does not cover the versions of deciders, which are informational.

use crate::cache;
use crate::check::Checked;
use crate::manifest::Manifest;

/// Number of digits: enough that no two applications of one store share a digest.
const DIGITS: usize = 32;

/// The digest of the handlers and of their former names in the manifest.
pub fn of(manifest: &Manifest, handlers: &[Checked]) -> String {
    let mut digest = Digest::default();
    digest.word(env!("CARGO_PKG_VERSION"));
    digest.words(&manifest.app.retired);
    for checked in handlers {
        for decider in &checked.deciders {
            digest.word("decider");
            digest.word(&decider.name);
            digest.word(&decider.category);
            let commands = decider.commands.iter();
            digest.words(commands.map(|command| &command.command_type));
            digest.words(&decider.emits);
            digest.words(&decider.folds);
            let schemas = decider.schemas.iter();
            digest.words(schemas.map(|schema| format!("{}@{}", schema.event_type, schema.version)));
        }
        let entry = manifest.handlers.get(&checked.handler.name);
        for reaction in &checked.reactions {
            let descriptor = &reaction.descriptor;
            digest.word(reaction.kind.name());
            digest.word(&descriptor.name);
            digest.word(descriptor.version.to_string());
            digest.words(&descriptor.views);
            digest.words(&descriptor.event_types);
            digest.words(entry.map_or(&[][..], |entry| entry.formerly.of(&descriptor.name)));
        }
    }
    let mut digits = cache::hash(&[&digest.text]);
    digits.truncate(DIGITS);
    digits
}

/// The hashed words and lists of words. A length precedes each of them, so different applications
/// have different inputs.
#[derive(Default)]
struct Digest {
    text: Vec<u8>,
}

impl Digest {
    fn word(&mut self, word: impl AsRef<str>) {
        let word = word.as_ref().as_bytes();
        self.text.extend((word.len() as u64).to_le_bytes());
        self.text.extend(word);
    }

    fn words(&mut self, words: impl IntoIterator<Item = impl AsRef<str>>) {
        let words: Vec<_> = words.into_iter().collect();
        self.text.extend((words.len() as u64).to_le_bytes());
        for word in words {
            self.word(word);
        }
    }
}
