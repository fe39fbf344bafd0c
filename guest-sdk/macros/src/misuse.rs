//! What users get wrong, and what they are told.

use quote::quote;

use crate::input::Enum;
use crate::{message, rejection};

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
        "unknown here; known: type, version, internal, code, message"
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
