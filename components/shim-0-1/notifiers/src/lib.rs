//! Exports notifiers of contract 0.1.0 under the present contract.
#![allow(missing_docs, reason = "generated bindings")]

use annals_allocator as _;

wit_bindgen::generate!({
    path: ["../wit", "../../../wit"],
    inline: "
        package annals:shim;
        world shim {
            import annals:es/notifiers@0.1.0;
            export annals:es/notifiers@0.2.0;
        }
    ",
    world: "annals:shim/shim",
    with: {
        "annals:es/types@0.1.0": annals_shim_0_1::former,
        "annals:es/types@0.2.0": annals_shim_0_1::current,
    },
    generate_all,
});

use annals::es0_1_0::notifiers as former;
use annals_shim_0_1 as convert;
use exports::annals::es0_2_0::notifiers::{
    Delivery, Fault, Guest, ReactionDescriptor, RecordedEvent,
};

struct Shim;

impl Guest for Shim {
    fn describe() -> Vec<ReactionDescriptor> {
        convert::reactions(former::describe())
    }

    fn notify(notifier: u32, event: RecordedEvent, attempt: u32) -> Result<Delivery, Fault> {
        let delivery = former::notify(notifier, &convert::recorded(event), attempt);
        Ok(match delivery.map_err(convert::fault)? {
            former::Delivery::Done => Delivery::Done,
            former::Delivery::RetryAfter(pause) => Delivery::RetryAfter(pause),
            former::Delivery::Reject(reason) => Delivery::Reject(reason),
        })
    }
}

export!(Shim);
