//! Mutates bytes.

use fastrand::Rng;

/// Numbers in LEB128 that are often edge values.
const EDGES: &[&[u8]] = &[
    &[0],
    &[1],
    &[0x7f],
    &[0x80, 0x01],
    &[0xff, 0xff, 0x03],
    &[0x80, 0x80, 0x04],
    &[0xff, 0xff, 0xff, 0xff, 0x07],
    &[0xff, 0xff, 0xff, 0xff, 0x0f],
    &[0x80, 0x80, 0x80, 0x80, 0x10],
];

/// Pieces of TOML.
const WORDS: &[&str] = &[
    "[",
    "]",
    "[[",
    "{",
    "}",
    "\"",
    "'",
    "\"\"\"",
    "=",
    ".",
    ",",
    "\n",
    "#",
    "\\u0000",
    "\u{202e}",
    "é",
    "1e400",
    "0x",
    "-1",
    "1979-05-27",
    "true",
    "inf",
    "a.b.c.d = 1\n",
    "[handlers.a]\n",
    "allow = [",
    "on-failure = {",
    "handlers = ",
    "99999999999999999999",
    "[overrides.store]\n",
    "component = \"",
];

/// A manifest with a few mutations.
pub fn text(rng: &mut Rng, text: &[u8], other: &[u8]) -> Vec<u8> {
    let mut bytes = text.to_vec();
    for _ in 0..rng.usize(..12) {
        if rng.bool() {
            let word = WORDS[rng.usize(..WORDS.len())];
            let count = if rng.u8(..20) == 0 {
                rng.usize(..5000)
            } else {
                1
            };
            let at = place(rng, &bytes);
            bytes.splice(at..at, word.repeat(count).into_bytes());
        } else {
            change(rng, &mut bytes, other);
        }
    }
    bytes
}

/// A component or a module with a few mutations.
pub fn wasm(rng: &mut Rng, wasm: &[u8], other: &[u8]) -> Vec<u8> {
    let mut bytes = wasm.to_vec();
    match rng.u8(..10) {
        0 => bytes.truncate(rng.usize(..=wasm.len())),
        // Change bits only: inputs of the same length sometimes stay valid.
        1..5 => {
            for _ in 0..1 + rng.usize(..3) {
                let at = place(rng, &bytes);
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << rng.u8(..8);
                }
            }
        }
        _ => {
            for _ in 0..1 + rng.usize(..6) {
                change(rng, &mut bytes, other);
            }
        }
    }
    bytes
}

fn place(rng: &mut Rng, bytes: &[u8]) -> usize {
    rng.usize(..=bytes.len())
}

/// A short range of the bytes.
fn range(rng: &mut Rng, bytes: &[u8]) -> std::ops::Range<usize> {
    let start = place(rng, bytes);
    let end = (start + rng.usize(..64)).min(bytes.len());
    start..end
}

fn change(rng: &mut Rng, bytes: &mut Vec<u8>, other: &[u8]) {
    let at = range(rng, bytes);
    match rng.u8(..7) {
        0 => {
            bytes.drain(at);
        }
        1 => {
            let copy = bytes[at.clone()].to_vec();
            let times = if rng.u8(..10) == 0 {
                rng.usize(..2000)
            } else {
                1
            };
            bytes.splice(at.start..at.start, copy.repeat(times));
        }
        2 => {
            let from = range(rng, other);
            bytes.splice(at, other[from].iter().copied());
        }
        3 => {
            let edge = EDGES[rng.usize(..EDGES.len())];
            let end = (at.start + 1).min(bytes.len());
            bytes.splice(at.start..end, edge.iter().copied());
        }
        4 => {
            let copy = bytes[at.clone()].to_vec();
            let to = place(rng, bytes);
            bytes.splice(to..to, copy);
        }
        5 => {
            if let Some(byte) = bytes.get_mut(at.start) {
                *byte = rng.u8(..);
            }
        }
        _ => {
            if let Some(byte) = bytes.get_mut(at.start) {
                *byte ^= 1 << rng.u8(..8);
            }
        }
    }
}
