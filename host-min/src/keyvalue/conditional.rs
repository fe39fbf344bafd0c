//! `annals:keyvalue/conditional`: steps on several keys of a `wasi:keyvalue@0.2.0-draft2` bucket.

mod generated {
    wasmtime::component::bindgen!({
        path: "wit/conditional",
        world: "annals:keyvalue/imports",
        imports: { default: trappable },
        with: {
            "wasi:keyvalue/store": crate::keyvalue::draft2::store,
        },
    });
}

use generated::annals::keyvalue::conditional;
use wasmtime::component::{Linker, Resource};

use super::draft2::store;
use super::{Bucket, Error, HasKeyvalue, KeyvalueView, Pair};
use crate::store::Created;

/// A result as the guest sees it, inside of the result that traps.
type Answer<T> = wasmtime::Result<Result<T, store::Error>>;

impl conditional::Host for KeyvalueView<'_> {
    fn create_all(
        &mut self,
        bucket: Resource<Bucket>,
        entries: Vec<Pair>,
    ) -> Answer<conditional::Created> {
        let created = self
            .name(&bucket)
            .and_then(|bucket| Ok(self.store.create_all(bucket, entries)?));
        answer(created.map(|created| match created {
            Created::All => conditional::Created::All,
            Created::Exists(at) => {
                conditional::Created::Exists(u32::try_from(at).unwrap_or(u32::MAX))
            }
        }))
    }

    fn draw(&mut self, bucket: Resource<Bucket>, counter: String, above: u64) -> Answer<u64> {
        let drawn = self
            .name(&bucket)
            .and_then(|bucket| Ok(self.store.draw(bucket, &counter, above)?));
        answer(drawn)
    }

    fn get_many(
        &mut self,
        bucket: Resource<Bucket>,
        keys: Vec<String>,
    ) -> Answer<Vec<Option<Vec<u8>>>> {
        let values = self
            .name(&bucket)
            .and_then(|bucket| Ok(self.store.get_many(bucket, &keys)?));
        answer(values)
    }
}

fn answer<T>(result: Result<T, Error>) -> Answer<T> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(error) => Ok(Err(store::Error::Other(error.into_words()?))),
    }
}

pub fn add_to_linker<T: Send + 'static>(
    linker: &mut Linker<T>,
    view: fn(&mut T) -> KeyvalueView<'_>,
) -> wasmtime::Result<()> {
    conditional::add_to_linker::<_, HasKeyvalue>(linker, view)
}
