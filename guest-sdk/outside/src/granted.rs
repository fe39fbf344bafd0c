//! The native counterpart of the manifest's grants: installs the values of a test while it runs a notifier.

use std::cell::RefCell;
use std::thread::LocalKey;

/// Runs a notifier with these values, and then restores the previous ones. It restores them also if the notifier
/// panics.
pub(crate) fn within<T: Default, R>(
    place: &'static LocalKey<RefCell<T>>,
    surroundings: T,
    run: impl FnOnce() -> R,
) -> R {
    struct Restore<T: Default + 'static>(&'static LocalKey<RefCell<T>>, T);

    impl<T: Default> Drop for Restore<T> {
        fn drop(&mut self) {
            self.0.set(std::mem::take(&mut self.1));
        }
    }

    let _restore = Restore(place, place.replace(surroundings));
    run()
}
