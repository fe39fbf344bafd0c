//! Generated from the contract.
#![allow(missing_docs)]

wasmtime::component::bindgen!({ path: "../../wit", world: "store-adapter" });
