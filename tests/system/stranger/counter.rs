use annals::{Command, Context, Decider, Decision, Event, Rejection};

#[derive(Command)]
enum CounterCommand {
    Count { counter: String },
}

#[derive(Event)]
enum CounterEvent {
    Counted { by: u32 },
}

#[derive(Rejection)]
enum No {
    #[annals(message = "{counter} has counted to {limit}")]
    CountedEnough { counter: String, limit: u32 },
}

struct Counter;

impl Decider for Counter {
    type State = u32;
    type Command = CounterCommand;
    type Event = CounterEvent;
    type Rejection = No;
    const CATEGORY: &'static str = "counter";

    fn initial() -> u32 {
        0
    }

    fn stream_id(command: &CounterCommand) -> String {
        let CounterCommand::Count { counter } = command;
        counter.clone()
    }

    fn evolve(count: &mut u32, event: &CounterEvent) {
        let CounterEvent::Counted { by } = event;
        *count += by;
    }

    fn decide(count: &u32, command: CounterCommand, _: &Context) -> Result<Decision<CounterEvent>, No> {
        let CounterCommand::Count { counter } = command;
        if *count == 10 {
            return Err(No::CountedEnough { counter, limit: 10 });
        }
        Ok(CounterEvent::Counted { by: 1 }.into())
    }
}

annals::export!(Counter);
