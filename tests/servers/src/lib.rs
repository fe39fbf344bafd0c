//! Servers that tests start: real ones, on free ports of loopback, with data of their own.
//!
//! | module | job |
//! |---|---|
//! | [`postgres`] | a PostgreSQL server |
//! | [`proxy`] | a proxy whose connections a test can cut |

pub mod postgres;
pub mod proxy;

pub use proxy::Proxy;
