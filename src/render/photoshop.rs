//! Photoshop's image resources, as JPEG and TIFF carry them: read and written.

/// What they stand behind in a segment of a JPEG.
pub(super) const SIGNATURE: &[u8] = b"Photoshop 3.0\0";
/// Numbers of the resources that are paths.
pub(super) const PATHS: std::ops::RangeInclusive<u16> = 2000..=2997;
/// Number of the resource that names the path for clipping.
pub(super) const NAME: u16 = 2999;
/// Bytes of a record of a path.
pub(super) const RECORD: usize = 26;

/// One resource of Photoshop's.
#[derive(Clone)]
pub(super) struct Resource<'a> {
    pub id: u16,
    pub name: &'a [u8],
    pub data: &'a [u8],
}

impl Resource<'_> {
    /// As it stands in a block.
    pub fn write(&self, into: &mut Vec<u8>) {
        into.extend(b"8BIM");
        into.extend(self.id.to_be_bytes());
        into.push(u8::try_from(self.name.len()).unwrap_or(u8::MAX));
        into.extend(self.name.iter().take(u8::MAX.into()));
        padded(into);
        into.extend(
            u32::try_from(self.data.len())
                .unwrap_or(u32::MAX)
                .to_be_bytes(),
        );
        into.extend(self.data);
        padded(into);
    }
}

/// To an even number of bytes: everything in a block has one.
fn padded(block: &mut Vec<u8>) {
    block.resize(block.len().next_multiple_of(2), 0);
}

/// The resources of a block, one after the other; what is damaged ends them.
#[derive(Clone)]
pub(super) struct Resources<'a> {
    rest: &'a [u8],
}

impl<'a> Resources<'a> {
    pub const fn new(block: &'a [u8]) -> Self {
        Self { rest: block }
    }
}

impl<'a> Iterator for Resources<'a> {
    type Item = Resource<'a>;

    fn next(&mut self) -> Option<Resource<'a>> {
        let body = self.rest.strip_prefix(b"8BIM")?;
        let (id, body) = body.split_first_chunk::<2>()?;
        let name = pascal(body)?;
        // The name with its length is padded to an even number of bytes, and so are the data.
        let body = body.get((name.len() + 1).next_multiple_of(2)..)?;
        let (length, body) = body.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let data = body.get(..length)?;
        let next = length.checked_next_multiple_of(2)?;
        self.rest = body.get(next..).unwrap_or_default();
        Some(Resource {
            id: u16::from_be_bytes(*id),
            name,
            data,
        })
    }
}

/// A text behind its length.
pub(super) fn pascal(bytes: &[u8]) -> Option<&[u8]> {
    let (length, text) = bytes.split_first()?;
    text.get(..usize::from(*length))
}
