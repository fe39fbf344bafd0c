//! Tests of the error messages for users' mistakes.

use quote::quote;

use crate::input::Enum;
use crate::{export, message, rejection, structs};

type Expand = fn(&Enum) -> syn::Result<proc_macro2::TokenStream>;

#[track_caller]
fn told(expand: Expand, input: proc_macro2::TokenStream) -> String {
    let input = syn::parse2(input).expect("the test is Rust");
    Enum::read(&input)
        .and_then(|input| expand(&input))
        .expect_err("the input is wrong")
        .to_string()
}

#[test]
fn shapes() {
    assert!(
        told(
            message::command,
            quote!(
                struct S;
            )
        )
        .starts_with("expected an enum")
    );
    assert!(
        told(
            message::event,
            quote!(
                enum E {
                    A(u8, u8),
                }
            )
        )
        .starts_with("name the fields")
    );
    assert!(
        told(
            message::event,
            quote!(
                enum E<T> {
                    A(T),
                }
            )
        )
        .contains("generics are not supported")
    );
}

#[test]
fn names() {
    let twice = quote!(
        enum E {
            A,
            #[annals(type = "A")]
            B,
        }
    );
    assert_eq!(
        told(message::event, twice),
        "another variant is called `A`, too"
    );
    assert_eq!(
        told(
            message::command,
            quote!(
                enum E {
                    #[annals(type = "")]
                    B,
                }
            )
        ),
        "the name is empty"
    );
    assert_eq!(
        told(
            rejection::derive,
            quote!(
                enum R {
                    #[annals(code = "NotKebab")]
                    A,
                }
            )
        ),
        "codes are kebab-case"
    );
    let twice = quote!(
        enum R {
            #[annals(code = "b")]
            A,
            B,
        }
    );
    assert_eq!(
        told(rejection::derive, twice),
        "another variant is called `b`, too"
    );
}

#[test]
fn attributes() {
    let typo = quote!(
        enum R {
            #[annals(mesage = "no")]
            A,
        }
    );
    assert_eq!(
        told(rejection::derive, typo),
        "unknown here; known: type, version, formerly, internal, stream, any, no_stream, stream_exists, no_from, code, message"
    );
    let misplaced = quote!(
        enum C {
            #[annals(version = 2)]
            A,
        }
    );
    assert_eq!(
        told(message::command, misplaced),
        "`version` means nothing on a variant of a Command"
    );
    let internal = quote!(
        enum E {
            #[annals(internal)]
            A,
        }
    );
    for (what, expand) in [
        ("Event", message::event as Expand),
        ("Rejection", rejection::derive),
    ] {
        assert_eq!(
            told(expand, internal.clone()),
            format!("`internal` means nothing on a variant of a {what}")
        );
    }
    let zero = quote!(
        enum E {
            #[annals(version = 0)]
            A,
        }
    );
    assert_eq!(told(message::event, zero), "versions count from 1");
    assert!(
        told(
            message::event,
            quote!(
                #[serde(untagged)]
                enum E {
                    A,
                }
            )
        )
        .starts_with("use #[annals(..)]")
    );
}

#[test]
fn streams() {
    let twice = quote!(
        enum C {
            A {
                #[annals(stream)]
                a: String,
                #[annals(stream)]
                b: String,
            },
        }
    );
    assert!(told(message::command, twice).starts_with("two fields are marked as the stream's id"));
    let forgotten = quote!(
        enum C {
            A {
                #[annals(stream)]
                a: String,
            },
            B {
                a: String,
            },
        }
    );
    assert!(told(message::command, forgotten).ends_with("#[annals(stream)] on a field"));
    let on_the_variant = quote!(
        enum C {
            #[annals(stream)]
            A { a: String },
        }
    );
    assert!(told(message::command, on_the_variant).starts_with("mark the field"));
    let both = quote!(
        enum C {
            #[annals(stream = "{a}")]
            A {
                #[annals(stream)]
                a: String,
            },
        }
    );
    assert!(told(message::command, both).starts_with("the stream's id is given twice"));
    let event = quote!(
        enum E {
            A {
                #[annals(stream)]
                a: String,
            },
        }
    );
    assert!(told(message::event, event).starts_with("`stream` marks a field of a command"));
}

#[test]
fn preconditions() {
    let two = quote!(
        enum C {
            #[annals(no_stream, stream_exists)]
            A { a: String },
        }
    );
    assert_eq!(
        told(message::command, two),
        "a command has one precondition: any, no_stream or stream_exists"
    );
    let event = quote!(
        enum E {
            #[annals(no_stream)]
            A,
        }
    );
    assert_eq!(
        told(message::event, event),
        "`no_stream` means nothing on a variant of a Event"
    );
}

#[test]
fn tags() {
    let command = quote!(
        enum C {
            A {
                #[annals(tag)]
                a: String,
            },
        }
    );
    assert_eq!(
        told(message::command, command),
        "`tag` marks a field of an event"
    );
    let colon = quote!(
        enum E {
            A {
                #[annals(tag = "a:b")]
                a: String,
            },
        }
    );
    assert!(told(message::event, colon).contains("no `:` or space"));
    let nameless = quote!(
        enum E {
            A(#[annals(tag)] String),
        }
    );
    assert!(told(message::event, nameless).contains("#[annals(tag = \"..\")]"));
    let typo = quote!(
        enum E {
            A {
                #[annals(tagg)]
                a: String,
            },
        }
    );
    assert_eq!(
        told(message::event, typo),
        "unknown on a field; known: stream, tag"
    );
}

#[test]
fn former_names() {
    let no_list = quote!(
        enum E {
            #[annals(formerly = "B")]
            A,
        }
    );
    assert!(told(message::event, no_list).starts_with("write a list of names"));
    let twice = quote!(
        enum E {
            #[annals(formerly = ["B"])]
            A,
            B,
        }
    );
    assert_eq!(
        told(message::event, twice),
        "another variant is called `B`, too"
    );
}

type Attribute =
    fn(proc_macro2::TokenStream, proc_macro2::TokenStream) -> syn::Result<proc_macro2::TokenStream>;

#[track_caller]
fn told_of(
    attribute: Attribute,
    arguments: proc_macro2::TokenStream,
    item: proc_macro2::TokenStream,
) -> String {
    attribute(arguments, item)
        .expect_err("the input is wrong")
        .to_string()
}

#[test]
fn structs() {
    let plain = || {
        quote!(
            struct A {
                a: String,
            }
        )
    };
    assert!(
        told_of(
            structs::event,
            quote!(),
            quote!(
                enum E {
                    A,
                }
            )
        )
        .ends_with("an enum of several derives `annals::Event`")
    );
    assert!(
        told_of(
            structs::event,
            quote!(),
            quote!(
                struct A;
            )
        )
        .ends_with("write `struct A {}`")
    );
    assert!(
        told_of(
            structs::command,
            quote!(),
            quote!(
                struct A<T> {
                    #[annals(stream)]
                    a: T,
                }
            )
        )
        .contains("generics are not supported")
    );
    assert!(told_of(structs::event, quote!(version = 0), plain()).contains("count from 1"));
    assert!(told_of(structs::event, quote!(name = ""), plain()).contains("empty"));
    assert!(
        told_of(structs::event, quote!(type = "B"), plain())
            .starts_with("unknown here; known: name, version, formerly, and the traits")
    );
    assert!(
        told_of(structs::command, quote!(version = 2), plain())
            .starts_with("unknown here; known: name")
    );
    assert!(
        told_of(structs::command, quote!(), plain()).contains("Mark it with #[annals(stream)]")
    );
    assert!(
        told_of(structs::data, quote!(Serialize), plain())
            .starts_with("annals::data derives Clone")
    );
    let marked = quote!(
        struct A {
            #[annals(tag)]
            a: String,
        }
    );
    assert!(told_of(structs::data, quote!(), marked).starts_with("annals::data has no marks"));
}

#[test]
fn exports() {
    let told = |input| {
        syn::parse2::<export::Handlers>(input)
            .err()
            .expect("the input is wrong")
            .to_string()
    };
    assert!(told(quote!()).starts_with("name at least one handler"));
    assert!(told(quote!(deciders: [])).starts_with("name at least one handler"));
    assert_eq!(told(quote!(decider: [A])), "write `deciders: [..]`");
    assert_eq!(told(quote!(deciders: A)), "write a list: deciders: [..]");
    assert_eq!(
        told(quote!(deciders: [A], deciders: [B])),
        "there are two lists of deciders: name all of them in one"
    );
    let known =
        "unknown kind of handlers; known: deciders, projectors, process_managers, notifiers";
    assert_eq!(told(quote!(projektors: [A])), known);
    assert_eq!(told(quote!(projektor A)), known);
}
