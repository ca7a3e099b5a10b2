use std::collections::TryReserveError;

use argon2::Block;

/// The memory of a hashing thread. Allocating it for every hash would make a hash 1.5 times as expensive.
pub(crate) struct Arena {
    kept: Vec<Block>,
}

impl Arena {
    /// An arena of this many blocks of 1 KiB.
    pub(crate) fn new(blocks: usize) -> Self {
        Self { kept: vec![Block::new(); blocks] }
    }

    /// Lends this many blocks. More blocks than the arena has are allocated for this one use.
    ///
    /// # Errors
    ///
    /// If the memory cannot be allocated.
    pub(crate) fn lend<T>(
        &mut self,
        blocks: usize,
        work: impl FnOnce(&mut [Block]) -> T,
    ) -> Result<T, TryReserveError> {
        if let Some(kept) = self.kept.get_mut(..blocks) {
            return Ok(work(kept));
        }
        let mut larger = Vec::new();
        larger.try_reserve_exact(blocks)?;
        larger.resize(blocks, Block::new());
        Ok(work(&mut larger))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn larger_requests_are_allocated_and_not_kept() {
        let mut arena = Arena::new(8);
        for blocks in [8, 64, 1] {
            assert_eq!(arena.lend(blocks, |blocks| blocks.len()), Ok(blocks));
        }
        assert_eq!(arena.kept.len(), 8);
    }

    #[test]
    fn a_failed_allocation_is_an_error() {
        assert!(Arena::new(8).lend(usize::MAX, |_| ()).is_err());
    }
}
