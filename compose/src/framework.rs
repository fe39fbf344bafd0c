//! The framework's own components, which this crate's build script builds and embeds in the binary.

use crate::check::OwnPart;
use crate::host::Adapter;
use crate::part::Role;
use crate::wire::Framework;
use crate::wiring::Part;

macro_rules! built {
    ($name:literal) => {
        include_bytes!(concat!(env!("OUT_DIR"), "/annals_", $name, ".wasm"))
    };
}

/// A component in both forms.
struct Built {
    whole: &'static [u8],
    /// The form for applications without reactions.
    plain: &'static [u8],
}

impl Built {
    fn of(&self, reactions: bool) -> &'static [u8] {
        if reactions { self.whole } else { self.plain }
    }
}

const STORE_KEYVALUE: Built = Built {
    whole: built!("store_keyvalue"),
    plain: built!("store_keyvalue_plain"),
};
const STORE_KEYVALUE_CONDITIONAL: Built = Built {
    whole: built!("store_keyvalue_conditional"),
    plain: built!("store_keyvalue_conditional_plain"),
};
const STORE_KEYVALUE_INCREMENT: Built = Built {
    whole: built!("store_keyvalue_increment"),
    plain: built!("store_keyvalue_increment_plain"),
};
const STORE_KEYVALUE_POINTER: Built = Built {
    whole: built!("store_keyvalue_pointer"),
    plain: built!("store_keyvalue_pointer_plain"),
};
const STORE_FILESYSTEM: Built = Built {
    whole: built!("store_filesystem"),
    plain: built!("store_filesystem_plain"),
};
const DISPATCHER: Built = Built {
    whole: built!("dispatcher"),
    plain: built!("dispatcher_plain"),
};
const SOURCER: &[u8] = built!("sourcer");
const INGRESS_HTTP: &[u8] = built!("ingress_http");
const INGRESS_CLI: &[u8] = built!("ingress_cli");
const LOG: &[u8] = built!("log");

/// The parts of the framework that an application needs.
#[derive(Debug, Clone, Copy)]
pub struct Needs {
    /// True if it has reactions.
    pub reactions: bool,
    /// True if it can also be run from a command line.
    pub command_line: bool,
}

/// Suffix in the report for the framework's own part behind a user's part.
const BEHIND: &str = "-behind";

/// The framework's parts of an application, including the user's own parts. Without reactions the
/// smaller forms suffice. An application with own parts always gets the full forms, because own
/// parts may import any of their exports.
#[must_use]
pub fn parts(adapter: Adapter, needs: Needs, own: &[OwnPart]) -> Framework {
    let reactions = needs.reactions || !own.is_empty();
    let mut framework = Framework {
        reactions,
        log: carried("log", LOG),
        inner: Vec::new(),
        faces: Vec::new(),
    };
    let roles = Role::ALL
        .into_iter()
        .filter(|role| *role != Role::IngressCli || needs.command_line);
    for role in roles {
        let part = match own.iter().find(|own| own.role == role) {
            None => one(role, adapter, reactions),
            Some(own) => {
                if own.stands_in_front() {
                    let mut behind = one(role, adapter, reactions);
                    behind.name.push_str(BEHIND);
                    framework.inner.push(behind);
                }
                Part {
                    name: role.name().into(),
                    bytes: own.component.bytes.clone(),
                    sandbox: own.sandbox.clone(),
                }
            }
        };
        match role.face() {
            Some(_) => framework.faces.push(part),
            None => framework.inner.push(part),
        }
    }
    framework
}

/// The full form of the framework's component for a part.
#[must_use]
pub fn part(role: Role, adapter: Adapter) -> Part {
    one(role, adapter, true)
}

/// The full form of a store adapter.
#[must_use]
pub fn store(adapter: Adapter) -> Part {
    one(Role::Store, adapter, true)
}

fn one(role: Role, adapter: Adapter, reactions: bool) -> Part {
    match role {
        Role::Store => {
            let (name, built) = match adapter {
                Adapter::Keyvalue => ("store-keyvalue", STORE_KEYVALUE),
                Adapter::KeyvalueConditional => {
                    ("store-keyvalue-conditional", STORE_KEYVALUE_CONDITIONAL)
                }
                Adapter::KeyvalueIncrement => {
                    ("store-keyvalue-increment", STORE_KEYVALUE_INCREMENT)
                }
                Adapter::KeyvaluePointer => ("store-keyvalue-pointer", STORE_KEYVALUE_POINTER),
                Adapter::Filesystem => ("store-filesystem", STORE_FILESYSTEM),
            };
            carried(name, built.of(reactions))
        }
        Role::Sourcer => carried("sourcer", SOURCER),
        Role::Dispatcher => carried("dispatcher", DISPATCHER.of(reactions)),
        Role::IngressHttp => carried("ingress-http", INGRESS_HTTP),
        Role::IngressCli => carried("ingress-cli", INGRESS_CLI),
    }
}

fn carried(name: &str, component: &[u8]) -> Part {
    Part {
        name: name.into(),
        bytes: component.to_vec(),
        sandbox: None,
    }
}
