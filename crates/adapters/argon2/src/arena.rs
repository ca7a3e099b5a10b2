use std::collections::TryReserveError;

use argon2::Block;

/// The memory that one thread hashes in. Making it anew for every hash costs half as much again as the hash.
pub(crate) struct Arena {
    kept: Vec<Block>,
}

impl Arena {
    /// An arena that keeps so many blocks of 1 KiB.
    pub(crate) fn new(blocks: usize) -> Self {
        Self { kept: vec![Block::new(); blocks] }
    }

    /// Lends so many blocks. More than are kept are made for this one use, and given back after it.
    ///
    /// # Errors
    ///
    /// If there is not that much memory.
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
    fn more_than_is_kept_is_lent_and_not_kept() {
        let mut arena = Arena::new(8);
        for blocks in [8, 64, 1] {
            assert_eq!(arena.lend(blocks, |blocks| blocks.len()), Ok(blocks));
        }
        assert_eq!(arena.kept.len(), 8);
    }

    #[test]
    fn memory_that_is_not_there_is_an_error() {
        assert!(Arena::new(8).lend(usize::MAX, |_| ()).is_err());
    }
}
