//! The record of the clients' operations and observations.
//!
//! | module | job |
//! |---|---|
//! | `history` | the types: operations with their times, answers, the final contents |
//! | `token` | identifies each submitted event in its own payload; digests of read events |
//! | `recorder` | a connection that records its calls and answers |
//! | `file` | histories as JSON lines |

mod file;
mod history;
mod recorder;
mod token;

pub use file::{FileError, load, save};
pub use history::{
    Action, Answer, Claimed, History, Kept, Last, LastStream, Logged, Operation, OperationId, Run,
    Seen, SeenInLog, Submission,
};
pub use recorder::{Clock, FINGERPRINT, Recorder, request};
pub use token::{Token, digest, lean_digest, new_event};
