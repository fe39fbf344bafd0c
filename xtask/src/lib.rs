//! Shared by the tasks and the tests: the provisioned tools and their locations.

pub mod tools;
