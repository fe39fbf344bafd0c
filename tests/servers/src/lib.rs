//! Servers that tests start: real ones, on free ports of loopback, with data of their own.
//!
//! | module | job |
//! |---|---|
//! | [`delay`] | a proxy that delays every byte, as a network does |
//! | `keeper` | ends a server with its test, however the test ends |
//! | [`nats`] | NATS servers, alone or as a cluster |
//! | [`postgres`] | a PostgreSQL server |
//! | [`proxy`] | a proxy whose connections a test can cut |

pub mod delay;
mod keeper;
pub mod nats;
pub mod postgres;
pub mod proxy;

pub use delay::Delay;
pub use keeper::kill;
pub use proxy::Proxy;
