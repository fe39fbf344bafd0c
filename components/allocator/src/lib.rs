//! The memory allocator of the framework's components.
//!
//! A command crosses several components, and each component copies the strings of its records. So components allocate
//! and free small blocks often: with the standard library's allocator alone, this costs a quarter of a command's
//! instructions. This allocator keeps free blocks of a few sizes in lists and allocates from a list in a few
//! instructions. The standard library allocates larger blocks.
//!
//! A freed block stays in the list of its size. So for each size, the allocator keeps the memory of the highest
//! concurrent use.
//!
//! A component installs this allocator by `use annals_allocator as _;`. The allocator relies on the single thread of a
//! component, so only components may use it.
//!
//! Only wasm32-unknown-unknown gets this allocator. On wasm32-wasip1 and wasm32-wasip2 the C library frees results of host
//! calls with its own `free`, and `cabi_realloc` has allocated them with the global allocator. So these two must be one
//! allocator there: the C library's.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::ptr;

/// Sizes of blocks, in bytes. They are multiples of [`ALIGN`], so consecutive blocks of a slab are aligned.
const SIZES: [usize; 12] = [16, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024];
/// Alignment of every block, in bytes.
const ALIGN: usize = 16;
/// The size of the largest block that a list provides.
const LARGEST: usize = SIZES[SIZES.len() - 1];
/// Maximum bytes of a slab, which one call to the standard library allocates for several blocks.
const SLAB: usize = 4096;

/// The list for each size. The index is the number of whole units of [`ALIGN`] before the size's last byte.
const LISTS: [u8; LARGEST / ALIGN] = {
    let mut lists = [0; LARGEST / ALIGN];
    let (mut units, mut list) = (0, 0);
    while units < lists.len() {
        if (units + 1) * ALIGN > SIZES[list as usize] {
            list += 1;
        }
        lists[units] = list;
        units += 1;
    }
    lists
};

/// Number of list heads. It is a power of two, so that a mask replaces the bounds check of each access.
const HEADS: usize = SIZES.len().next_power_of_two();

/// A free block. Its first word points to the next free block of its size, or is null.
type Block = *mut u8;

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
#[global_allocator]
static ALLOCATOR: Pools = Pools::new();

/// Lists of free blocks.
#[derive(Debug)]
pub struct Pools {
    /// For each size, the first free block, or null.
    free: [Cell<Block>; HEADS],
}

// SAFETY: a component has one thread, and the only shared value of this type is the global allocator of a component.
unsafe impl Sync for Pools {}

impl Pools {
    /// Creates empty lists.
    #[must_use]
    #[allow(clippy::new_without_default, reason = "a default cannot be constant")]
    pub const fn new() -> Self {
        Self {
            free: [const { Cell::new(ptr::null_mut()) }; HEADS],
        }
    }

    /// The list for blocks of a layout; `None` for large blocks and large alignments.
    #[inline]
    fn list(layout: Layout) -> Option<usize> {
        // No caller allocates 0 bytes. Such a request would count as a large block.
        let list = *LISTS.get(layout.size().wrapping_sub(1) / ALIGN)?;
        (layout.align() <= ALIGN).then_some(list as usize % HEADS)
    }

    /// Allocates a slab for an empty list. Returns the slab's first block and puts the other blocks into the list.
    /// Returns null if there is no memory.
    #[cold]
    fn refill(&self, list: usize) -> Block {
        let size = SIZES[list];
        let count = (SLAB / size).max(1);
        let Ok(layout) = Layout::from_size_align(count * size, ALIGN) else {
            return ptr::null_mut();
        };
        // SAFETY: the size of the layout is not 0.
        let slab = unsafe { System.alloc(layout) };
        if slab.is_null() {
            return slab;
        }
        let mut next = ptr::null_mut();
        for index in (1..count).rev() {
            // SAFETY: the block lies within the slab, is aligned for a pointer, and is not in use.
            unsafe {
                let block = slab.add(index * size);
                block.cast::<Block>().write(next);
                next = block;
            }
        }
        self.free[list].set(next);
        slab
    }
}

// SAFETY: a block of a list is at least as large as the layout for which `alloc` returns it, and aligned to `ALIGN`. A
// block in use is in no list: `alloc` removes it, and `dealloc` finds the same list by the same layout.
unsafe impl GlobalAlloc for Pools {
    #[inline(never)]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let Some(list) = Self::list(layout) else {
            // SAFETY: the caller upholds the contract of `alloc`.
            return unsafe { System.alloc(layout) };
        };
        let block = self.free[list].get();
        if block.is_null() {
            return self.refill(list);
        }
        // SAFETY: a free block begins with a pointer to the next free block.
        self.free[list].set(unsafe { block.cast::<Block>().read() });
        block
    }

    #[inline(never)]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        let Some(list) = Self::list(layout) else {
            // SAFETY: the caller upholds the contract of `dealloc`, and `alloc` got a block of this layout from
            // `System`.
            return unsafe { System.dealloc(block, layout) };
        };
        // SAFETY: the caller does not use the block any more, and the block has room for a pointer.
        unsafe { block.cast::<Block>().write(self.free[list].get()) };
        self.free[list].set(block);
    }

    #[inline(never)]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller promises that the new size fits a layout.
        let new = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        match (Self::list(layout), Self::list(new)) {
            // SAFETY: the caller upholds the contract of `realloc`, and `alloc` got the block from `System`.
            (None, None) => unsafe { System.realloc(block, layout, size) },
            (Some(old), Some(new)) if old == new => block,
            _ => {
                // SAFETY: the blocks do not overlap, and each has at least the smaller size.
                unsafe {
                    let moved = self.alloc(new);
                    if !moved.is_null() {
                        ptr::copy_nonoverlapping(block, moved, layout.size().min(size));
                        self.dealloc(block, layout);
                    }
                    moved
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(size: usize, align: usize) -> Layout {
        Layout::from_size_align(size, align).expect("a layout")
    }

    #[test]
    fn every_layout_has_the_smallest_block_that_holds_it() {
        for size in 1..=LARGEST {
            let list = Pools::list(layout(size, 8)).expect("a list");
            assert!(SIZES[list] >= size, "{size}");
            assert!(list == 0 || SIZES[list - 1] < size, "{size}");
        }
        assert_eq!(Pools::list(layout(LARGEST + 1, 8)), None);
        assert_eq!(Pools::list(layout(64, 32)), None);
    }

    /// Fills, grows, shrinks and frees blocks of all sizes. A sequence of numbers determines the order.
    #[test]
    fn blocks_do_not_overlap_and_keep_what_is_in_them() {
        let pools = Pools::new();
        let mut blocks: Vec<(*mut u8, Layout, u8)> = Vec::new();
        let mut random = 1_u64;
        let mut number = |below: usize| {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            usize::try_from(random >> 33).expect("31 bits") % below
        };
        let check = |block: *mut u8, layout: Layout, fill: u8, size: usize| {
            assert!(block.addr().is_multiple_of(layout.align()));
            // SAFETY: the block is in use and was filled.
            let bytes = unsafe { std::slice::from_raw_parts(block, size) };
            assert!(bytes.iter().all(|byte| *byte == fill));
        };
        for step in 0..50_000_u32 {
            let fill = step.to_le_bytes()[0];
            let most = if number(10) == 0 { 5_000 } else { 300 };
            let size = 1 + number(most);
            // SAFETY: every block is freed once, with the layout that it has.
            unsafe {
                match number(3) {
                    0 if !blocks.is_empty() => {
                        let (block, layout, fill) = blocks.swap_remove(number(blocks.len()));
                        check(block, layout, fill, layout.size());
                        pools.dealloc(block, layout);
                    }
                    1 if !blocks.is_empty() => {
                        let index = number(blocks.len());
                        let (block, old, kept) = blocks[index];
                        let moved = pools.realloc(block, old, size);
                        let new = layout(size, old.align());
                        check(moved, new, kept, size.min(old.size()));
                        moved.write_bytes(fill, size);
                        blocks[index] = (moved, new, fill);
                    }
                    _ => {
                        let layout = layout(size, 1 << number(6));
                        let block = pools.alloc(layout);
                        block.write_bytes(fill, size);
                        blocks.push((block, layout, fill));
                    }
                }
            }
        }
        for (block, layout, fill) in blocks {
            check(block, layout, fill, layout.size());
            // SAFETY: as above.
            unsafe { pools.dealloc(block, layout) };
        }
    }

    #[test]
    fn a_freed_block_is_the_next_one_of_its_size() {
        let pools = Pools::new();
        let layout = layout(40, 8);
        // SAFETY: both blocks are freed once, with their layout.
        unsafe {
            let first = pools.alloc(layout);
            let second = pools.alloc(layout);
            assert_ne!(first, second);
            pools.dealloc(first, layout);
            assert_eq!(pools.alloc(layout), first);
            pools.dealloc(first, layout);
            pools.dealloc(second, layout);
        }
    }
}
