//! What clients did and saw.
//!
//! | module | job |
//! |---|---|
//! | `history` | the words: operations with their times, answers, the final contents |
//! | `token` | names each submitted event in its own payload; digests of what is read |
//! | `recorder` | a connection that writes down what goes through it |
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
pub use recorder::{Clock, Recorder, request};
pub use token::{Token, digest, lean_digest, new_event};
