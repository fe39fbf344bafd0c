//! The inputs: their ingredients, and how a number determines an input.

use crate::{bombs, mutate};
use annals_compose::framework::{self, Needs};
use annals_compose::host::Host;
use annals_fixtures::{Decider, empty};
use anyhow::Result;
use fastrand::Rng;
use std::path::Path;

/// One input.
pub enum Input {
    /// A manifest's text.
    Manifest(String),
    /// A file that is passed as a handler.
    Handler(Vec<u8>),
}

/// Valid inputs to start from.
pub struct Seeds {
    manifests: Vec<String>,
    handlers: Vec<Vec<u8>>,
}

impl Seeds {
    /// Collects the seeds.
    pub fn new() -> Result<Self> {
        let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join("..");
        let mut manifests = Vec::new();
        let golden = checkout.join("compose").join("tests").join("golden");
        let mut cases: Vec<_> = std::fs::read_dir(golden)?.flatten().collect();
        // Sort the cases, so that the same numbers mean the same inputs.
        cases.sort_by_key(std::fs::DirEntry::file_name);
        for case in cases {
            manifests.extend(std::fs::read_to_string(case.path().join("annals.toml")));
        }
        let mut handlers = vec![
            Decider::default().component()?,
            empty::core_module(empty::KINDS[0])?,
        ];
        // Put small ones first: they are chosen more often.
        for kind in empty::KINDS {
            handlers.push(empty::component(kind, "", "")?);
        }
        let needs = Needs {
            reactions: true,
            command_line: true,
        };
        let parts = framework::parts(Host::Annals.adapter(), needs, &[]);
        handlers.extend(
            parts
                .inner
                .into_iter()
                .chain(parts.faces)
                .map(|part| part.bytes),
        );
        Ok(Self {
            manifests,
            handlers,
        })
    }
}

impl Input {
    /// The input with this number.
    pub fn new(seeds: &Seeds, seed: u64, number: u64) -> Self {
        let mut rng = Rng::with_seed(seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        match rng.u8(..100) {
            0..30 => {
                let text = &seeds.manifests[rng.usize(..seeds.manifests.len())];
                let other = &seeds.manifests[rng.usize(..seeds.manifests.len())];
                let bytes = mutate::text(&mut rng, text.as_bytes(), other.as_bytes());
                Self::Manifest(String::from_utf8_lossy(&bytes).into_owned())
            }
            30..36 => {
                let length = rng.usize(..2048);
                let mut bytes: Vec<u8> = (0..length).map(|_| rng.u8(..)).collect();
                if rng.bool() {
                    let header: &[u8] = match rng.bool() {
                        true => b"\0asm\x01\0\0\0",
                        false => b"\0asm\x0d\0\x01\0",
                    };
                    bytes.splice(0..0, header.iter().copied());
                }
                Self::Handler(bytes)
            }
            36..48 => match bombs::any(&mut rng) {
                Ok(bytes) => Self::Handler(bytes),
                // WebAssembly's own tools refuse this bomb, so it becomes an empty file.
                Err(_) => Self::Handler(Vec::new()),
            },
            _ => {
                let count = seeds.handlers.len();
                let index = rng.usize(..count).min(rng.usize(..count));
                let other = &seeds.handlers[rng.usize(..count)];
                Self::Handler(mutate::wasm(&mut rng, &seeds.handlers[index], other))
            }
        }
    }

    /// The content of the input's file.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Manifest(text) => text.as_bytes(),
            Self::Handler(bytes) => bytes,
        }
    }

    /// The name of the input's file.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Manifest(_) => "annals.toml",
            Self::Handler(_) => "handler.wasm",
        }
    }
}
