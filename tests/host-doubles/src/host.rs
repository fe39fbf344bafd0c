//! The host of one adapter: the client of a [`Double`], and the adapter's other imports.

use std::sync::Arc;

use wasmtime::component::{Linker, ResourceTable, ResourceType};
use wasmtime::{Result, StoreContextMut, bail};

use crate::bindings::annals::{es::types, framework::settings};
use crate::bucket::Double;
use crate::turns::Random;

/// The point where a client dies: at one of its host calls, before or after the call takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crash {
    /// The number of the call, from 1.
    pub call: u64,
    /// The call takes effect before the client dies.
    pub done: bool,
}

/// The state of one adapter instance.
pub struct Client {
    /// Its number in the order of turns.
    pub who: usize,
    /// The host.
    pub double: Arc<Double>,
    /// The resources of the adapter.
    pub table: ResourceTable,
    /// The point where the client dies.
    pub crash: Option<Crash>,
    /// Number of host calls so far.
    pub calls: u64,
    /// Number of handles so far, for hosts that forget.
    pub handles: usize,
    random: Random,
}

/// An open bucket.
#[derive(Debug)]
pub struct Bucket {
    /// The client whose writes the bucket sees at once. On a host that forgets, each handle has its own.
    pub world: usize,
    /// The prefix of every key, on a host that forgets.
    pub prefix: String,
}

impl Client {
    pub(crate) fn new(who: usize, double: Arc<Double>, crash: Option<Crash>) -> Self {
        Self {
            who,
            random: Random::new(who as u64 + 77),
            double,
            table: ResourceTable::new(),
            crash,
            calls: 0,
            handles: 0,
        }
    }

    /// Makes one host call: waits for the client's turn, and dies there if the crash is due.
    pub(crate) fn call<T>(&mut self, work: impl FnOnce(&Double) -> T) -> Result<T> {
        self.double.turns.take(self.who);
        self.calls += 1;
        let due = self.crash.filter(|crash| crash.call == self.calls);
        if due.is_some_and(|crash| !crash.done) {
            bail!("the client dies before call {}", self.calls);
        }
        let answer = work(&self.double);
        if due.is_some() {
            bail!("the client dies after call {}", self.calls);
        }
        Ok(answer)
    }

    pub(crate) fn bucket(&mut self) -> Bucket {
        self.handles += 1;
        let prefix = match self.double.forgets() {
            true => format!("{}-{}.", self.who, self.handles),
            false => String::new(),
        };
        Bucket {
            world: self.who,
            prefix,
        }
    }
}

impl types::Host for Client {}

impl settings::Host for Client {
    fn get(&mut self) -> settings::AppSettings {
        settings::AppSettings {
            name: "double".into(),
            version: "0.0.0".into(),
            store: settings::StoreSettings {
                prefix: String::new(),
                partitions: 1,
                bucket: "default".into(),
                path: "/data".into(),
            },
            handlers: Vec::new(),
            retired: Vec::new(),
            composer: "0.0.0".into(),
            delivery_budget: 0,
        }
    }

    fn cors(&mut self) -> Vec<String> {
        Vec::new()
    }

    fn application(&mut self) -> String {
        "double".into()
    }
}

/// A pollable that is always ready: the double has no clock except its count of calls.
struct Pollable;

/// The clocks, polling and randomness that adapters use. They are implemented here, because the real ones would
/// depend on real time and real randomness.
pub(crate) fn add_wasi(linker: &mut Linker<Client>) -> Result<()> {
    type Context<'a> = StoreContextMut<'a, Client>;
    let mut poll = linker.instance("wasi:io/poll@0.2.0")?;
    poll.resource("pollable", ResourceType::host::<Pollable>(), |_, _| Ok(()))?;
    poll.func_wrap(
        "[method]pollable.block",
        |mut context: Context<'_>, _: (wasmtime::component::Resource<Pollable>,)| {
            context.data_mut().call(Double::pause)?;
            Ok(())
        },
    )?;
    let mut clock = linker.instance("wasi:clocks/monotonic-clock@0.2.0")?;
    clock.func_wrap(
        "subscribe-duration",
        |mut context: Context<'_>, _: (u64,)| Ok((context.data_mut().table.push(Pollable)?,)),
    )?;
    let mut random = linker.instance("wasi:random/random@0.2.0")?;
    random.func_wrap("get-random-u64", |mut context: Context<'_>, (): ()| {
        Ok((context.data_mut().random.number(),))
    })?;
    Ok(())
}
