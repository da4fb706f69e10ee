//! A file that a codec reads or writes piece by piece, with an eye on the budget: codecs that cannot be asked to stop do stop when
//! their file says that it is broken.

use std::io::{BufRead, Error, Read, Result, Seek, SeekFrom, Write};

use super::budget::Budget;

/// Bytes between two looks at the budget: a few milliseconds of any codec's work.
const GLANCE: usize = 1 << 15;

/// A file under watch.
pub(super) struct Watched<'a, T> {
    file: T,
    budget: &'a Budget,
    /// Bytes since the last look.
    since: usize,
}

impl<'a, T> Watched<'a, T> {
    pub fn new(file: T, budget: &'a Budget) -> Self {
        Self {
            file,
            budget,
            since: 0,
        }
    }

    pub fn into_inner(self) -> T {
        self.file
    }

    fn glance(&mut self, bytes: usize) -> Result<()> {
        self.since += bytes;
        if self.since >= GLANCE {
            self.since = 0;
            self.budget
                .check()
                .map_err(|stopped| Error::other(stopped.to_string()))?;
        }
        Ok(())
    }
}

impl<T: Write> Write for Watched<'_, T> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.glance(bytes.len())?;
        self.file.write(bytes)
    }

    fn flush(&mut self) -> Result<()> {
        self.file.flush()
    }
}

impl<T: Read> Read for Watched<'_, T> {
    fn read(&mut self, into: &mut [u8]) -> Result<usize> {
        self.glance(into.len())?;
        self.file.read(into)
    }
}

impl<T: BufRead> BufRead for Watched<'_, T> {
    fn fill_buf(&mut self) -> Result<&[u8]> {
        self.file.fill_buf()
    }

    fn consume(&mut self, bytes: usize) {
        self.since += bytes;
        self.file.consume(bytes);
    }
}

impl<T: Seek> Seek for Watched<'_, T> {
    fn seek(&mut self, to: SeekFrom) -> Result<u64> {
        self.file.seek(to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_breaks_when_its_budget_ends() {
        let budget = Budget::unlimited();
        let mut file = Watched::new(Vec::new(), &budget);
        let piece = [7; 1000];
        for _ in 0..100 {
            file.write_all(&piece).unwrap();
        }
        budget.cancel();
        let left = (0..100).take_while(|_| file.write_all(&piece).is_ok());
        assert!(left.count() < GLANCE / piece.len() + 1);
        let whole = vec![1; 1 << 20];
        let mut file = Watched::new(whole.as_slice(), &budget);
        assert!(file.read_to_end(&mut Vec::new()).is_err());
    }
}
