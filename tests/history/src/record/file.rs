//! Histories as JSON lines: the run and its streams, then one line for each operation, each final stream, the final
//! log, and the list of unreadable contents.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{History, Last, LastStream, Logged, Operation, Run};

/// The error of a history that could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The file.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// A line.
    #[error("line {line}: {source}")]
    Line {
        /// The line number, from 1.
        line: usize,
        /// The error in the line.
        source: serde_json::Error,
    },
    /// The first line does not describe a run.
    #[error("it does not begin with a run")]
    NoRun,
}

#[derive(Serialize, Deserialize)]
enum Line {
    Run { run: Run, streams: Vec<String> },
    Operation { client: u16, operation: Operation },
    Stream(LastStream),
    Log(Vec<Logged>),
    Unread(Vec<String>),
}

/// Writes a history to a new file.
///
/// # Errors
/// If the file cannot be written.
pub fn save(history: &History, path: &Path) -> Result<(), FileError> {
    let mut file = BufWriter::new(File::create(path)?);
    let mut write = |line: &Line| -> Result<(), FileError> {
        serde_json::to_writer(&mut file, line).map_err(std::io::Error::from)?;
        Ok(file.write_all(b"\n")?)
    };
    write(&Line::Run {
        run: history.run.clone(),
        streams: history.streams.clone(),
    })?;
    for (id, operation) in history.operations() {
        write(&Line::Operation {
            client: id.client,
            operation: operation.clone(),
        })?;
    }
    for stream in &history.last.streams {
        write(&Line::Stream(stream.clone()))?;
    }
    write(&Line::Log(history.last.log.clone()))?;
    write(&Line::Unread(history.last.unread.clone()))?;
    Ok(file.flush()?)
}

/// Reads a history that was written by [`save`].
///
/// # Errors
/// If the file cannot be read, or is not a history.
pub fn load(path: &Path) -> Result<History, FileError> {
    let file = BufReader::new(File::open(path)?);
    let mut history: Option<History> = None;
    for (index, text) in file.lines().enumerate() {
        let line = serde_json::from_str(&text?).map_err(|source| FileError::Line {
            line: index + 1,
            source,
        })?;
        match (line, &mut history) {
            (Line::Run { run, streams }, _) => {
                history = Some(History {
                    run,
                    streams,
                    clients: Vec::new(),
                    last: Last::default(),
                });
            }
            (_, None) => return Err(FileError::NoRun),
            (Line::Operation { client, operation }, Some(history)) => {
                let client = usize::from(client);
                while history.clients.len() <= client {
                    history.clients.push(Vec::new());
                }
                history.clients[client].push(operation);
            }
            (Line::Stream(stream), Some(history)) => history.last.streams.push(stream),
            (Line::Log(log), Some(history)) => history.last.log = log,
            (Line::Unread(unread), Some(history)) => history.last.unread = unread,
        }
    }
    history.ok_or(FileError::NoRun)
}
