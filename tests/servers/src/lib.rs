//! Servers that tests start: real ones, on free ports of loopback, with data of their own.
//!
//! | module | job |
//! |---|---|
//! | [`postgres`] | a PostgreSQL server |
//! | [`nats`] | NATS servers, alone or as a cluster |
//! | [`proxy`] | a proxy whose connections a test can cut |

mod keeper;
pub mod nats;
pub mod postgres;
pub mod proxy;

pub use keeper::kill;
pub use proxy::Proxy;
