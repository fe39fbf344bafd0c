//! The functions that a switchboard forwards: those of one handlers' interface, in the flattened
//! form of the canonical ABI, read from the contract's WIT.

use crate::kind::Kind;
use anyhow::{Context as _, Result, bail};
use wasm_encoder::ValType;
use wit_parser::abi::{AbiVariant, WasmSignature, WasmType};
use wit_parser::{Function, FunctionKind, InterfaceId, Resolve, SizeAlign, WorldItem};

/// The only function that a switchboard answers itself.
const DESCRIBE: &str = "describe";

/// The functions of one kind's interface.
pub(super) struct Operations {
    /// All functions except `describe`.
    pub list: Vec<Operation>,
    /// Size of the largest result, in bytes.
    pub result_bytes: u32,
}

/// One function.
pub(super) struct Operation {
    /// The name in core modules.
    pub name: String,
    /// Flattened parameters, without the address for the result.
    pub params: Vec<ValType>,
    pub how: How,
}

/// How the handler is found, and how the result is returned.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum How {
    /// The first parameter is the handler's index; the result is returned through memory.
    ByIndex,
    /// Like `ByIndex`, but all parameters are in memory, and the only flat parameter is their
    /// address. The index is the first of them.
    ByIndexInMemory,
    /// Like `ByIndex`, and the result contains a session, which needs a handle of the
    /// switchboard's.
    Restore,
    /// The first parameter is the handler's index; the result is a session.
    Construct,
    /// The first parameter is a session; the result is returned through memory.
    BySession,
    /// Like `BySession`, but all parameters are in memory, and the only flat parameter is their
    /// address. The session is the first of them.
    BySessionInMemory,
    /// The first parameter is a session, which is dropped.
    Drop,
}

impl Operation {
    /// The core signature as an import.
    pub fn imported(&self) -> (Vec<ValType>, &'static [ValType]) {
        let mut params = self.params.clone();
        match self.how {
            How::ByIndex
            | How::ByIndexInMemory
            | How::Restore
            | How::BySession
            | How::BySessionInMemory => {
                params.push(ValType::I32);
                (params, &[])
            }
            How::Construct => (params, &[ValType::I32]),
            How::Drop => (params, &[]),
        }
    }
}

impl Operations {
    /// Reads the operations from the contract.
    ///
    /// # Errors
    ///
    /// If the contract has a function of a shape that a switchboard cannot forward.
    pub fn of(kind: Kind) -> Result<Self> {
        let (resolve, world) = crate::generate::resolve_world(
            &format!(
                "package annals:generated;\nworld w {{ export {}; }}",
                kind.export()
            ),
            "w",
        )?;
        let interface = exported(&resolve, world).context("the contract lost an interface")?;
        let interface = &resolve.interfaces[interface];
        let mut sizes = SizeAlign::default();
        sizes.fill(&resolve)?;
        let mut operations = Self {
            list: Vec::new(),
            result_bytes: 0,
        };
        let functions = interface.functions.values();
        for function in functions.filter(|function| function.name != DESCRIBE) {
            let operation = operation(&resolve, function)
                .with_context(|| format!("{}#{}", kind.export(), function.name))?;
            operations.list.push(operation);
            if let Some(result) = &function.result {
                let bytes = u32::try_from(sizes.size(result).size_wasm32())?;
                operations.result_bytes = operations.result_bytes.max(bytes);
            }
        }
        if operations.sessions() {
            operations.list.push(Operation {
                name: "[resource-drop]session".into(),
                params: vec![ValType::I32],
                how: How::Drop,
            });
        }
        Ok(operations)
    }

    /// True if the interface has a resource `session`.
    pub fn sessions(&self) -> bool {
        self.list
            .iter()
            .any(|operation| operation.how == How::Construct)
    }
}

fn exported(resolve: &Resolve, world: wit_parser::WorldId) -> Option<InterfaceId> {
    let mut exports = resolve.worlds[world].exports.values();
    exports.find_map(|item| match item {
        WorldItem::Interface { id, .. } => Some(*id),
        _ => None,
    })
}

fn operation(resolve: &Resolve, function: &Function) -> Result<Operation> {
    let signature = resolve.wasm_signature(AbiVariant::GuestExport, function);
    let how = match (&function.kind, &signature) {
        (FunctionKind::Constructor(_), _) => How::Construct,
        (_, WasmSignature { retptr: false, .. }) => {
            bail!("its result is not returned through memory")
        }
        (FunctionKind::Method(_), signature) if signature.indirect_params => How::BySessionInMemory,
        (FunctionKind::Method(_), _) => How::BySession,
        (FunctionKind::Static(_), signature) if !signature.indirect_params => How::Restore,
        (FunctionKind::Freestanding, signature) if signature.indirect_params => {
            How::ByIndexInMemory
        }
        (FunctionKind::Freestanding, _) => How::ByIndex,
        _ => bail!("a switchboard cannot forward it"),
    };
    if signature.params.first() != Some(&WasmType::I32) && how == How::ByIndex {
        bail!("its first parameter is not a handler's index");
    }
    Ok(Operation {
        name: function.name.clone(),
        params: signature.params.iter().map(core_type).collect(),
        how,
    })
}

/// The core type in a module with 32-bit addresses.
fn core_type(ty: &WasmType) -> ValType {
    match ty {
        WasmType::I32 | WasmType::Pointer | WasmType::Length => ValType::I32,
        WasmType::I64 | WasmType::PointerOrI64 => ValType::I64,
        WasmType::F32 => ValType::F32,
        WasmType::F64 => ValType::F64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(kind: Kind) -> Vec<(String, How, usize)> {
        let operations = Operations::of(kind).expect("the contract");
        assert!(operations.result_bytes >= 8);
        let list = operations.list.into_iter();
        list.map(|operation| (operation.name, operation.how, operation.params.len()))
            .collect()
    }

    impl std::fmt::Debug for How {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str(match self {
                Self::ByIndex => "by index",
                Self::ByIndexInMemory => "by index in memory",
                Self::Restore => "restore",
                Self::Construct => "construct",
                Self::BySession => "by session",
                Self::BySessionInMemory => "by session in memory",
                Self::Drop => "drop",
            })
        }
    }

    #[test]
    fn deciders_are_forwarded_with_their_arguments_on_the_stack_but_for_decisions() {
        assert_eq!(
            shape(Kind::Decider),
            [
                ("stream-id".into(), How::ByIndex, 9),
                ("[constructor]session".into(), How::Construct, 1),
                ("[static]session.restore".into(), How::Restore, 3),
                ("[method]session.evolve".into(), How::BySession, 3),
                ("[method]session.decide".into(), How::BySessionInMemory, 1),
                ("[method]session.snapshot".into(), How::BySession, 1),
                ("[resource-drop]session".into(), How::Drop, 1),
            ]
        );
    }

    #[test]
    fn reactions_are_forwarded_with_single_events_in_memory_and_pages_on_the_stack() {
        let in_memory = |name: &str| (name.to_string(), How::ByIndexInMemory, 1);
        assert_eq!(
            shape(Kind::Projector),
            [
                ("keys".into(), How::ByIndex, 3),
                ("project".into(), How::ByIndex, 7),
            ]
        );
        assert_eq!(
            shape(Kind::ProcessManager),
            [in_memory("interested"), in_memory("react")]
        );
        assert_eq!(shape(Kind::Notifier), [in_memory("notify")]);
    }
}
