//! Pages of a TIFF file: directories, each naming the next.

use super::bytes::{be16, be32, index, le16, le32};

/// Most pages that are counted.
const MOST_PAGES: usize = 1000;

/// Bytes of an entry of a directory.
const ENTRY: usize = 12;

/// The entry that holds Photoshop's resources.
const PHOTOSHOP: u16 = 34377;

/// Where the header names the first directory.
const FIRST: usize = 4;

/// How many pages there are, at least one.
pub(super) fn count(bytes: &[u8]) -> u32 {
    u32::try_from(directories(bytes).count()).map_or(1, |count| count.max(1))
}

/// The file with a page, counted from 0, as its first; `None` when there is no such page.
pub(super) fn beginning_with(bytes: &[u8], page: usize) -> Option<Vec<u8>> {
    let at = directories(bytes).nth(page)?;
    let at = if bytes.starts_with(b"MM") {
        at.to_be_bytes()
    } else {
        at.to_le_bytes()
    };
    let mut file = bytes.to_vec();
    file.get_mut(FIRST..FIRST + 4)?.copy_from_slice(&at);
    Some(file)
}

/// Photoshop's resources of the first page.
pub(in crate::render) fn photoshop(bytes: &[u8]) -> Option<&[u8]> {
    let big = bytes.starts_with(b"MM");
    let at = index(directories(bytes).next()?);
    let half = |at| {
        if big {
            be16(bytes, at)
        } else {
            le16(bytes, at)
        }
    };
    let word = |at| {
        if big {
            be32(bytes, at)
        } else {
            le32(bytes, at)
        }
    };
    let entries = usize::from(half(at)?);
    let entry = (0..entries)
        .filter_map(|n| at.checked_add(2 + n * ENTRY))
        .find(|&entry| half(entry) == Some(PHOTOSHOP))?;
    // Bytes, of any kind or none.
    matches!(half(entry + 2)?, 1 | 7).then_some(())?;
    let length = index(word(entry + 4)?);
    let from = index(word(entry + 8)?);
    bytes.get(from..)?.get(..length)
}

/// Where each directory stands. A file whose directories name one another in a circle ends at the limit.
fn directories(bytes: &[u8]) -> impl Iterator<Item = u32> {
    let big = bytes.starts_with(b"MM");
    let word = move |at| {
        if big {
            be32(bytes, at)
        } else {
            le32(bytes, at)
        }
    };
    let half = move |at| {
        if big {
            be16(bytes, at)
        } else {
            le16(bytes, at)
        }
    };
    let next = move |at: &u32| {
        let at = index(*at);
        let entries = usize::from(half(at)?);
        word(at.checked_add(2 + entries * ENTRY)?).filter(|&at| at > 0)
    };
    let first = word(FIRST).filter(|&at| at > 0 && half(index(at)).is_some());
    std::iter::successors(first, next)
        .take_while(move |&at| half(index(at)).is_some())
        .take(MOST_PAGES)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two directories without entries, then one that names the first again.
    #[test]
    fn directories_are_followed_and_circles_end() {
        let mut file = b"II*\0\x08\0\0\0\0\0\x0e\0\0\0\0\0\0\0\0\0".to_vec();
        assert_eq!(count(&file), 2);
        let second = beginning_with(&file, 1).unwrap();
        assert_eq!(count(&second), 1);
        assert!(beginning_with(&file, 2).is_none());
        file[16] = 8;
        assert_eq!(count(&file), 1000);
        assert_eq!(count(b"II*\0\xff\xff\xff\xff"), 1);
        assert_eq!(count(b"MM"), 1);
    }
}
