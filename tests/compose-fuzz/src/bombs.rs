//! Small components that demand many resources.

use annals_compose::contract;
use annals_fixtures::empty::{self, KINDS, Kind};
use anyhow::Result;
use fastrand::Rng;
use std::fmt::Write as _;

/// A random bomb. Its size is often an edge value.
pub fn any(rng: &mut Rng) -> Result<Vec<u8>> {
    let kind = KINDS[rng.usize(..KINDS.len())];
    let size = match rng.u8(..16) {
        0..4 => rng.usize(..100),
        4..8 => rng.usize(..2_000),
        8..12 => rng.usize(..10_000),
        12 => 49_999 + rng.usize(..3),
        13 => 99_999 + rng.usize(..3),
        _ => rng.usize(..200_000),
    };
    // Bombs that run until they are stopped take seconds, so only a few inputs are of this sort.
    let one = if rng.u8(..8) == 0 {
        rng.u8(..5)
    } else {
        5 + rng.u8(..19)
    };
    made(kind, one, size)
}

/// A bomb of a sort and a size.
pub fn made(kind: Kind, one: u8, size: usize) -> Result<Vec<u8>> {
    let inside =
        |items: String, instructions: String| empty::component(kind, &items, &instructions);
    let component = |text: String| Ok(wat::parse_str(format!("(component {text})"))?);
    match one {
        // These exhaust the time and memory of execution.
        0 => inside(String::new(), "(loop (br 0))".into()),
        1 => inside(String::new(), "(loop (drop (memory.grow (i32.const 1))) (br 0))".into()),
        2 => inside(
            format!("(table $t {} funcref)", size.min(10_000_000) * 10),
            "(loop (drop (table.grow $t (ref.null func) (i32.const 100000))) (br 0))".into(),
        ),
        3 => inside(
            String::new(),
            "(drop (memory.grow (i32.const 7000))) (loop (memory.fill (i32.const 0) (i32.const 1) (i32.const 400000000)) (br 0))".into(),
        ),
        4 => inside("(func $deep (call $deep))".into(), "(call $deep)".into()),
        5 => inside(
            String::new(),
            format!("(i32.store (i32.const 0) (i32.const 8)) (i32.store (i32.const 4) (i32.const {size}))"),
        ),
        6 => inside(format!("(memory $more {})", size % 65_537), String::new()),
        7 => inside("(memory $more 65536)\n".repeat(1 + size % 90), String::new()),
        // These exhaust the time and memory of the compiler.
        8 => inside(
            String::new(),
            format!("{}{}", "(block ".repeat(size), ")".repeat(size)),
        ),
        9 => inside(
            format!("(func {})", format!("(local {})", "i64 ".repeat(100)).repeat(size % 600)),
            String::new(),
        ),
        10 => {
            let locals = format!("(local {})", "i64 ".repeat(1000)).repeat(1 + size % 49);
            inside(format!("(func {locals})\n").repeat(1 + size % 300), String::new())
        }
        11 => inside("(func)\n".repeat(size), String::new()),
        12 => inside(
            String::new(),
            format!("(block (br_table {} (i32.const 0)))", "0 ".repeat(1 + size)),
        ),
        13 => {
            let mut items = String::from("(func $b (param i32) (result i32) (local.get 0)");
            for _ in 0..size {
                items.push_str("(i32.const 3) i32.mul ");
            }
            items.push(')');
            inside(items, "(drop (call $b (i32.const 1)))".into())
        }
        14 => {
            let mut items = String::from("(func (param i64) (result i64) (local.get 0)");
            items.push_str(&"(local.get 0) ".repeat(size));
            items.push_str(&"i64.add ".repeat(size));
            items.push(')');
            inside(items, String::new())
        }
        15 => inside("(global i32 (i32.const 1))\n".repeat(size), String::new()),
        16 => inside(
            format!("(data (i32.const 0) \"{}\")\n", "x".repeat(100)).repeat(size % 50_000),
            String::new(),
        ),
        // These exhaust the recursion and the counts of parsers and validators.
        17 => component(format!("{}{}", "(component ".repeat(size % 3000), ")".repeat(size % 3000))),
        18 => {
            let mut text = String::from("(type $t0 (list u8))");
            for depth in 0..size % 2000 {
                let _ = write!(text, "(type $t{} (tuple $t{depth} $t{depth}))", depth + 1);
            }
            let last = size % 2000;
            component(format!("{text}(type $f (func (param \"p\" $t{last})))(import \"f\" (func (type $f)))"))
        }
        19 => {
            let mut text = String::new();
            // With more imports, the assembler takes minutes.
            for number in 0..size % 3000 {
                let _ = write!(text, "(import \"i{number}\" (func))");
            }
            component(text)
        }
        20 => {
            let mut text = String::from("(core module $m (memory 1000))");
            for _ in 0..size % 5000 {
                text.push_str("(core instance (instantiate $m))");
            }
            component(format!("{text}(instance $i)(export \"{}\" (instance $i))", contract("deciders")))
        }
        21 => component(format!("(type (record {}))", {
            let mut fields = String::new();
            for number in 0..size {
                let _ = write!(fields, "(field \"f{number}\" u8)");
            }
            fields
        })),
        22 => {
            // Instances of instances: each level doubles their number.
            let mut text = String::from("(component $c0 (core module $m (memory 1)) (core instance (instantiate $m)))");
            for level in 0..size % 20 {
                let _ = write!(
                    text,
                    "(component $c{} (alias outer 1 $c{level} (component $c)) (instance (instantiate $c)) (instance (instantiate $c)))",
                    level + 1
                );
            }
            component(format!(
                "{text}(instance (instantiate $c{}))(instance $i)(export \"{}\" (instance $i))",
                size % 20,
                contract("deciders")
            ))
        }
        _ => Ok(wat::parse_str(format!(
            "(module (@custom \"component-type:x\" \"{}\"))",
            "\\00\\61\\73\\6d\\0d\\00\\01\\00".repeat(1 + size % 1000)
        ))?),
    }
}
