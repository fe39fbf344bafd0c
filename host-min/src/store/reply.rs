//! The result of an operation of a store, which may arrive later.

use std::fmt;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;

use super::KvError;

/// The result of an operation. A local store has it at once, and then the caller pays for no
/// future.
#[must_use = "the operation may not have begun before its reply is awaited"]
pub enum Reply<T> {
    /// The operation is done.
    Now(Result<T, KvError>),
    /// The operation is done when the future is. If the caller drops the future before, the
    /// operation may or may not take effect.
    Later(Pin<Box<dyn Future<Output = Result<T, KvError>> + Send>>),
}

impl<T> fmt::Debug for Reply<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Now(_) => "Now",
            Self::Later(_) => "Later",
        })
    }
}

impl<T> Reply<T> {
    /// Makes a reply of a future.
    pub fn later(result: impl Future<Output = Result<T, KvError>> + Send + 'static) -> Self {
        Self::Later(Box::pin(result))
    }

    /// Waits for the result.
    ///
    /// # Errors
    /// The operation's.
    pub async fn wait(self) -> Result<T, KvError> {
        match self {
            Self::Now(result) => result,
            Self::Later(result) => result.await,
        }
    }

    /// Blocks the thread until there is a result. Not for threads of a runtime.
    ///
    /// # Errors
    /// The operation's.
    pub fn block(self) -> Result<T, KvError> {
        match self {
            Self::Now(result) => result,
            Self::Later(result) => block_on(result),
        }
    }
}

/// Wakes a thread that waits for a future.
struct Parked(Thread);

impl Wake for Parked {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let waker = Waker::from(Arc::new(Parked(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(result) => return result,
            // A wake between the poll and this call makes the call return at once.
            Poll::Pending => std::thread::park(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_waits_for_a_reply_of_another() {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        let reply = Reply::later(async move { receiver.await.map_err(|_| KvError::NotACounter) });
        let other = std::thread::spawn(move || {
            std::thread::sleep(std::time::Duration::from_millis(20));
            sender.send(7).expect("awaited");
        });
        assert_eq!(reply.block(), Ok(7));
        other.join().expect("no panic");
        assert_eq!(Reply::Now(Ok(8)).block(), Ok(8));
    }
}
