//! Defines a sandbox's answer to each function of WASI 0.2, and the words of each refusal.
//!
//! No answer differs between two calls, two instances or two hosts. A function that is not listed
//! here stops the handler.

use super::Resident;
use crate::kind::Kind;

/// The behaviour of a sandbox function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Returns an empty result: an empty list, `none`, or a success without a value.
    Nothing,
    /// Returns `true`.
    Yes,
    /// Returns these bytes, in the layout of the result in memory.
    Constant(&'static [u8]),
    /// Returns a handle of the function's resource, with this representation.
    Handle(i32),
    /// Returns one directory, `/`. Libraries list the directories before they open any file. With
    /// this directory, opening a file reaches a function that refuses it.
    Root,
    /// Returns all pollables, because every pollable of a sandbox is ready.
    Ready,
    /// Prints the second parameter to the stream of the first one.
    Print,
    /// Returns the seed for an instance's first request of 16 bytes, with which libraries for WASI
    /// 0.1 seed their hash maps. Returns one repeated byte for [`PYTHON_SEED`]. Any other request
    /// stops the handler.
    Seed(Attempt),
    /// Returns an empty result, and reports the first call in the log: runtimes make that call on
    /// their own. If the component's runtime is known not to make it, the call stops the handler.
    Report(Attempt),
    /// Stops the handler.
    Stop(Attempt),
}

/// An operation that a handler may not perform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Attempt {
    /// Reads the time of day.
    WallClock,
    /// Reads a monotonic clock.
    MonotonicClock,
    /// Waits for some time.
    Wait,
    /// Draws random numbers.
    Randomness,
    /// Uses files.
    File,
    /// Reads environment variables.
    Environment,
    /// Uses sockets.
    Network,
    /// Sends HTTP requests.
    Http,
    /// Ends the program.
    Exit,
    /// Anything else.
    Other,
}

/// The seed of hash maps on every host and at every start: bits of the golden ratio, which carry no
/// information.
pub const SEED: &[u8; 16] = &[
    0x15, 0x7c, 0x4a, 0x7f, 0xb9, 0x79, 0x37, 0x9e, 0xce, 0x5a, 0xfe, 0x6e, 0x92, 0x7d, 0x08, 0xcd,
];

/// Number of bytes with which the Python runtime seeds the generator of `random` when an instance
/// begins, whether or not the handler uses it.
pub const PYTHON_SEED: i32 = 2496;
/// Maximum number of these bytes that its C library requests in one call.
pub const PYTHON_PIECE: i32 = 256;

/// Representations of the output streams.
pub const STDOUT: i32 = 0;
/// See [`STDOUT`].
pub const STDERR: i32 = 1;

/// `result<list<u8>, stream-error>` that is `closed`: the end of a stream.
const END: &[u8] = &[1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0];
/// `result<u64, stream-error>` that is `closed`.
const END_OF_COUNT: &[u8] = &[1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0];
/// `result<u64, stream-error>`: there is room for 64 KiB.
const ROOM: &[u8] = &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0];
/// `result<descriptor-flags, error-code>`: the directory may be read and changed.
const FLAGS: &[u8] = &[0, 0b10_0001];
/// `result<descriptor-type, error-code>`: a directory.
const DIRECTORY: &[u8] = &[0, 3];

/// The behaviour of a function; `interface` is without its version.
#[must_use]
pub fn answer(interface: &str, function: &str) -> Answer {
    use Answer::{Constant, Handle, Nothing, Print, Ready, Report, Root, Seed, Stop, Yes};
    match (interface, function) {
        ("wasi:cli/environment", "get-environment") => Report(Attempt::Environment),
        ("wasi:cli/environment", "get-arguments" | "initial-cwd") => Nothing,
        ("wasi:cli/environment", _) => Stop(Attempt::Environment),
        ("wasi:cli/exit", _) => Stop(Attempt::Exit),
        ("wasi:cli/stdin", "get-stdin") => Handle(0),
        ("wasi:cli/stdout", "get-stdout") => Handle(STDOUT),
        ("wasi:cli/stderr", "get-stderr") => Handle(STDERR),
        (
            "wasi:cli/terminal-stdin" | "wasi:cli/terminal-stdout" | "wasi:cli/terminal-stderr",
            _,
        ) => Nothing,

        ("wasi:clocks/monotonic-clock", "subscribe-instant" | "subscribe-duration") => {
            Stop(Attempt::Wait)
        }
        ("wasi:clocks/monotonic-clock", _) => Stop(Attempt::MonotonicClock),
        ("wasi:clocks/wall-clock" | "wasi:clocks/timezone", _) => Stop(Attempt::WallClock),

        ("wasi:filesystem/preopens", "get-directories") => Root,
        // Libraries call this before they use a directory.
        ("wasi:filesystem/types", "[method]descriptor.get-flags") => Constant(FLAGS),
        ("wasi:filesystem/types", "[method]descriptor.get-type") => Constant(DIRECTORY),
        // No error of a sandbox comes from a file.
        ("wasi:filesystem/types", "filesystem-error-code") => Nothing,
        ("wasi:filesystem/types", _) => Stop(Attempt::File),

        ("wasi:io/poll", "[method]pollable.ready") => Yes,
        ("wasi:io/poll", "[method]pollable.block") => Nothing,
        ("wasi:io/poll", "poll") => Ready,
        ("wasi:io/streams", "[method]input-stream.read" | "[method]input-stream.blocking-read") => {
            Constant(END)
        }
        ("wasi:io/streams", "[method]input-stream.skip" | "[method]input-stream.blocking-skip") => {
            Constant(END_OF_COUNT)
        }
        (
            "wasi:io/streams",
            "[method]input-stream.subscribe" | "[method]output-stream.subscribe",
        ) => Handle(0),
        ("wasi:io/streams", "[method]output-stream.check-write") => Constant(ROOM),
        (
            "wasi:io/streams",
            "[method]output-stream.write" | "[method]output-stream.blocking-write-and-flush",
        ) => Print,
        (
            "wasi:io/streams",
            "[method]output-stream.flush" | "[method]output-stream.blocking-flush",
        ) => Nothing,

        ("wasi:random/insecure-seed", "insecure-seed") => Constant(SEED),
        ("wasi:random/random", "get-random-bytes") => Seed(Attempt::Randomness),
        ("wasi:random/random" | "wasi:random/insecure" | "wasi:random/insecure-seed", _) => {
            Stop(Attempt::Randomness)
        }

        (interface, _) if interface.starts_with("wasi:http/") => Stop(Attempt::Http),
        (interface, _) if interface.starts_with("wasi:sockets/") => Stop(Attempt::Network),
        _ => Stop(Attempt::Other),
    }
}

/// True if Rust's standard library, or the adapter for WASI 0.1, links this function into code that
/// does not use it: to print, to panic, or to seed a hash map.
#[must_use]
pub fn unasked(interface: &str, function: &str) -> bool {
    match interface {
        "wasi:cli/environment" => function == "get-environment",
        "wasi:random/random" => function == "get-random-bytes",
        "wasi:cli/exit" => true,
        // Code that uses a file must name it with one of the `-at` functions.
        "wasi:filesystem/types" => !function.ends_with("-at"),
        "wasi:clocks/monotonic-clock" | "wasi:clocks/wall-clock" => false,
        _ => interface.starts_with("wasi:io/"),
    }
}

impl Attempt {
    /// The operation, after "tried to".
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::WallClock => "read the wall clock",
            Self::MonotonicClock => "read the monotonic clock",
            Self::Wait => "wait",
            Self::Randomness => "draw random numbers",
            Self::File => "use a file",
            Self::Environment => "read the environment",
            Self::Network => "use the network",
            Self::Http => "send an HTTP request",
            Self::Exit => "end the program",
            Self::Other => "use the host",
        }
    }

    /// The remedy.
    #[must_use]
    pub fn remedy(self, resident: Resident, interface: &str) -> String {
        let pure = match resident {
            Resident::Pure(kind) => kind,
            Resident::Grantable(_) if self == Self::Exit => Kind::Notifier,
            Resident::Grantable(what) => {
                return format!("add `{interface}` to the {what}'s `allow` if it may do that");
            }
        };
        let decider = pure == Kind::Decider;
        match self {
            Self::WallClock | Self::MonotonicClock if decider => {
                "take the time from the context (`ctx.now`)".into()
            }
            Self::WallClock | Self::MonotonicClock => {
                "take the time from the event (`metadata.recorded_at`)".into()
            }
            Self::Randomness if decider => "take randomness from the context (`ctx.seed`)".into(),
            Self::Randomness => {
                "derive it from the event's id (`metadata.event_id`), which is unique".into()
            }
            Self::Wait => format!("a {pure} only computes and cannot wait; remove the wait"),
            Self::File => {
                "build what it needs into the component, or send it in the command".into()
            }
            Self::Environment => {
                "build settings into the component, or send them in the command".into()
            }
            Self::Network | Self::Http => {
                "leave it to a notifier that is granted `wasi:http/outgoing-handler`".into()
            }
            Self::Exit if decider => "return a rejection instead".into(),
            Self::Exit => "return an error instead".into(),
            Self::Other => format!("a {pure} only computes; remove what needs `{interface}`"),
        }
    }
}
