//! The sources of a picture's layers: stored pictures, drawn texts, tables of colours.

use std::borrow::Cow;
use std::cell::RefCell;

use bytes::Bytes;

use super::error::Error;
use super::look::look;
use super::raster::{Raster, Table};
use super::text::{self, Fonts};
use super::{Budget, probe};
use crate::plan::{self, EffectStep, Facts, Layers, Needs, Seen, Size, Step, Text};
use crate::spec::{AssetRef, Turn};

/// What a plan's layers are made of, and what was drawn while the plan was made. Numbers that a plan
/// names are places in here.
#[derive(Debug)]
pub struct Sources<'a> {
    /// Stored assets; those that nobody has are `None`.
    stored: &'a [(AssetRef, Option<Bytes>)],
    fonts: &'a Fonts,
    budget: &'a Budget,
    /// The picture itself.
    base: Option<&'a [u8]>,
    texts: RefCell<Vec<Raster>>,
    tables: RefCell<Vec<Table>>,
    notes: RefCell<Vec<(Box<str>, Cow<'static, str>)>>,
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
            base: None,
            texts: RefCell::new(Vec::new()),
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
                let drawn = texts.get(number - self.stored.len())?;
                Some(Source::Drawn(drawn.clone()))
            }
        }
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
        // A picture that cannot be looked at is refused when it is rendered, with its reason.
        let found =
            probe(base).and_then(|facts| look(base, &facts, orientation, needs, self.budget));
        found.unwrap_or_default()
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
        let mut files = text.font_files.iter();
        let file = files.find_map(|asset| Some(self.find(asset).ok()?.1));
        let drawn = text::draw(self.fonts, text, file, most).map_err(bad)?;
        let size = drawn.raster.size();
        if let Some(note) = drawn.note {
            let mut notes = self.notes.borrow_mut();
            if !notes.iter().any(|(_, told)| *told == note) {
                notes.push((name(), note));
            }
        }
        let mut texts = self.texts.borrow_mut();
        texts.push(drawn.raster);
        Ok((self.stored.len() + texts.len() - 1, size))
    }

    // The pixels are made again when the plan is followed: trims are rare, and most come first.
    fn trimmed(&self, of: Option<usize>, steps: &[Step], trim: &EffectStep) -> Option<Size> {
        let EffectStep::Trim {
            colour, tolerance, ..
        } = trim
        else {
            return None;
        };
        let picture = match of {
            None => super::draw::stepped(self.base?, steps, self, self.budget),
            Some(number) => match self.get(number)? {
                Source::Stored(bytes) => super::draw::stepped(bytes, steps, self, self.budget),
                Source::Drawn(raster) => super::draw::follow(raster, steps, &[], self, self.budget),
            },
        };
        // What fails here fails in the same way when the plan is followed.
        let picture = picture.ok()?;
        let content = picture.content(*colour, *tolerance);
        Some(content.map_or(picture.size(), |rect| Size::new(rect.width, rect.height)))
    }
}
