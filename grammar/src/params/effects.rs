//! The table of effects: one row per name after `e_`.

/// What an effect takes after its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Args {
    /// Nothing; what stands there is kept and left alone.
    None,
    /// One level: a number or an expression. Outside the range it is for the reader to clamp and say so.
    Level {
        /// Least value documented.
        min: i32,
        /// Greatest value documented.
        max: i32,
    },
    /// Numbers and expressions only.
    Numbers,
    /// One of the looks in [`ART_FILTERS`](super::ART_FILTERS).
    Filter,
    /// Words, numbers and named arguments; these are the names that take a value.
    Named(&'static [&'static str]),
}

/// One row of the table.
#[derive(Debug, Clone, Copy)]
pub struct EffectRow {
    /// Which one.
    pub name: EffectName,
    /// As written after `e_`.
    pub spelling: &'static str,
    /// What follows it.
    pub args: Args,
    /// What it does.
    pub meaning: &'static str,
    /// A parameter as it would be written.
    pub example: &'static str,
}

macro_rules! effects {
    ($($name:ident $spelling:literal $args:expr, $meaning:literal $example:literal;)*) => {
        /// Every effect.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[allow(missing_docs)] // each has its row
        #[repr(u8)]
        pub enum EffectName { $($name,)* }

        /// The table of effects, in the order of [`EffectName`].
        pub static EFFECTS: &[EffectRow] = &[$(EffectRow {
            name: EffectName::$name, spelling: $spelling, args: $args, meaning: $meaning, example: $example,
        },)*];

        impl EffectName {
            /// As written after `e_`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $spelling,)* }
            }

            /// The effect that a word spells.
            #[must_use]
            pub fn from_word(word: &str) -> Option<Self> {
                Some(match word { $($spelling => Self::$name,)* _ => return None })
            }

            /// What follows the name.
            #[must_use]
            pub const fn args(self) -> Args {
                match self { $(Self::$name => $args,)* }
            }
        }
    };
}

const fn level(min: i32, max: i32) -> Args {
    Args::Level { min, max }
}

const REGION: Args = level(1, 2000);
const PROMPT: Args = Args::Named(&[
    "prompt",
    "multiple",
    "mode",
    "invert",
    "preserve-alpha",
    "remove-shadow",
    "region",
    "from",
    "to",
    "preserve-geometry",
    "to-color",
    "apply-to-tier",
    "seed",
    "ignore-foreground",
]);
const FREE: Args = Args::Named(&[]);

effects! {
    Accelerate "accelerate" level(-50, 100), "plays a video faster or slower, in percent" "e_accelerate:50";
    AdvRedeye "adv_redeye" Args::None, "removes red eyes, by an add-on" "e_adv_redeye";
    AntiRemoval "anti_removal" level(1, 100), "varies a layer slightly so that it is harder to remove" "e_anti_removal:90";
    Art "art" Args::Filter, "a named look" "e_art:audrey";
    AssistColorblind "assist_colorblind" FREE, "stripes or shifted colours for colour-blind viewers" "e_assist_colorblind:xray";
    AutoBrightness "auto_brightness" level(0, 100), "brightness balanced, blended in percent" "e_auto_brightness:80";
    AutoColor "auto_color" level(0, 100), "colours balanced, blended in percent" "e_auto_color:80";
    AutoContrast "auto_contrast" level(0, 100), "contrast balanced, blended in percent" "e_auto_contrast:80";
    AutoEnhance "auto_enhance" Args::Named(&["enhance-colors"]), "enhanced by a model" "e_auto_enhance";
    BackgroundRemoval "background_removal" Args::Named(&["fineedges", "hints"]), "background removed by a model" "e_background_removal:fineedges_y";
    Bgremoval "bgremoval" FREE, "plain background made transparent" "e_bgremoval:screen";
    Blackwhite "blackwhite" level(0, 100), "black and white by a threshold" "e_blackwhite:40";
    Blue "blue" level(-100, 100), "more or less blue" "e_blue:50";
    Blur "blur" level(1, 2000), "blur" "e_blur:300";
    BlurFaces "blur_faces" level(1, 2000), "faces blurred" "e_blur_faces:800";
    BlurRegion "blur_region" REGION, "a rectangle blurred" "e_blur_region:1500";
    Boomerang "boomerang" Args::None, "a video forward and back" "e_boomerang";
    Brightness "brightness" level(-99, 100), "brightness" "e_brightness:20";
    BrightnessHsb "brightness_hsb" level(-99, 100), "brightness in HSB" "e_brightness_hsb:-50";
    Camera "camera" Args::Named(&["up", "right", "zoom", "env", "exposure", "frames"]), "a picture of a 3D model" "e_camera:up_20;right_30";
    Cartoonify "cartoonify" FREE, "a cartoon look" "e_cartoonify:70:80";
    Colorize "colorize" level(0, 100), "tinted towards one colour" "e_colorize:60";
    Contrast "contrast" Args::Named(&["level", "type"]), "contrast" "e_contrast:level_-70;type_sigmoidal";
    CutOut "cut_out" Args::None, "the layer's shape cut out of the picture" "e_cut_out";
    Deshake "deshake" level(16, 64), "a steadier video" "e_deshake:32";
    Displace "displace" Args::None, "pixels moved as a layer says" "e_displace";
    Distort "distort" FREE, "corners moved, or bent along an arc" "e_distort:arc:180.0";
    Dropshadow "dropshadow" Args::Named(&["azimuth", "elevation", "spread"]), "a shadow on the ground" "e_dropshadow:azimuth_220;elevation_40;spread_20";
    EmbedClippingPath "embed_clipping_path" Args::Named(&["mask"]), "writes a clipping path into the file" "e_embed_clipping_path:mask_$img";
    Enhance "enhance" Args::None, "enhanced by a model" "e_enhance";
    Extract "extract" PROMPT, "what a prompt names, by a model" "e_extract:prompt_cat;invert_true";
    Fade "fade" level(-10_000, 10_000), "fades an animation or a video in or out, in milliseconds" "e_fade:-2000";
    FillLight "fill_light" Args::Numbers, "lifts shadows" "e_fill_light:70:20";
    Gamma "gamma" level(-50, 150), "gamma" "e_gamma:50";
    GenBackgroundReplace "gen_background_replace" PROMPT, "a new background, by a model" "e_gen_background_replace:prompt_a beach;seed_2";
    GenFill "gen_fill" PROMPT, "the picture continued, by a model" "e_gen_fill";
    GenRecolor "gen_recolor" PROMPT, "things recoloured, by a model" "e_gen_recolor:prompt_(duck;horse);to-color_blue";
    GenRemove "gen_remove" PROMPT, "things removed, by a model" "e_gen_remove:prompt_apple;multiple_true";
    GenReplace "gen_replace" PROMPT, "things replaced, by a model" "e_gen_replace:from_apple;to_orange";
    GenRestore "gen_restore" Args::None, "restored by a model" "e_gen_restore";
    GradientFade "gradient_fade" FREE, "fades to transparent at an edge" "e_gradient_fade:symmetric:40";
    Grayscale "grayscale" Args::None, "shades of gray" "e_grayscale";
    Green "green" level(-100, 100), "more or less green" "e_green:-30";
    Hue "hue" level(-100, 100), "hue turned" "e_hue:40";
    Improve "improve" Args::Named(&["mode", "blend"]), "colour, contrast and brightness improved" "e_improve:indoor:50";
    Light "light" FREE, "light on a 3D model" "e_light:shadowintensity_80";
    Lightroom "lightroom" FREE, "settings of a photo editor, by an add-on" "e_lightroom:contrast_50";
    Loop "loop" Args::Numbers, "repeats an animation or a video" "e_loop:2";
    MakeTransparent "make_transparent" level(0, 100), "the background colour made transparent" "e_make_transparent:20";
    Mask "mask" Args::None, "a layer's lightness is the picture's opacity" "e_mask";
    Morphology "morphology" Args::Named(&["method", "iterations", "kernel", "radius"]), "dilates or erodes shapes" "e_morphology:method_dilate;iterations_3;radius_5.0";
    Multiply "multiply" Args::None, "a layer multiplied" "e_multiply";
    Negate "negate" Args::None, "colours inverted" "e_negate";
    Noise "noise" level(0, 100), "noise in a video" "e_noise:50";
    OilPaint "oil_paint" level(0, 100), "an oil painting" "e_oil_paint:40";
    OpacityThreshold "opacity_threshold" level(1, 100), "half-transparent pixels decided" "e_opacity_threshold:80";
    OrderedDither "ordered_dither" level(0, 18), "dithered by a fixed pattern" "e_ordered_dither:9";
    Outline "outline" Args::Named(&["mode", "width", "blur", "color"]), "a line around what is opaque" "e_outline:outer:15:200";
    Overlay "overlay" Args::None, "a layer blended by overlay" "e_overlay";
    Pixelate "pixelate" level(1, 200), "large pixels" "e_pixelate:20";
    PixelateFaces "pixelate_faces" level(1, 200), "faces in large pixels" "e_pixelate_faces:15";
    PixelateRegion "pixelate_region" level(1, 200), "a rectangle in large pixels" "e_pixelate_region:35";
    Preview "preview" Args::Named(&["duration", "max_seg", "min_seg_dur", "min_seg"]), "a short preview of a video" "e_preview:duration_12:max_seg_3:min_seg_dur_3";
    Progressbar "progressbar" Args::Named(&["type", "color", "width"]), "a bar that shows the progress of a video" "e_progressbar:type_frame:color_blue:width_5";
    Recolor "recolor" Args::Numbers, "colours through a matrix" "e_recolor:0.3:0.7:0.1:0.3:0.6:0.1:0.2:0.5:0.1";
    Red "red" level(-100, 100), "more or less red" "e_red:50";
    Redeye "redeye" Args::None, "removes red eyes" "e_redeye";
    ReplaceColor "replace_color" FREE, "one colour replaced by another" "e_replace_color:saddlebrown:20:2F4F4F";
    Reverse "reverse" Args::None, "a video backwards" "e_reverse";
    Saturation "saturation" level(-100, 100), "saturation" "e_saturation:70";
    Screen "screen" Args::None, "a layer blended by screen" "e_screen";
    Sepia "sepia" level(1, 100), "sepia tone" "e_sepia:80";
    Shadow "shadow" level(0, 100), "a soft shadow" "e_shadow:50";
    Sharpen "sharpen" level(1, 2000), "sharper" "e_sharpen:400";
    Shear "shear" Args::Numbers, "skewed, in degrees" "e_shear:20.0:0.0";
    SimulateColorblind "simulate_colorblind" FREE, "as a colour-blind person sees it" "e_simulate_colorblind:tritanopia";
    StyleTransfer "style_transfer" FREE, "the style of a layer, by a model" "e_style_transfer:preserve_color:80";
    SwapImage "swap_image" Args::Named(&["image", "index"]), "a texture of a 3D model replaced" "e_swap_image:image_$img;index_2";
    Theme "theme" Args::Named(&["color", "photosensitivity"]), "a dark or light theme for flat graphics" "e_theme:color_black:photosensitivity_110";
    Tint "tint" FREE, "tinted by a gradient of colours" "e_tint:100:0000FF:0p:FF1493:100p";
    Transition "transition" FREE, "from one video to another through a layer" "e_transition";
    Trim "trim" FREE, "edges of one colour cut off" "e_trim:20:white";
    UnsharpMask "unsharp_mask" level(1, 2000), "sharper by unsharp mask" "e_unsharp_mask:500";
    Upscale "upscale" FREE, "enlarged four times by a model" "e_upscale";
    Vectorize "vectorize" Args::Named(&["colors", "detail", "despeckle", "paths", "corners"]), "outlines instead of pixels" "e_vectorize:colors:15:detail:0.5";
    Vibrance "vibrance" level(-100, 100), "saturation of pale colours" "e_vibrance:70";
    ViesusCorrect "viesus_correct" Args::Named(&["skin_saturation"]), "enhanced by an add-on" "e_viesus_correct:no_redeye";
    Vignette "vignette" level(0, 100), "darker towards the corners" "e_vignette:30";
    Volume "volume" FREE, "louder or quieter" "e_volume:-10dB";
    Zoompan "zoompan" Args::Named(&["mode", "maxzoom", "du", "fps", "from", "to"]), "a slow zoom over a picture" "e_zoompan:mode_ofc;maxzoom_3.2;du_5;fps_30";
}

impl EffectName {
    /// The row of the table.
    #[must_use]
    pub fn row(self) -> Option<&'static EffectRow> {
        EFFECTS.get(self as usize)
    }
}
