//! Effects in native words: one variant each, defaults filled.
//!
//! Levels are plain numbers in the unit that the field names; [`Hundredths`] are percent. Where a
//! range is given, the dialect has clamped a number into it; what an expression gives is clamped when
//! it is worked out. Defaults are documented by the service that the words come from unless marked
//! assumed.

use std::fmt::{self, Display, Formatter};

use super::symbol::{Symbolic, Symbols};
use super::{Amount, AssetRef, Gravity, Hundredths, Ink, Length, Offset};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$each:meta])* $variant:ident $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[allow(missing_docs, reason = "the words are the documentation")]
        pub enum $name { $($(#[$each])* $variant,)* }

        impl $name {
            /// Every variant.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// As printed.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }

        impl Display for $name {
            fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
                f.write_str(self.word())
            }
        }

        impl Piece for $name {
            fn piece(&self, f: &mut Formatter<'_>, name: &str) -> fmt::Result {
                named(f, name, self)
            }
        }
    };
}

words! {
    /// How sight is imitated or helped.
    ColourVision {
        Deuteranopia "deuteranopia",
        Protanopia "protanopia",
        Tritanopia "tritanopia",
        Tritanomaly "tritanomaly",
        Deuteranomaly "deuteranomaly",
        ConeMonochromacy "cone_monochromacy",
        RodMonochromacy "rod_monochromacy",
    }
}

words! {
    /// The curve of a contrast.
    Curve {
        Sigmoidal "sigmoidal",
        Linear "linear",
    }
}

words! {
    /// What a shape is probed with.
    Kernel {
        Octagon "octagon",
        Diamond "diamond",
        Square "square",
        Disk "disk",
        Plus "plus",
        Cross "cross",
        Ring "ring",
    }
}

words! {
    /// What is done to shapes.
    Morph {
        Erode "erode",
        Dilate "dilate",
        Convolve "convolve",
    }
}

words! {
    /// Which side of an edge is drawn on.
    OutlineMode {
        Both "both",
        Inner "inner",
        InnerFill "inner_fill",
        Outer "outer",
        Fill "fill",
    }
}

words! {
    /// How opacity falls towards an edge.
    FadeMode {
        /// At one edge.
        Edge "edge",
        /// At two opposite edges.
        Symmetric "symmetric",
        /// At two opposite edges, into the padding.
        SymmetricPad "symmetric_pad",
    }
}

words! {
    /// What light a picture was taken in.
    Scene {
        Outdoor "outdoor",
        Indoor "indoor",
    }
}

macro_rules! effects {
    ($($(#[$doc:meta])* $name:ident $word:literal $({ $($field:ident: $type:ty),+ $(,)? })?;)*) => {
        /// One effect. The order of variants is that of their words.
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[allow(missing_docs, reason = "the line above a variant says what its fields hold")]
        pub enum Effect {
            $($(#[$doc])* $name $({ $($field: $type),+ })?,)*
        }

        impl Effect {
            /// The word that the printed effect begins with.
            #[must_use]
            pub const fn word(&self) -> &'static str {
                match self { $(Self::$name $({ $($field: _),+ })? => $word,)* }
            }
        }

        impl Symbolic for Effect {
            fn show<S: Symbols>(&mut self, symbols: &mut S) -> Result<(), S::Error> {
                match self {
                    $(Self::$name $({ $($field),+ })? => { $($($field.show(symbols)?;)+)? })*
                }
                Ok(())
            }
        }

        impl Display for Effect {
            fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
                f.write_str(self.word())?;
                match self {
                    $(Self::$name $({ $($field),+ })? => { $($($field.piece(f, stringify!($field))?;)+)? })*
                }
                Ok(())
            }
        }
    };
}

effects! {
    /// Plays faster or slower; -50 to 100, default 0.
    Accelerate "accelerate" { level: Hundredths };
    /// A named look.
    Art "art" { level: Box<str> };
    /// Stripes of this strength where red and green differ, 1 to 100, default 10; `None`: shifted
    /// colours instead.
    AssistColourVision "assist-colour-vision" { level: Option<Amount> };
    /// Balances brightness; blended, 0 to 100, default 100.
    AutoBrightness "auto-brightness" { level: Hundredths };
    /// Balances colours; blended, 0 to 100, default 100.
    AutoColour "auto-colour" { level: Hundredths };
    /// Balances contrast; blended, 0 to 100, default 100.
    AutoContrast "auto-contrast" { level: Hundredths };
    /// Enhances by a model; `colours` too.
    AutoEnhance "auto-enhance" { colours: bool };
    /// Makes transparent what is not the subject, by a model; `fine` along hair; `hints` name the subject.
    RemoveBackground "remove-background" { fine: bool, hints: Option<Box<str>> };
    /// Makes a uniform background transparent; `screen` removes its shine too; `colour`: of the edges.
    KeyBackground "key-background" { screen: bool, colour: Option<Ink> };
    /// Black or white by a threshold, 0 to 100, default 50.
    BlackWhite "black-white" { level: Hundredths };
    /// Adds blue; -100 to 100, default 0.
    Blue "blue" { level: Hundredths };
    /// Blurs; strength 1 to 2000, default 100.
    Blur "blur" { level: Amount };
    /// Blurs every face; strength 1 to 2000, default 500.
    BlurFaces "blur-faces" { level: Amount };
    /// Blurs a rectangle; strength 1 to 2000, default 100.
    BlurRegion "blur-region" { level: Amount, region: Region };
    /// Forward, then back.
    Boomerang "boomerang";
    /// Lightness in HSL; -99 to 100, default 80.
    Brightness "brightness" { level: Hundredths };
    /// Value in HSB; -99 to 100, default 80.
    BrightnessHsb "brightness-hsb" { level: Hundredths };
    /// A picture of a 3D model; the arguments as written.
    Camera "camera" { options: Box<str> };
    /// Flat colours and drawn lines: line strength 0 to 100, default 50; reduction of colours 0 to
    /// 100, default the line strength; `mono`: black lines on white.
    Cartoon "cartoon" { level: Hundredths, reduction: Option<Hundredths>, mono: bool };
    /// Mixes in a colour (default gray); 0 to 100, default 100.
    Colourize "colourize" { level: Hundredths, colour: Ink };
    /// Sigmoidal: -100 to 100, default 0; linear: 1 to 200, default 100.
    Contrast "contrast" { level: Hundredths, curve: Curve };
    /// Steadies a video within this many pixels: 16, 32, 48 or 64, default 16.
    Deshake "deshake" { level: Amount };
    /// Moves the corners, clockwise from the top left.
    Distort "distort" { corners: Box<[Length]> };
    /// Bends along an arc; degrees, -360 to 360, not 0.
    Arc "arc" { level: Amount };
    /// A shadow on the ground: degrees around (0 to 360, default 215), degrees up (0 to 90, default
    /// 45), softness (0 to 100, default 50).
    DropShadow "drop-shadow" { azimuth: Amount, elevation: Amount, spread: Amount };
    /// Writes the outline of a picture into the file as its clipping path; `None`: of what an unknown variable
    /// names.
    ClippingPath "clipping-path" { mask: Option<Box<AssetRef>> };
    /// Enhances by a model.
    Enhance "enhance";
    /// Keeps what a prompt names, by a model; the arguments as written.
    Extract "extract" { options: Box<str> };
    /// Fades an animation or a video in (positive) or out (negative) over milliseconds, default 1000.
    Fade "fade" { level: Amount };
    /// Lifts shadows: blended 0 to 100, default 100; bias -100 to 100, default 0.
    FillLight "fill-light" { level: Hundredths, bias: Amount };
    /// Gamma; -50 to 150, default 0.
    Gamma "gamma" { level: Hundredths };
    /// A new background, by a model; the arguments as written.
    GenerateBackground "generate-background" { options: Box<str> };
    /// Continues the picture, by a model; the arguments as written.
    GenerateFill "generate-fill" { options: Box<str> };
    /// Recolours what a prompt names, by a model; the arguments as written.
    GenerateRecolour "generate-recolour" { options: Box<str> };
    /// Removes what a prompt names, by a model; the arguments as written.
    GenerateRemove "generate-remove" { options: Box<str> };
    /// Replaces what a prompt names, by a model; the arguments as written.
    GenerateReplace "generate-replace" { options: Box<str> };
    /// Restores by a model.
    Restore "restore";
    /// Fades to transparent at an edge; strength 0 to 100, default 20. The offset says how far in and
    /// from which edge; default half the height from the top.
    GradientFade "gradient-fade" { level: Hundredths, mode: FadeMode, offset: Offset };
    /// Shades of gray.
    Grayscale "grayscale";
    /// Adds green; -100 to 100, default 0.
    Green "green" { level: Hundredths };
    /// Turns the hue; -100 to 100 for half a turn either way, default 80.
    Hue "hue" { level: Hundredths };
    /// Colour, contrast and brightness for a scene (default outdoor); blended 0 to 100, default 100.
    Improve "improve" { level: Hundredths, scene: Scene };
    /// Light on a 3D model; the arguments as written.
    Light "light" { options: Box<str> };
    /// Settings of a photo editor, by an add-on; as written.
    Lightroom "lightroom" { options: Box<str> };
    /// Plays again this many times; `None`: for ever.
    Loop "loop" { level: Option<Amount> };
    /// Makes a colour transparent (default that of the edges); tolerance 0 to 100, default 10.
    MakeTransparent "make-transparent" { level: Hundredths, colour: Option<Ink> };
    /// Erodes or dilates shapes: 1 to 5 times (default 1) with a kernel (default disk) of a radius in
    /// pixels (default 2).
    Morphology "morphology" { method: Morph, iterations: Amount, kernel: Kernel, radius: Amount };
    /// Inverts colours.
    Negate "negate";
    /// Noise in a video; 0 to 100, default 0.
    Noise "noise" { level: Hundredths };
    /// An oil painting; strength 0 to 100, default 30.
    OilPaint "oil-paint" { level: Hundredths };
    /// Transparent below, opaque from this opacity on; 1 to 100, default 50.
    OpacityThreshold "opacity-threshold" { level: Hundredths };
    /// Dithers by a fixed pattern; 0 to 18, default 0.
    OrderedDither "ordered-dither" { level: Amount };
    /// A line around what is opaque: width 1 to 100 pixels, default 5; blur 0 to 2000, default 0;
    /// default black.
    Outline "outline" { mode: OutlineMode, width: Amount, blur: Amount, colour: Ink };
    /// Large pixels of 1 to 200 pixels; `None`: by the size of the picture.
    Pixelate "pixelate" { level: Option<Amount> };
    /// As [`Pixelate`](Self::Pixelate), every face.
    PixelateFaces "pixelate-faces" { level: Option<Amount> };
    /// As [`Pixelate`](Self::Pixelate), a rectangle.
    PixelateRegion "pixelate-region" { level: Option<Amount>, region: Region };
    /// A short preview: seconds in all (default 5), parts (default 1), least seconds a part (default 5).
    Preview "preview" { duration: Amount, parts: Amount, part: Amount };
    /// A bar along the bottom, or a `frame` around, that grows with time; default red, 10 pixels.
    Progress "progress" { frame: bool, colour: Ink, width: Amount };
    /// Multiplies colours by a matrix of 9 or 16 numbers, row by row.
    Recolour "recolour" { matrix: Box<[Amount]> };
    /// Adds red; -100 to 100, default 0.
    Red "red" { level: Hundredths };
    /// Removes red eyes; `model`: finds them by an add-on.
    RedEye "red-eye" { model: bool };
    /// Replaces a colour (default the most prominent) within a tolerance 0 to 100, default 50.
    ReplaceColour "replace-colour" { to: Ink, tolerance: Amount, from: Option<Ink> };
    /// Backwards.
    Reverse "reverse";
    /// Saturation in HSL; -100 to 100, default 80.
    Saturation "saturation" { level: Hundredths };
    /// Sepia tone; 1 to 100, default 80.
    Sepia "sepia" { level: Hundredths };
    /// A soft shadow behind: strength 0 to 100, default 40; default gray; offset default 10 pixels
    /// right and down (assumed).
    Shadow "shadow" { level: Hundredths, colour: Ink, offset: Offset };
    /// Sharpens; strength 1 to 2000, default 100.
    Sharpen "sharpen" { level: Amount };
    /// Skews, in degrees, -359 to 359.
    Shear "shear" { x: Amount, y: Amount };
    /// As someone with this sight sees it; default deuteranopia.
    SimulateColourVision "simulate-colour-vision" { level: ColourVision };
    /// A texture of a 3D model replaced; the arguments as written.
    SwapImage "swap-image" { options: Box<str> };
    /// Recolours flat graphics to a background; sensitivity to photographs 0 to 200, default 100.
    Theme "theme" { colour: Ink, sensitivity: Amount };
    /// Maps lightness to a gradient of colours, blended 0 to 100, default 60; default red at half.
    Tint "tint" { level: Hundredths, equalize: bool, stops: Box<[Stop]> };
    /// From one video to another through a layer; the arguments as written.
    Transition "transition" { options: Box<str> };
    /// Sharpens in a wider circle; strength 1 to 2000, default 100.
    UnsharpMask "unsharp-mask" { level: Amount };
    /// Four times as large, by a model.
    Upscale "upscale";
    /// Outlines instead of pixels: 2 to 30 colours (default 10), detail 0 to 1000 (300), despeckle 0
    /// to 100 (2), paths 0 to 100 (100), corners 0 to 100 (25).
    Vectorize "vectorize" { colours: Amount, detail: Amount, despeckle: Amount, paths: Amount, corners: Amount };
    /// Saturation of pale colours; -100 to 100, default 20.
    Vibrance "vibrance" { level: Hundredths };
    /// Enhances by an add-on; the arguments as written.
    Correct "correct" { options: Box<str> };
    /// Darkens towards the corners; 0 to 100, default 20.
    Vignette "vignette" { level: Hundredths };
    /// Louder or quieter.
    Volume "volume" { level: Loudness };
    /// A still in motion, evenly from one sight of it to another: seconds 1 to 30, default 4; frames a
    /// second 5 to 60, default 25.
    Zoompan "zoompan" { from: Sight, to: Sight, duration: Amount, rate: Amount };
    /// The owner's own function: its kind and source as written.
    Function "function" { options: Box<str> };
    /// An effect whose name a variable holds, with its arguments as written.
    Variable "effect" { name: Box<str>, options: Box<str> };
}

impl Effect {
    /// Whether it is on how an animation plays, and on no pixel of itself.
    #[must_use]
    pub const fn is_of_playback(&self) -> bool {
        matches!(
            self,
            Self::Accelerate { .. }
                | Self::Boomerang
                | Self::Fade { .. }
                | Self::Loop { .. }
                | Self::Reverse
        )
    }

    /// Whether it is on the file that comes out: what is laid on a picture has none.
    #[must_use]
    pub const fn is_of_result(&self) -> bool {
        self.is_of_playback() || matches!(self, Self::ClippingPath { .. })
    }

    /// The names of looks, in alphabetical order.
    pub const LOOKS: &'static [&'static str] = &[
        "al_dente",
        "athena",
        "audrey",
        "aurora",
        "daguerre",
        "eucalyptus",
        "fes",
        "frost",
        "hairspray",
        "hokusai",
        "incognito",
        "linen",
        "peacock",
        "primavera",
        "quartz",
        "red_rock",
        "refresh",
        "sizzle",
        "sonnet",
        "ukulele",
        "zorro",
    ];
}

/// A rectangle inside a picture.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Region {
    /// Its top left corner; a missing side is zero.
    pub offset: Offset,
    /// `None`: to the right edge.
    pub width: Option<Length>,
    /// `None`: to the bottom edge.
    pub height: Option<Length>,
    /// Regions found in the picture instead, by their word.
    pub subject: Option<Box<str>>,
}

/// What of a still is shown at one end of a motion over it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Sight {
    /// How close: 1 shows all, 8 an eighth of each side.
    pub zoom: Amount,
    /// Its middle, from the top left corner; a missing side is halved.
    pub middle: Offset,
    /// What the middle lies on instead.
    pub gravity: Option<Gravity>,
}

/// One colour of a gradient.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Stop {
    /// The colour.
    pub colour: Ink,
    /// Lightness that gets it; `None`: spread evenly.
    pub at: Option<Hundredths>,
}

/// How loud.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Loudness {
    /// Changed by this much, -100 to 400.
    By(Hundredths),
    /// Changed by decibels.
    Decibels(Amount),
    /// Silent.
    Mute,
    /// Levelled.
    Auto,
}

/// How a field of an effect is printed: `level` alone, others with their names.
trait Piece {
    fn piece(&self, f: &mut Formatter<'_>, name: &str) -> fmt::Result;
}

fn named(f: &mut Formatter<'_>, name: &str, value: &dyn Display) -> fmt::Result {
    match name {
        "level" => write!(f, " {value}"),
        name => write!(f, " {name}={value}"),
    }
}

impl Piece for Amount {
    fn piece(&self, f: &mut Formatter<'_>, name: &str) -> fmt::Result {
        named(f, name, self)
    }
}

impl Piece for Hundredths {
    fn piece(&self, f: &mut Formatter<'_>, name: &str) -> fmt::Result {
        named(f, name, self)
    }
}

impl Piece for Ink {
    fn piece(&self, f: &mut Formatter<'_>, name: &str) -> fmt::Result {
        named(f, name, self)
    }
}

impl Piece for bool {
    fn piece(&self, f: &mut Formatter<'_>, name: &str) -> fmt::Result {
        if *self { write!(f, " {name}") } else { Ok(()) }
    }
}

impl Piece for Box<str> {
    fn piece(&self, f: &mut Formatter<'_>, name: &str) -> fmt::Result {
        match (&**self, name) {
            ("", _) => Ok(()),
            (text, "level") => write!(f, " {text}"),
            (text, name) => write!(f, " {name}={text:?}"),
        }
    }
}

impl Piece for Box<AssetRef> {
    fn piece(&self, f: &mut Formatter<'_>, name: &str) -> fmt::Result {
        named(f, name, self)
    }
}

impl<T: Piece> Piece for Option<T> {
    fn piece(&self, f: &mut Formatter<'_>, name: &str) -> fmt::Result {
        self.as_ref().map_or(Ok(()), |value| value.piece(f, name))
    }
}

impl<T: Display> Piece for Box<[T]> {
    fn piece(&self, f: &mut Formatter<'_>, name: &str) -> fmt::Result {
        for (at, item) in self.iter().enumerate() {
            match at {
                0 => write!(f, " {name}={item}")?,
                _ => write!(f, ",{item}")?,
            }
        }
        Ok(())
    }
}

impl Piece for Offset {
    fn piece(&self, f: &mut Formatter<'_>, _name: &str) -> fmt::Result {
        if self.is_empty() {
            return Ok(());
        }
        write!(f, " {self}")
    }
}

impl Piece for Region {
    fn piece(&self, f: &mut Formatter<'_>, _name: &str) -> fmt::Result {
        self.offset.piece(f, "offset")?;
        for (word, side) in [("width", &self.width), ("height", &self.height)] {
            if let Some(side) = side {
                write!(f, " {word}={side}")?;
            }
        }
        match &self.subject {
            Some(subject) => write!(f, " @{subject}"),
            None => Ok(()),
        }
    }
}

/// As `from=2@face` or `to=1.4+(0,0.5)`.
impl Piece for Sight {
    fn piece(&self, f: &mut Formatter<'_>, name: &str) -> fmt::Result {
        write!(f, " {name}={}", self.zoom)?;
        if !self.middle.is_empty() {
            write!(f, "{}", self.middle)?;
        }
        match &self.gravity {
            Some(gravity) => write!(f, "{gravity}"),
            None => Ok(()),
        }
    }
}

impl Piece for Loudness {
    fn piece(&self, f: &mut Formatter<'_>, _name: &str) -> fmt::Result {
        match self {
            Self::By(change) => write!(f, " {change}"),
            Self::Decibels(change) => write!(f, " {change}dB"),
            Self::Mute => f.write_str(" mute"),
            Self::Auto => f.write_str(" auto"),
        }
    }
}

impl Display for Stop {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.colour.fmt(f)?;
        self.at.as_ref().map_or(Ok(()), |at| write!(f, "@{at}"))
    }
}
