//! One connection to the server: how it is made, and what it must promise.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::task::AbortHandle;
use tokio_postgres::error::{DbError, SqlState};
use tokio_postgres::{AsyncMessage, CancelToken, Client, Error, Socket};

use super::options::{Options, words};
use super::tls::{Encrypted, Tls};
use crate::store::remote::ConnectError;

/// Maximum time to connect, with TLS and authentication, to all addresses together.
const CONNECT_LIMIT: Duration = Duration::from_secs(8);
/// Maximum time to send the request to cancel a statement.
const CANCEL_LIMIT: Duration = Duration::from_secs(2);
/// The oldest server with all features that the statements use.
const MIN_VERSION: i32 = 130_000;

fn error(error: &Error) -> ConnectError {
    let passes = [
        SqlState::CANNOT_CONNECT_NOW,
        SqlState::TOO_MANY_CONNECTIONS,
        SqlState::ADMIN_SHUTDOWN,
        SqlState::CRASH_SHUTDOWN,
        SqlState::READ_ONLY_SQL_TRANSACTION,
    ];
    match error.code() {
        Some(code) if !passes.contains(code) => ConnectError::Refused(words(error)),
        _ => ConnectError::Unreachable(words(error)),
    }
}

/// Makes connections.
#[derive(Clone)]
pub struct Connector {
    options: Arc<Options>,
    tls: Tls,
    /// If set, a server whose settings may lose acknowledged writes is not refused.
    allow_unsafe: bool,
}

/// A connection whose server has been checked.
pub struct Connection {
    /// Sends statements.
    pub client: Client,
    tls: Tls,
    driver: AbortHandle,
    /// Set when the server reports that it committed a transaction without waiting for its standby.
    unreplicated: Arc<AtomicBool>,
}

impl Connector {
    /// A connector that reads the authorities' certificates now.
    ///
    /// # Errors
    /// What is wrong with the file of certificates.
    pub fn new(options: Arc<Options>, allow_unsafe: bool) -> Result<Self, String> {
        let tls = Tls::new(options.root_certificates.as_deref())?;
        Ok(Self {
            options,
            tls,
            allow_unsafe,
        })
    }

    /// Connects, and checks the server. The second value lists the settings that may lose
    /// acknowledged writes, if they are allowed.
    ///
    /// # Errors
    /// See [`ConnectError`].
    pub async fn connect(&self) -> Result<(Connection, Vec<String>), ConnectError> {
        let connecting = async {
            let connected = self.options.config.connect(self.tls.clone()).await;
            let (client, driver) = connected.map_err(|cause| error(&cause))?;
            let unreplicated = Arc::new(AtomicBool::new(false));
            let driver = tokio::spawn(drive(driver, unreplicated.clone())).abort_handle();
            let connection = Connection {
                client,
                tls: self.tls.clone(),
                driver,
                unreplicated,
            };
            let faults = faults(&connection.client).await?;
            if let [first, ..] = faults.as_slice()
                && !self.allow_unsafe
            {
                return Err(ConnectError::Refused(first.clone()));
            }
            Ok((connection, faults))
        };
        match tokio::time::timeout(CONNECT_LIMIT, connecting).await {
            Ok(connected) => connected,
            Err(_) => Err(ConnectError::Unreachable(format!(
                "no connection within {} s",
                CONNECT_LIMIT.as_secs()
            ))),
        }
    }
}

/// Sends what the client asks for and passes on the answers, until either side closes the
/// connection.
async fn drive(
    mut connection: tokio_postgres::Connection<Socket, Encrypted>,
    unreplicated: Arc<AtomicBool>,
) {
    // The driver passes on the messages in the server's order. A warning about a commit therefore
    // arrives here before the statement's success arrives at the client.
    while let Some(message) = std::future::poll_fn(|context| connection.poll_message(context)).await
    {
        match message {
            Ok(AsyncMessage::Notice(notice)) if is_unreplicated(&notice) => {
                unreplicated.store(true, Ordering::SeqCst);
                tracing::error!(
                    notice = notice.message(),
                    "the server committed without waiting for its standby"
                );
            }
            Ok(_) => {}
            Err(error) => {
                tracing::debug!(reason = words(&error), "a connection to the store ended");
                return;
            }
        }
    }
}

/// True for the warnings with which the server ends its wait for a synchronous standby. It reports
/// success after them. They have no code of their own, and their text depends on the server's
/// language.
fn is_unreplicated(notice: &DbError) -> bool {
    notice.routine() == Some("SyncRepWaitForLSN")
}

/// Lists the settings with which the server may lose acknowledged writes.
async fn faults(client: &Client) -> Result<Vec<String>, ConnectError> {
    let settings = "SELECT current_setting('server_version_num')::int4, current_setting('fsync'), \
                    current_setting('full_page_writes'), current_setting('synchronous_commit'), \
                    current_setting('synchronous_standby_names'), pg_is_in_recovery(), \
                    current_setting('transaction_isolation')";
    let row = client.query_typed_one(settings, &[]).await;
    let row = row.map_err(|cause| error(&cause))?;
    let get = |column| -> Result<String, ConnectError> {
        row.try_get(column)
            .map_err(|error| ConnectError::Refused(words(&error)))
    };
    let unreadable = |error: Error| ConnectError::Refused(words(&error));
    let version: i32 = row.try_get(0).map_err(unreadable)?;
    if version < MIN_VERSION {
        return Err(ConnectError::Refused(format!(
            "the server has version {}, and at least version {} is needed",
            version / 10_000,
            MIN_VERSION / 10_000
        )));
    }
    if row.try_get(5).map_err(unreadable)? {
        return Err(ConnectError::Unreachable(
            "the server is a standby, whose answers may be of the past; give the primary".into(),
        ));
    }
    // With a snapshot for the whole transaction, a statement that has lost a key would never see
    // the writer that won it.
    let isolation = get(6)?;
    if isolation != "read committed" {
        return Err(ConnectError::Refused(format!(
            "default_transaction_isolation is '{isolation}': annals-host needs 'read committed'; set it for the \
             host's role with ALTER ROLE … SET default_transaction_isolation = 'read committed'"
        )));
    }
    let (synchronous, standbys) = (get(3)?, get(4)?);
    let mut faults = Vec::new();
    for (name, value) in [("fsync", get(1)?), ("full_page_writes", get(2)?)] {
        if value == "off" {
            faults.push(format!(
                "{name} is off: the server may lose acknowledged writes when its machine fails; switch it on"
            ));
        }
    }
    if synchronous == "off" {
        faults.push(
            "synchronous_commit is off: the server may lose acknowledged writes when it crashes; switch it on".into(),
        );
    } else if synchronous == "local" && !standbys.is_empty() {
        faults.push(
            "synchronous_commit is local although synchronous_standby_names is set: a fail-over may lose \
             acknowledged writes; set it to on"
                .into(),
        );
    }
    Ok(faults)
}

impl Connection {
    /// True if statements can be sent.
    pub fn is_open(&self) -> bool {
        !self.client.is_closed()
    }

    /// True if the server has committed a transaction without waiting for its standby. The
    /// transaction may be lost in a fail-over although its statement succeeded.
    pub fn is_unreplicated(&self) -> bool {
        self.unreplicated.load(Ordering::SeqCst)
    }

    /// Gives up the statement that is under way, and the connection.
    pub fn cancel(self) {
        let (token, tls): (CancelToken, Tls) = (self.client.cancel_token(), self.tls.clone());
        tokio::spawn(async move {
            // Best effort: a server that does not hear of it ends the statement when it notices
            // that the connection is closed.
            let _ = tokio::time::timeout(CANCEL_LIMIT, token.cancel_query(tls)).await;
            drop(self);
        });
    }
}

impl Drop for Connection {
    /// Closes the connection, also while the server still works on a statement.
    fn drop(&mut self) {
        self.driver.abort();
    }
}
