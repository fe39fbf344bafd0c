//! Makes forbidden calls, one for each command.

use annals::{Command, Context, Decider, Decision, Event, Rejection};
use std::net::{TcpStream, ToSocketAddrs as _, UdpSocket};
use std::time::Duration;

#[derive(Command)]
pub enum Try {
    /// Makes no forbidden call.
    Behave {
        id: String,
    },
    WallClock {
        id: String,
    },
    MonotonicClock {
        id: String,
    },
    Sleep {
        id: String,
    },
    ReadFile {
        id: String,
    },
    WriteFile {
        id: String,
    },
    LookAtFile {
        id: String,
    },
    ReadFolder {
        id: String,
    },
    ReadVariable {
        id: String,
    },
    Connect {
        id: String,
    },
    Resolve {
        id: String,
    },
    Datagram {
        id: String,
    },
}

#[derive(Event)]
pub enum Tried {
    Behaved {},
    /// The call was not stopped.
    Done {
        what: String,
    },
}

#[derive(Rejection)]
pub enum Never {
    #[annals(message = "never")]
    Never {},
}

pub struct Trying;

impl Decider for Trying {
    type State = u64;
    type Command = Try;
    type Event = Tried;
    type Rejection = Never;
    const CATEGORY: &'static str = "trying";

    fn initial() -> u64 {
        0
    }

    fn stream_id(command: &Try) -> String {
        match command {
            Try::Behave { id }
            | Try::WallClock { id }
            | Try::MonotonicClock { id }
            | Try::Sleep { id }
            | Try::ReadFile { id }
            | Try::WriteFile { id }
            | Try::LookAtFile { id }
            | Try::ReadFolder { id }
            | Try::ReadVariable { id }
            | Try::Connect { id }
            | Try::Resolve { id }
            | Try::Datagram { id } => id.clone(),
        }
    }

    fn evolve(_: &mut u64, _: &Tried) {}

    fn decide(_: &u64, command: Try, _: &Context) -> Result<Decision<Tried>, Never> {
        let what = match command {
            Try::Behave { .. } => return Ok(Tried::Behaved {}.into()),
            Try::WallClock { .. } => format!("{:?}", std::time::SystemTime::now()),
            Try::MonotonicClock { .. } => format!("{:?}", std::time::Instant::now()),
            Try::Sleep { .. } => {
                std::thread::sleep(Duration::from_millis(1));
                "slept".into()
            }
            Try::ReadFile { .. } => format!("{:?}", std::fs::read("settings.toml")),
            Try::WriteFile { .. } => format!("{:?}", std::fs::write("/tmp/notes.txt", "x")),
            Try::LookAtFile { .. } => format!("{:?}", std::fs::exists("/etc/passwd")),
            Try::ReadFolder { .. } => {
                format!(
                    "{:?}",
                    std::fs::read_dir("/").map(|entries| entries.count())
                )
            }
            Try::ReadVariable { .. } => format!("{:?}", std::env::var("HOME")),
            Try::Connect { .. } => format!("{:?}", TcpStream::connect("127.0.0.1:80")),
            Try::Resolve { .. } => format!(
                "{:?}",
                "localhost:80".to_socket_addrs().map(|found| found.count())
            ),
            Try::Datagram { .. } => format!("{:?}", UdpSocket::bind("127.0.0.1:0")),
        };
        Ok(Tried::Done { what }.into())
    }
}
