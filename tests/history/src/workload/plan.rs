//! The commands of a client. They depend on the seed alone, and not on the store's answers.

use super::{Options, Workload};

/// One in this many plans of the mixed workload closes its stream, unless the stream is popular.
const CLOSES: u32 = 200;
/// Streams that are never closed.
const POPULAR: u32 = 20;

/// The next step of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Index of the stream.
    pub stream: u32,
    /// The operation on the stream.
    pub work: Work,
}

/// An operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Work {
    /// Append without a command id.
    Append {
        /// The precondition.
        guard: Guard,
        /// Number of events.
        events: u16,
        /// Pass the last known cursor of the stream.
        cursor: bool,
        /// Close the stream.
        close: bool,
    },
    /// Claim, decide and append as a sourcer does, until the outcome of the command is known.
    Command {
        /// Its id. Some are submitted by several clients.
        id: String,
        /// Number of events in the decision; 0: the command is accepted without events.
        events: u16,
    },
    /// Read a stream forward, from the client's own version or the beginning.
    Read {
        /// From the beginning.
        whole: bool,
        /// Maximum number of events.
        limit: u32,
    },
    /// Read a stream backward.
    ReadBackward {
        /// From the end; otherwise from some version.
        from_end: bool,
        /// Maximum number of events.
        limit: u32,
    },
    /// Load the new events, a few records at a time.
    Load {
        /// Maximum number of records.
        limit: u32,
    },
}

/// The precondition of an append.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// None.
    Any,
    /// The stream has no events.
    NoStream,
    /// The stream has events.
    StreamExists,
    /// The version that the client saw last.
    Seen,
    /// A version of the past, if there is one.
    Past,
    /// A version that the stream may reach later.
    Future,
}

/// The endless sequence of plans of one client.
#[derive(Clone, Debug)]
pub struct Plans {
    random: fastrand::Rng,
    client: u16,
    streams: u32,
    workload: Workload,
    seed: u64,
    count: u32,
}

impl Plans {
    /// The plans of a client.
    #[must_use]
    pub fn new(options: &Options, client: u16) -> Self {
        let mut random = fastrand::Rng::with_seed(options.seed);
        for _ in 0..=client {
            random = random.fork();
        }
        Self {
            random,
            client,
            streams: options.stream_names().len() as u32,
            workload: options.workload,
            seed: options.seed,
            count: 0,
        }
    }

    fn stream(&mut self) -> u32 {
        match self.workload {
            Workload::Hot => 0,
            Workload::Spread => self.random.u32(0..self.streams),
            // The logarithm is uniform: Zipf's law with exponent 1.
            Workload::Mixed => {
                let rank = f64::from(self.streams).powf(self.random.f64());
                (rank as u32).saturating_sub(1).min(self.streams - 1)
            }
        }
    }

    fn events(&mut self) -> u16 {
        match self.random.u32(0..10) {
            0..6 => 1,
            6..9 => self.random.u16(2..5),
            _ => self.random.u16(5..20),
        }
    }

    fn command(&mut self) -> Plan {
        let stream = self.stream();
        let events = if self.random.u32(0..12) == 0 {
            0
        } else {
            self.events()
        };
        if self.random.u32(0..3) > 0 {
            let id = format!("{}-{}-{}", self.seed, self.client, self.count);
            return Plan {
                stream,
                work: Work::Command { id, events },
            };
        }
        // Clients are about equally fast, so some of them submit the same command at the same time. All of them use
        // the same id and stream.
        let shared = self.count / 4;
        let stream = match self.workload {
            Workload::Hot => 0,
            _ => shared % self.streams,
        };
        let id = format!("{}-shared-{shared}", self.seed);
        Plan {
            stream,
            work: Work::Command { id, events },
        }
    }

    fn append(&mut self) -> Plan {
        let stream = self.stream();
        let guard = match self.random.u32(0..16) {
            0..5 => Guard::Any,
            5..12 => Guard::Seen,
            12 => Guard::NoStream,
            13 => Guard::StreamExists,
            14 => Guard::Past,
            _ => Guard::Future,
        };
        let closes = self.random.u32(0..CLOSES) == 0;
        let close = closes && self.workload == Workload::Mixed && stream >= POPULAR;
        let empty = !close && self.random.u32(0..40) == 0;
        let events = if empty { 0 } else { self.events() };
        let cursor = self.random.bool();
        Plan {
            stream,
            work: Work::Append {
                guard,
                events,
                cursor,
                close,
            },
        }
    }
}

impl Iterator for Plans {
    type Item = Plan;

    fn next(&mut self) -> Option<Plan> {
        self.count += 1;
        Some(match self.random.u32(0..20) {
            0..8 => self.append(),
            8..15 => self.command(),
            kind => {
                let stream = self.stream();
                let limit = self.random.u32(1..60);
                let rare = self.random.u32(0..8) == 0;
                let work = match kind {
                    15 | 16 => Work::Read { whole: rare, limit },
                    17 | 18 => Work::ReadBackward {
                        from_end: !rare,
                        limit,
                    },
                    _ => Work::Load { limit },
                };
                Plan { stream, work }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_plans_and_clients_differ() {
        let options = Options::default();
        let plans = |options: &Options, client| -> Vec<Plan> {
            Plans::new(options, client).take(500).collect()
        };
        assert_eq!(plans(&options, 3), plans(&options, 3));
        assert_ne!(plans(&options, 3), plans(&options, 4));
        let other = Options {
            seed: 2,
            ..Options::default()
        };
        assert_ne!(plans(&options, 3), plans(&other, 3));
    }
}
