//! The parameter tables: one row per key, effect, flag, crop mode and gravity.
//!
//! Everything that lists parameters comes from here: the parser's look-up, the hints in errors, the fuzz dictionary and the
//! generated documentation.

pub mod colours;
mod effects;
mod words;

pub use effects::{Args, EFFECTS, EffectName, EffectRow};
pub use words::{ART_FILTERS, CropMode, FORMATS, FlagName, Place, WordRow, is_format};

/// What the value of a key looks like, and so which [`Value`](crate::Value) it becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Shape {
    /// A side: pixels, a decimal share, an expression, or `auto` with its arguments. Zero and negative are refused.
    Side,
    /// A number of either sign, or an expression.
    Number,
    /// A number not below zero, or an expression.
    Positive,
    /// A number above zero, `auto`, or an expression.
    Factor,
    /// A number not below zero, or a predefined value such as `idn` or `iaf`.
    NumberOrSource,
    /// `16:9`, a number, or an expression.
    Ratio,
    /// Degrees and words, joined by dots.
    Angle,
    /// One to four corners joined by colons, or `max`.
    Radius,
    /// A colour.
    Colour,
    /// A colour, or `auto`, `blurred` and `gen_fill` with their arguments.
    Background,
    /// `<width>px_solid_<colour>`.
    Border,
    /// A level, `auto` or `jpegmini`, with options.
    Quality,
    /// A format name, or `auto` with a kind.
    Format,
    /// A crop mode.
    Crop,
    /// A place, with arguments.
    Gravity,
    /// An effect with arguments.
    Effect,
    /// Flags joined by dots.
    Flags,
    /// The source of a layer.
    Layer,
    /// Seconds, a percentage, `auto`, or an expression.
    Offset,
    /// Bits per second with `k` or `m`, and `constant`.
    BitRate,
    /// A number, or a range with either end open.
    FrameRate,
    /// A number of frames, or a time with `s`.
    Sampling,
    /// Pages, layers or frames: numbers and ranges joined by `;`, or names.
    Pages,
    /// The ID of an asset, colons for slashes.
    AssetId,
    /// Names of stored transformations joined by dots.
    Names,
    /// Words joined by colons, not checked further.
    Words,
    /// A condition, `else` or `end`.
    Condition,
    /// A name and its value.
    Assignment,
}

/// Whether a parameter does something by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// It makes a component do something.
    Action,
    /// It says how another parameter of its component shall work.
    Qualifier,
    /// It says how the result is delivered or how the rest is read.
    Setting,
}

/// One row of the table.
#[derive(Debug, Clone, Copy)]
pub struct ParamRow {
    /// The key.
    pub key: ParamKey,
    /// Its letters in the URL.
    pub spelling: &'static str,
    /// The name that the vendor's messages use.
    pub long_name: &'static str,
    /// What its value looks like.
    pub shape: Shape,
    /// What it is there for.
    pub role: Role,
    /// What it means.
    pub meaning: &'static str,
    /// A parameter as it would be written.
    pub example: &'static str,
}

/// One to three letters as a number; zero for anything else.
const fn key_code(letters: &[u8]) -> u32 {
    match *letters {
        [a] => a as u32,
        [a, b] => (a as u32) << 8 | b as u32,
        [a, b, c] => (a as u32) << 16 | (b as u32) << 8 | c as u32,
        _ => 0,
    }
}

macro_rules! params {
    ($($key:ident $spelling:literal $long:literal $shape:ident $role:ident $meaning:literal $example:literal;)*) => {
        /// Every key that a parameter can have.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[allow(missing_docs)] // each has its row
        #[repr(u8)]
        pub enum ParamKey { $($key,)* }

        /// The table of keys, in the order of [`ParamKey`].
        pub static PARAMS: &[ParamRow] = &[$(ParamRow {
            key: ParamKey::$key, spelling: $spelling, long_name: $long, shape: Shape::$shape, role: Role::$role,
            meaning: $meaning, example: $example,
        },)*];

        impl ParamKey {
            /// The letters in the URL; `$` for a variable.
            #[must_use]
            pub const fn spelling(self) -> &'static str {
                match self { $(Self::$key => $spelling,)* }
            }

            /// The name that the vendor's messages use: `width` for `w`.
            #[must_use]
            pub const fn long_name(self) -> &'static str {
                match self { $(Self::$key => $long,)* }
            }

            /// What its value looks like.
            #[must_use]
            pub const fn shape(self) -> Shape {
                match self { $(Self::$key => Shape::$shape,)* }
            }

            /// The key that some letters spell.
            #[must_use]
            pub const fn from_spelling(letters: &str) -> Option<Self> {
                // Comparisons of one number with constants: the compiler makes a jump table of them.
                let code = key_code(letters.as_bytes());
                $(if code == const { key_code($spelling.as_bytes()) } {
                    return Some(Self::$key);
                })*
                None
            }
        }
    };
}

params! {
    Angle "a" "angle" Angle Action "turns or mirrors; steps are joined by dots" "a_hflip.45";
    AudioCodec "ac" "audio_codec" Words Setting "codec of the sound, or none" "ac_aac";
    AudioFrequency "af" "audio_frequency" NumberOrSource Setting "sample rate of the sound in hertz, at most" "af_44100";
    AspectRatio "ar" "aspect_ratio" Ratio Qualifier "width to height of a resize or crop" "ar_16:9";
    Background "b" "background" Background Action "what fills padding and shows through transparency" "b_rgb:e6e9ee";
    Baseline "bl" "baseline" Names Setting "named transformation whose result is stored as a new original" "bl_base";
    Border "bo" "border" Border Action "a line around the picture" "bo_5px_solid_black";
    BitRate "br" "bit_rate" BitRate Setting "bits per second of a video, at most unless constant" "br_2m:constant";
    Crop "c" "crop" Crop Action "how the picture meets the box of w and h" "c_fill";
    Colour "co" "color" Colour Qualifier "the colour of a text, an effect or a layer" "co_red";
    ColourSpace "cs" "color_space" Words Setting "colour space of the result" "cs_srgb";
    DefaultImage "d" "default_image" AssetId Setting "the picture that stands in for a missing one" "d_docs:avatar.png";
    Delay "dl" "delay" Positive Setting "milliseconds between frames of an animation" "dl_200";
    Density "dn" "density" NumberOrSource Setting "dots per inch when vectors become pixels" "dn_150";
    Dpr "dpr" "dpr" Factor Qualifier "device pixels for each pixel asked for" "dpr_2.0";
    DynamicRange "dr" "dynamic_range" Words Setting "high keeps HDR in video" "dr_high";
    Duration "du" "duration" Offset Qualifier "length of the part of a video, or of a layer's showing" "du_35p";
    Effect "e" "effect" Effect Action "an effect, with its arguments" "e_sepia:80";
    EndOffset "eo" "end_offset" Offset Qualifier "where the part of a video ends" "eo_3.21";
    Format "f" "format" Format Setting "format of the result" "f_auto";
    Flags "fl" "flags" Flags Setting "switches, joined by dots" "fl_lossy.progressive";
    Function "fn" "custom_function" Words Action "a function of one's own: wasm or remote" "fn_wasm:blur.wasm";
    FrameRate "fps" "fps" FrameRate Setting "frames per second of a video, exact or a range" "fps_24-29.97";
    Gravity "g" "gravity" Gravity Qualifier "which part is kept, or where a layer goes" "g_north_west";
    Height "h" "height" Side Qualifier "height in pixels, or as a share of the picture's own" "h_200";
    If "if" "if" Condition Setting "a condition for what follows, up to if_else or if_end" "if_w_gt_100";
    KeyframeInterval "ki" "keyframe_interval" Positive Setting "seconds between key frames of a video" "ki_2.0";
    Overlay "l" "overlay" Layer Action "a layer over the picture" "l_logos:acme";
    Opacity "o" "opacity" Positive Action "opacity in percent" "o_50";
    Prefix "p" "prefix" Words Setting "prefix of CSS classes in sprites" "p_icon";
    Page "pg" "page" Pages Setting "page of a document, layer of a PSD, or frame of an animation" "pg_2-5;7";
    Quality "q" "quality" Quality Setting "quality of the encoding, or auto" "q_auto:good";
    Radius "r" "radius" Radius Action "rounds the corners" "r_20:30";
    StartOffset "so" "start_offset" Offset Qualifier "where the part of a video begins, or which frame is shown" "so_2.5";
    StreamingProfile "sp" "streaming_profile" Words Setting "renditions of an adaptive stream" "sp_full_hd";
    Transformation "t" "transformation" Names Action "named transformations, joined by dots" "t_fit-760w";
    Underlay "u" "underlay" Layer Action "a layer under the picture" "u_backgrounds:paper";
    VideoCodec "vc" "video_codec" Words Setting "codec of a video with profile and level" "vc_h264:high:4.0";
    VideoSampling "vs" "video_sampling" Sampling Setting "frames taken from a video for an animation" "vs_2.3s";
    Width "w" "width" Side Qualifier "width in pixels, or as a share of the picture's own, or auto" "w_300";
    X "x" "x" Number Qualifier "offset to the right, in pixels or as a share" "x_0.25";
    Y "y" "y" Number Qualifier "offset downwards, in pixels or as a share" "y_-20";
    Zoom "z" "zoom" Positive Qualifier "how close around the detected region" "z_0.75";
    Variable "$" "variable" Assignment Setting "gives a variable its value" "$foo_10";
}

impl ParamKey {
    /// The row of the table.
    #[must_use]
    pub fn row(self) -> Option<&'static ParamRow> {
        PARAMS.get(self as usize)
    }
}

/// A set of keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct KeySet(u64);

/// One bit a key: the last of them must fit.
const _: () = assert!((ParamKey::Variable as u32) < u64::BITS);

impl KeySet {
    /// The set of some keys.
    #[must_use]
    pub const fn of(mut keys: &[ParamKey]) -> Self {
        let mut set = 0;
        while let [key, rest @ ..] = keys {
            set |= 1 << (*key as u32);
            keys = rest;
        }
        Self(set)
    }

    /// Adds a key.
    pub const fn insert(&mut self, key: ParamKey) {
        self.0 |= 1 << (key as u32);
    }

    /// The keys that are in either set.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The keys of this set that are not in the other.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether a key is in the set.
    #[must_use]
    pub const fn has(self, key: ParamKey) -> bool {
        self.0 >> (key as u32) & 1 == 1
    }

    /// Whether any key is in both sets.
    #[must_use]
    pub const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// The word of a list nearest to what was written, where it is near enough to be meant.
///
/// Works in a time bounded by the list: words longer than any known one are not compared.
#[must_use]
pub fn nearest<'w>(found: &str, words: impl Iterator<Item = &'w str>) -> Option<&'w str> {
    const LONGEST: usize = 32;
    if found.is_empty() || found.len() > LONGEST {
        return None;
    }
    let allowed = match found.len() {
        1 | 2 => 1,
        3..=6 => 2,
        _ => 3,
    };
    let mut best: Option<(usize, &str)> = None;
    for word in
        words.filter(|word| word.len() <= LONGEST && word.len().abs_diff(found.len()) <= allowed)
    {
        let distance = edits::<{ LONGEST + 1 }>(found.as_bytes(), word.as_bytes());
        // Two slips or more are only forgiven after a right beginning.
        let near = distance <= 1 || word.as_bytes().first() == found.as_bytes().first();
        if near
            && distance <= allowed
            && distance < word.len()
            && best.is_none_or(|(least, _)| distance < least)
        {
            best = Some((distance, word));
        }
    }
    best.map(|(_, word)| word)
}

/// Insertions, deletions and replacements between two short words.
fn edits<const N: usize>(a: &[u8], b: &[u8]) -> usize {
    let mut row = [0usize; N];
    for (cell, cost) in row.iter_mut().zip(0..) {
        *cell = cost;
    }
    for (i, &x) in a.iter().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        if let Some(first) = row.first_mut() {
            *first = left;
        }
        for (&y, cell) in b.iter().zip(row.iter_mut().skip(1)) {
            let above = *cell;
            let cost = (diagonal + usize::from(x != y))
                .min(above + 1)
                .min(left + 1);
            diagonal = above;
            left = cost;
            *cell = cost;
        }
    }
    row.get(b.len()).copied().unwrap_or(usize::MAX)
}
