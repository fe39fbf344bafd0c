//! What the tasks share with the tests: which tools are provisioned, and where they are.

pub mod tools;
