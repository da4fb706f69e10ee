//! The sources of a picture's layers: stored pictures, drawn texts, tables of colours.

use std::borrow::Cow;
use std::cell::RefCell;
use std::sync::Arc;

use bytes::Bytes;

use super::error::Error;
use super::ledger::{Ledger, Share};
use super::look::{look, look_memory};
use super::raster::{Raster, Table};
use super::text::{self, Fonts};
use super::{Budget, probe};
use crate::plan::{
    self, EffectStep, Facts, Layers, Needs, Seen, Size, Step, Text, drawn_memory, inspection_memory,
};
use crate::spec::{AssetRef, Turn};

/// What a plan's layers are made of, and what was drawn while the plan was made. Numbers that a plan
/// names are places in here.
#[derive(Debug)]
pub struct Sources<'a> {
    /// Stored assets; those that nobody has are `None`.
    stored: &'a [(AssetRef, Option<Bytes>)],
    fonts: &'a Fonts,
    budget: &'a Budget,
    /// Where inspection takes its memory from.
    ledger: Option<&'a Arc<Ledger>>,
    /// The picture itself.
    base: Option<&'a [u8]>,
    texts: RefCell<Texts>,
    tables: RefCell<Vec<Table>>,
    notes: RefCell<Vec<(Box<str>, Cow<'static, str>)>>,
}

/// Bytes of drawn texts that are kept from planning to rendering. A plan counts at least as much
/// for the smallest picture, so these need no share of the ledger while the rendering waits for its
/// own.
const KEPT_TEXTS: usize = 1 << 20;

/// The texts of a plan, in the order of their numbers.
#[derive(Debug)]
struct Texts {
    drawn: Vec<DrawnText>,
    /// Bytes of the rasters among them.
    kept: usize,
}

#[derive(Debug)]
struct DrawnText {
    text: Text,
    /// The most pixels that it may have.
    most: u64,
    /// `None` for a text that is too large to be kept: it is drawn again when it is laid.
    raster: Option<Raster>,
}

/// The pixels or bytes of one source.
pub(super) enum Source<'s> {
    Stored(&'s Bytes),
    Drawn(Raster),
}

impl<'a> Sources<'a> {
    /// Of these assets, with these fonts; what they cost counts against a budget.
    #[must_use]
    pub const fn new(
        stored: &'a [(AssetRef, Option<Bytes>)],
        fonts: &'a Fonts,
        budget: &'a Budget,
    ) -> Self {
        Self {
            stored,
            fonts,
            budget,
            ledger: None,
            base: None,
            texts: RefCell::new(Texts {
                drawn: Vec::new(),
                kept: 0,
            }),
            tables: RefCell::new(Vec::new()),
            notes: RefCell::new(Vec::new()),
        }
    }

    /// With the picture itself, for what only its pixels tell.
    #[must_use]
    pub const fn below(mut self, base: &'a [u8]) -> Self {
        self.base = Some(base);
        self
    }

    /// With the ledger that inspection takes its memory from while the plan is made.
    ///
    /// Nothing is held between two inspections, so that no one waits for memory while holding some.
    #[must_use]
    pub const fn within(mut self, ledger: &'a Arc<Ledger>) -> Self {
        self.ledger = Some(ledger);
        self
    }

    /// Memory for one inspection, given back when dropped.
    fn room(&self, bytes: u64) -> Result<Option<Share>, Error> {
        let ledger = self.ledger;
        ledger
            .map(|ledger| ledger.take(bytes, self.budget))
            .transpose()
    }

    /// What looks other than asked, by layer.
    #[must_use]
    pub fn into_notes(self) -> Vec<(Box<str>, Cow<'static, str>)> {
        self.notes.into_inner()
    }

    /// The source of a number. Texts are counted on behind what is stored.
    pub(super) fn get(&self, number: usize) -> Option<Source<'_>> {
        match self.stored.get(number) {
            Some((_, bytes)) => bytes.as_ref().map(Source::Stored),
            None => {
                let texts = self.texts.borrow();
                let drawn = texts.drawn.get(number - self.stored.len())?;
                if let Some(raster) = &drawn.raster {
                    return Some(Source::Drawn(raster.clone()));
                }
                let file = self.font_file(&drawn.text);
                // Whoever lays it has counted its pixels.
                let no_more = |_| Ok(None);
                let again = text::draw(self.fonts, &drawn.text, file, drawn.most, &no_more);
                Some(Source::Drawn(again.ok()?.raster))
            }
        }
    }

    /// The file of the font that a text names.
    fn font_file(&self, text: &Text) -> Option<&Bytes> {
        let mut files = text.font_files.iter();
        files.find_map(|asset| Some(self.find(asset).ok()?.1))
    }

    /// What could not be inspected is planned without; that is said, not passed over.
    fn uninspected(&self, what: &str, reason: &Error) {
        let note = format!("the picture is not inspected for it: {reason}");
        self.notes.borrow_mut().push((what.into(), note.into()));
    }

    /// Maps a picture's colours by the table of a number.
    pub(super) fn mapped(
        &self,
        raster: Raster,
        number: usize,
        budget: &Budget,
    ) -> Result<Raster, Error> {
        match self.tables.borrow().get(number) {
            Some(table) => raster.mapped(table, budget),
            None => Ok(raster),
        }
    }

    /// A stored picture after some steps, and the memory that it has meanwhile.
    fn stepped(&self, bytes: &[u8], steps: &[Step]) -> Result<(Option<Share>, Raster), Error> {
        let room = self.room(inspection_memory(&probe(bytes)?, steps))?;
        let picture = super::draw::stepped(bytes, steps, self, self.budget)?;
        Ok((room, picture))
    }

    fn find(&self, asset: &AssetRef) -> Result<(usize, &Bytes), plan::Error> {
        self.stored
            .iter()
            .enumerate()
            .find(|(_, (stored, _))| stored == asset)
            .and_then(|(number, (_, bytes))| Some((number, bytes.as_ref()?)))
            .ok_or_else(|| plan::Error::NoLayer(asset.clone()))
    }
}

impl Layers for Sources<'_> {
    fn look(&self, needs: Needs, orientation: Turn) -> Seen {
        let Some(base) = self.base else {
            return Seen::default();
        };
        let Ok(facts) = probe(base) else {
            return Seen::default();
        };
        let _room = match self.room(look_memory(&facts, orientation)) {
            Ok(room) => room,
            Err(error) => {
                self.uninspected("gravity", &error);
                return Seen::default();
            }
        };
        // A picture that cannot be looked at is refused when it is rendered, with its reason.
        look(base, &facts, orientation, needs, self.budget).unwrap_or_default()
    }

    fn picture(&self, asset: &AssetRef) -> Result<(usize, Facts), plan::Error> {
        let (number, bytes) = self.find(asset)?;
        let bad = |error: Error| plan::Error::BadLayer {
            layer: asset.to_string().into(),
            reason: error.to_string().into(),
        };
        let facts = probe(bytes).map_err(bad)?;
        self.budget.limits().source(facts.size).map_err(bad)?;
        Ok((number, facts))
    }

    fn colour_table(&self, asset: &AssetRef) -> Result<usize, plan::Error> {
        let (_, bytes) = self.find(asset)?;
        let table = Table::read(bytes).map_err(|reason| plan::Error::BadLayer {
            layer: asset.to_string().into(),
            reason: reason.into(),
        })?;
        let mut tables = self.tables.borrow_mut();
        tables.push(table);
        Ok(tables.len() - 1)
    }

    fn text(&self, text: &Text, most: u64) -> Result<(usize, Size), plan::Error> {
        let name = || -> Box<str> { text.text.chars().take(40).collect() };
        let bad = |reason| plan::Error::BadLayer {
            layer: name(),
            reason,
        };
        self.budget
            .check()
            .map_err(|error| bad(error.to_string().into()))?;
        let room = |size| {
            let room = self.room(text::memory(size));
            room.map_err(|error| text::Reason::from(error.to_string()))
        };
        let file = self.font_file(text);
        let drawn = text::draw(self.fonts, text, file, most, &room).map_err(bad)?;
        let size = drawn.raster.size();
        if let Some(note) = drawn.note {
            let mut notes = self.notes.borrow_mut();
            if !notes.iter().any(|(_, told)| *told == note) {
                notes.push((name(), note));
            }
        }
        let mut texts = self.texts.borrow_mut();
        let bytes = drawn.raster.pixels().len();
        let keeps = texts.kept + bytes <= KEPT_TEXTS;
        texts.kept += if keeps { bytes } else { 0 };
        texts.drawn.push(DrawnText {
            text: text.clone(),
            most,
            raster: keeps.then_some(drawn.raster),
        });
        Ok((self.stored.len() + texts.drawn.len() - 1, size))
    }

    // The pixels are made again when the plan is followed: trims are rare, and most come first.
    fn trimmed(&self, of: Option<usize>, steps: &[Step], trim: &EffectStep) -> Option<Size> {
        let EffectStep::Trim {
            colour, tolerance, ..
        } = trim
        else {
            return None;
        };
        // What fails here fails in the same way when the plan is followed, which takes no less
        // memory.
        let (_room, picture) = match of {
            None => self.stepped(self.base?, steps).ok()?,
            Some(number) => match self.get(number)? {
                Source::Stored(bytes) => self.stepped(bytes, steps).ok()?,
                Source::Drawn(raster) => {
                    let room = self.room(drawn_memory(raster.size(), steps)).ok()?;
                    let picture = super::draw::follow(raster, steps, &[], self, self.budget);
                    (room, picture.ok()?)
                }
            },
        };
        let content = picture.content(*colour, *tolerance);
        Some(content.map_or(picture.size(), |rect| Size::new(rect.width, rect.height)))
    }
}
