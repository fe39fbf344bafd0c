//! Exports process managers of contract 0.1.0 under the present contract.
#![allow(missing_docs, reason = "generated bindings")]

use annals_allocator as _;

wit_bindgen::generate!({
    path: ["../wit", "../../../wit"],
    inline: "
        package annals:shim;
        world shim {
            import annals:es/process-managers@0.1.0;
            export annals:es/process-managers@0.2.0;
        }
    ",
    world: "annals:shim/shim",
    with: {
        "annals:es/types@0.1.0": annals_shim_0_1::former,
        "annals:es/types@0.2.0": annals_shim_0_1::current,
    },
    generate_all,
});

use annals::es0_1_0::process_managers as former;
use annals_shim_0_1::{self as convert, former as old};
use exports::annals::es0_2_0::process_managers::{
    Context, Fault, Guest, Input, Interest, OutgoingCommand, Reaction, ReactionDescriptor,
    RecordedEvent, Rejection,
};

struct Shim;

impl Guest for Shim {
    fn describe() -> Vec<ReactionDescriptor> {
        convert::reactions(former::describe())
    }

    fn interested(manager: u32, event: RecordedEvent) -> Result<Vec<Interest>, Fault> {
        let interests = former::interested(manager, &convert::recorded(event));
        let interests = interests.map_err(convert::fault)?.into_iter();
        Ok(interests.map(interest).collect())
    }

    fn react(
        manager: u32,
        process: String,
        state: Option<Vec<u8>>,
        input: Input,
        context: Context,
    ) -> Result<Reaction, Fault> {
        let (input, context) = (self::input(input), convert::context(context));
        let reaction = former::react(manager, &process, state.as_deref(), &input, &context)
            .map_err(convert::fault)?;
        Ok(Reaction {
            state: reaction.state,
            commands: reaction.commands.into_iter().map(command).collect(),
            cancellations: Vec::new(),
            notes: reaction.notes,
            stop: reaction.stop,
        })
    }
}

fn interest(interest: former::Interest) -> Interest {
    match interest {
        former::Interest::Start(process) => Interest::Start(process),
        former::Interest::StartStrict(process) => Interest::StartStrict(process),
        former::Interest::Proceed(process) => Interest::Proceed(process),
        former::Interest::ProceedStrict(process) => Interest::ProceedStrict(process),
        former::Interest::Stop(process) => Interest::Stop(process),
    }
}

fn input(input: Input) -> former::Input {
    match input {
        Input::Event(event) => former::Input::Event(convert::recorded(event)),
        Input::Refused(refusal) => former::Input::Refused(former::Refusal {
            command: old::OutgoingCommand {
                command_type: refusal.command.command_type,
                content_type: refusal.command.content_type,
                payload: refusal.command.payload,
            },
            reason: rejection(refusal.reason),
            cause: convert::recorded(refusal.cause),
        }),
    }
}

fn rejection(rejection: Rejection) -> old::Rejection {
    old::Rejection {
        code: rejection.code,
        message: rejection.message,
        details: rejection.details,
    }
}

fn command(command: old::OutgoingCommand) -> OutgoingCommand {
    OutgoingCommand {
        command_type: command.command_type,
        content_type: command.content_type,
        payload: command.payload,
        deliver_at: None,
        name: None,
    }
}

export!(Shim);
