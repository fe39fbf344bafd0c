//! Generated from the contract.
#![allow(missing_docs)]

wasmtime::component::bindgen!({
    path: ["../../wit", "../../wit/framework"],
    world: "annals:framework/store-adapter",
});
