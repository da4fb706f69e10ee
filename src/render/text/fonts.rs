//! The fonts that texts are drawn with: those that come along, the owner's, the system's.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use bytes::Bytes;
use cosmic_text::fontdb::{Database, Source, Style};
use cosmic_text::{FontSystem, SwashCache};

/// Language that decides between characters that several share; nothing in a URL says one.
const LOCALE: &str = "en-US";

/// Bytes of drawn letters that one setter keeps.
const MAX_CACHED: usize = 8 << 20;

/// What stands in for families that are not there, in the order of preference: first those of the same
/// widths, last what always comes along.
const STAND_INS: &[(&[&str], &[&str])] = &[
    (
        &["arial", "helvetica", "helvetica neue", "arimo", "swiss"],
        &["Liberation Sans", "Arimo", "Nimbus Sans", "FreeSans", SANS],
    ),
    (
        &["times", "times new roman", "times roman", "tinos"],
        &[
            "Liberation Serif",
            "Tinos",
            "Nimbus Roman",
            "FreeSerif",
            SERIF,
        ],
    ),
    (
        &["courier", "courier new", "cousine"],
        &[
            "Liberation Mono",
            "Cousine",
            "Nimbus Mono PS",
            "FreeMono",
            MONO,
        ],
    ),
    (
        &["georgia", "gelasio"],
        &["Gelasio", "Liberation Serif", SERIF],
    ),
    (
        &["verdana", "tahoma", "geneva", "bitstream vera sans"],
        &[SANS],
    ),
    (&["calibri"], &["Carlito", "Liberation Sans", SANS]),
    (&["cambria"], &["Caladea", "Liberation Serif", SERIF]),
    (&["impact", "arial narrow"], &["Anton", CONDENSED]),
    (
        &["trebuchet ms", "comic sans ms"],
        &["Fira Sans", "Comic Neue", SANS],
    ),
    (&["consolas", "monaco", "menlo", "monospace"], &[MONO]),
    (&["serif"], &[SERIF]),
    (&["sans-serif", "sans"], &[SANS]),
];

const SANS: &str = "DejaVu Sans";
const CONDENSED: &str = "DejaVu Sans Condensed";
const SERIF: &str = "DejaVu Serif";
const MONO: &str = "DejaVu Sans Mono";

/// A font file of the owner's.
#[derive(Clone, Debug)]
pub struct FontFile {
    /// Its name, with the folders below the fonts' own.
    pub name: Box<str>,
    /// What is in it.
    pub bytes: Bytes,
}

/// The fonts that texts are drawn with. Looked through when the first text is drawn.
pub struct Fonts {
    files: Vec<FontFile>,
    system: bool,
    known: OnceLock<Known>,
    /// Setters that nobody uses at the moment.
    idle: Mutex<Vec<Setter>>,
}

/// What is there.
struct Known {
    database: Database,
    /// Families by their names in lower case.
    families: BTreeMap<String, String>,
    /// The first family of each of the owner's files, or `None` for one that is broken, by its name in
    /// lower case.
    files: BTreeMap<String, Option<String>>,
}

/// What sets and draws letters, one for each thread that does.
pub(super) struct Setter {
    pub(super) system: FontSystem,
    pub(super) cache: SwashCache,
    /// Bytes in the cache, roughly.
    pub(super) cached: usize,
}

impl fmt::Debug for Fonts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fonts")
            .field("files", &self.files.len())
            .field("system", &self.system)
            .finish_non_exhaustive()
    }
}

/// A family to draw with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Family {
    /// As the font names itself.
    pub(super) name: String,
    /// Another was asked for.
    pub(super) stands_in: bool,
}

/// A font that cannot be used: the file's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Broken(pub(super) Box<str>);

impl Fonts {
    /// The fonts that come along, the owner's files, and the system's where `system` says so.
    #[must_use]
    pub const fn new(files: Vec<FontFile>, system: bool) -> Self {
        Self {
            files,
            system,
            known: OnceLock::new(),
            idle: Mutex::new(Vec::new()),
        }
    }

    fn known(&self) -> &Known {
        self.known.get_or_init(|| {
            let mut database = Database::new();
            for font in bundled() {
                database.load_font_source(Source::Binary(Arc::new(font)));
            }
            if self.system {
                database.load_system_fonts();
            }
            let files = self
                .files
                .iter()
                .map(|file| (file.name.to_lowercase(), load(&mut database, &file.bytes)))
                .collect();
            let families = database
                .faces()
                .flat_map(|face| face.families.iter().map(|(name, _)| name))
                .map(|name| (name.to_lowercase(), name.clone()))
                .collect();
            database.set_sans_serif_family(SANS);
            database.set_serif_family(SERIF);
            database.set_monospace_family(MONO);
            Known {
                database,
                families,
                files,
            }
        })
    }

    /// The family that draws what is asked for.
    pub(super) fn family(&self, asked: &str) -> Result<Family, Broken> {
        let known = self.known();
        // `Name@google` names a family of a library that is not asked here.
        let name = asked.split('@').next().unwrap_or(asked).trim();
        let lower = name.to_lowercase();
        if is_file(&lower) {
            let path = lower.replace(':', "/");
            match known.files.get(&path) {
                Some(Some(family)) => {
                    return Ok(Family {
                        name: family.clone(),
                        stands_in: false,
                    });
                }
                Some(None) => return Err(Broken(path.into())),
                None => {}
            }
        }
        if let Some(family) = known.families.get(&lower) {
            return Ok(Family {
                name: family.clone(),
                stands_in: false,
            });
        }
        let listed = STAND_INS
            .iter()
            .find(|(names, _)| names.contains(&lower.as_str()))
            .map(|(_, instead)| *instead);
        let instead = listed.unwrap_or_else(|| by_name(&lower));
        let found = instead
            .iter()
            .find_map(|name| known.families.get(&name.to_lowercase()));
        Ok(Family {
            name: found.cloned().unwrap_or_else(|| SANS.to_owned()),
            stands_in: true,
        })
    }

    /// Lends a setter. One that panics is gone; the next text gets a new one.
    pub(super) fn set<T>(&self, work: impl FnOnce(&mut Setter) -> T) -> T {
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = idle().pop();
        let mut setter = waiting.unwrap_or_else(|| Setter {
            system: FontSystem::new_with_locale_and_db(
                LOCALE.to_owned(),
                self.known().database.clone(),
            ),
            cache: SwashCache::new(),
            cached: 0,
        });
        let done = work(&mut setter);
        if setter.cached > MAX_CACHED {
            setter.cache.image_cache.clear();
            setter.cached = 0;
        }
        idle().push(setter);
        done
    }
}

impl Fonts {
    /// Lends a setter that knows one more font, that font's family, weight and slant; `None` where the
    /// file is none. Other fonts of its family are out of the way.
    pub(super) fn set_in<T>(
        &self,
        file: &Bytes,
        work: impl FnOnce(&mut Setter, &str, (u16, bool)) -> T,
    ) -> Option<T> {
        let mut own = Database::new();
        let family = load(&mut own, file)?;
        let face = own.faces().next()?;
        let looks = (face.weight.0, face.style != Style::Normal);
        let mut database = self.known().database.clone();
        let others: Vec<_> = database
            .faces()
            .filter(|face| face.families.iter().any(|(name, _)| *name == family))
            .map(|face| face.id)
            .collect();
        for other in others {
            database.remove_face(other);
        }
        load(&mut database, file)?;
        let mut setter = Setter {
            system: FontSystem::new_with_locale_and_db(LOCALE.to_owned(), database),
            cache: SwashCache::new(),
            cached: 0,
        };
        Some(work(&mut setter, &family, looks))
    }
}

impl Default for Fonts {
    /// Only the fonts that come along: the same everywhere.
    fn default() -> Self {
        Self::new(Vec::new(), false)
    }
}

/// Whether a font can be read from a file.
#[must_use]
pub fn is_font(bytes: &Bytes) -> bool {
    load(&mut Database::new(), bytes).is_some()
}

fn is_file(name: &str) -> bool {
    [".ttf", ".otf", ".ttc", ".woff2", ".woff"]
        .iter()
        .any(|extension| name.ends_with(extension))
}

/// A family for a name that nobody knows.
fn by_name(lower: &str) -> &'static [&'static str] {
    let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    if has(&["mono", "courier", "code", "consol"]) {
        &[MONO]
    } else if has(&[
        "serif",
        "slab",
        "times",
        "roman",
        "playfair",
        "merriweather",
        "lora",
    ]) && !has(&["sans"])
    {
        &[SERIF]
    } else {
        &[SANS]
    }
}

/// Loads a file; its first family, if there is a font in it.
fn load(database: &mut Database, bytes: &Bytes) -> Option<String> {
    let ids = database.load_font_source(Source::Binary(Arc::new(bytes.clone())));
    let face = database.face(*ids.first()?)?;
    face.families.first().map(|(name, _)| name.clone())
}

fn bundled() -> [&'static [u8]; 18] {
    [
        dejavu::sans::regular(),
        dejavu::sans::bold(),
        dejavu::sans::oblique(),
        dejavu::sans::bold_oblique(),
        dejavu::sans::extra_light(),
        dejavu::sans_condensed::regular(),
        dejavu::sans_condensed::bold(),
        dejavu::sans_condensed::oblique(),
        dejavu::sans_condensed::bold_oblique(),
        dejavu::sans_mono::regular(),
        dejavu::sans_mono::bold(),
        dejavu::sans_mono::oblique(),
        dejavu::sans_mono::bold_oblique(),
        dejavu::serif::regular(),
        dejavu::serif::bold(),
        dejavu::serif::italic(),
        dejavu::serif::bold_italic(),
        dejavu::serif_condensed::regular(),
    ]
}

/// Why a text looks other than asked.
pub(super) fn note(asked: &str, family: &Family) -> Cow<'static, str> {
    format!("the font \"{asked}\" is not here: {} is used", family.name).into()
}
