//! `cabi_realloc` of generated modules: a bump allocator. It places each new allocation after the
//! earlier ones, until the module resets the bump.

use wasm_encoder::{BlockType, Function, ValType};

const I32: ValType = ValType::I32;

/// Old address, old size, alignment, new size.
pub const PARAMS: &[ValType] = &[I32; 4];

/// The new address.
pub const RESULTS: &[ValType] = &[I32];

/// The function's body. The global `bump` of type `i32` holds the address after the last byte in
/// use.
#[must_use]
pub fn body(bump: u32) -> Function {
    // Local 4: the new address.
    let mut body = Function::new([(1, I32)]);
    let mut i = body.instructions();
    // address = align_up(bump, alignment)
    i.global_get(bump).local_get(2).i32_add();
    i.i32_const(1).i32_sub();
    i.i32_const(0).local_get(2).i32_sub().i32_and();
    i.local_tee(4).local_get(3).i32_add().global_set(bump);
    // Trap if the address wrapped around.
    i.global_get(bump).local_get(4).i32_lt_u();
    i.if_(BlockType::Empty).unreachable().end();
    // Grow the memory if it ends before the bump.
    i.global_get(bump);
    i.memory_size(0).i32_const(16).i32_shl().i32_gt_u();
    i.if_(BlockType::Empty);
    i.global_get(bump);
    i.memory_size(0).i32_const(16).i32_shl().i32_sub();
    i.i32_const(65535).i32_add().i32_const(16).i32_shr_u();
    i.memory_grow(0).i32_const(-1).i32_eq();
    i.if_(BlockType::Empty).unreachable().end();
    i.end();
    // Reallocations are rare. Copy the smaller of the two sizes.
    i.local_get(1).if_(BlockType::Empty);
    i.local_get(4).local_get(0);
    i.local_get(1).local_get(3);
    i.local_get(1).local_get(3).i32_lt_u().select();
    i.memory_copy(0, 0).end();
    i.local_get(4).end();
    body
}
