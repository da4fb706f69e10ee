//! Closed word lists: crop modes, gravities, flags, formats. One row a word.

/// A word of a closed list.
#[derive(Debug, Clone, Copy)]
pub struct WordRow {
    /// As written in the URL.
    pub spelling: &'static str,
    /// What it means.
    pub meaning: &'static str,
}

macro_rules! word_list {
    ($(#[$doc:meta])* $name:ident { $($variant:ident $spelling:literal $meaning:literal;)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[allow(missing_docs)] // each has its row
        pub enum $name { $($variant,)* }

        impl $name {
            /// The rows, in the order of the variants.
            pub const ROWS: &'static [WordRow] = &[$(WordRow { spelling: $spelling, meaning: $meaning },)*];
            /// Every variant.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// As written in the URL.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $spelling,)* }
            }

            /// The variant that a word spells.
            #[must_use]
            pub fn from_word(word: &str) -> Option<Self> {
                Some(match word { $($spelling => Self::$variant,)* _ => return None })
            }
        }
    };
}

word_list! {
    /// How a picture meets the box asked for.
    CropMode {
        Auto "auto" "the most interesting part, at any scale";
        AutoPad "auto_pad" "like auto, padded where cutting would lose too much";
        Crop "crop" "cuts the box out, no scaling";
        Fill "fill" "covers the box, cutting what is outside";
        FillPad "fill_pad" "like fill, padded where cutting would lose too much";
        Fit "fit" "inside the box, up or down";
        ImaggaCrop "imagga_crop" "cut by an add-on";
        ImaggaScale "imagga_scale" "scaled and cut by an add-on";
        Lfill "lfill" "like fill, never enlarged";
        Limit "limit" "inside the box, never enlarged";
        Lpad "lpad" "like pad, never enlarged";
        Mfit "mfit" "inside the box, only enlarged";
        Mpad "mpad" "never scaled, padded to the box";
        Pad "pad" "inside the box, padded to fill it";
        Scale "scale" "exactly the box, proportions given up";
        Thumb "thumb" "around a face or the point of gravity";
    }
}

word_list! {
    /// The first word of a gravity.
    Place {
        North "north" "top edge, middle";
        NorthEast "north_east" "top right corner";
        East "east" "right edge, middle";
        SouthEast "south_east" "bottom right corner";
        South "south" "bottom edge, middle";
        SouthWest "south_west" "bottom left corner";
        West "west" "left edge, middle";
        NorthWest "north_west" "top left corner";
        Center "center" "the middle";
        XyCenter "xy_center" "the point of x and y";
        Auto "auto" "the most interesting part";
        Face "face" "the largest face";
        FaceCenter "face_center" "old spelling of face:center";
        Faces "faces" "all faces";
        MultiFace "multi_face" "old spelling of faces";
        AdvFace "adv_face" "the largest face, by an add-on";
        AdvFaces "adv_faces" "all faces, by an add-on";
        AdvEyes "adv_eyes" "the eyes, by an add-on";
        AutoContentAware "auto_content_aware" "old spelling of auto";
        Body "body" "the largest person";
        Custom "custom" "coordinates stored with the asset";
        OcrText "ocr_text" "text found by an add-on";
        Liquid "liquid" "seam carving with scale";
        DecomposeTile "cld-decompose_tile" "largest tile of a composite";
        Region "region" "a region stored with the asset, region_!name!";
        ClippingPath "clipping_path" "a clipping path in the file, clipping_path_!name!";
        TrackPerson "track_person" "follows a person in a video";
        Object "" "any other word: an object that an add-on detects";
    }
}

word_list! {
    /// A switch.
    FlagName {
        Alternate "alternate" "another sound track of a stream";
        Animated "animated" "an animation from a video";
        AnyFormat "any_format" "lets automatic quality choose PNG-8";
        Apng "apng" "animated PNG";
        Attachment "attachment" "download under a name";
        Awebp "awebp" "animated WebP";
        C2pa "c2pa" "signs the result with its history";
        Clip "clip" "cuts along the clipping path of the file";
        ClipEvenodd "clip_evenodd" "like clip, by the even-odd rule";
        Cutter "cutter" "the layer's shape cuts the picture";
        Draco "draco" "compresses the mesh of a 3D model";
        ForceIcc "force_icc" "adds a colour profile";
        ForceStrip "force_strip" "drops all metadata";
        Getinfo "getinfo" "facts as JSON instead of pixels";
        Group4 "group4" "black and white TIFF";
        Hlsv3 "hlsv3" "a stream in segments, version 3";
        IgnoreAspectRatio "ignore_aspect_ratio" "the side not given keeps its size";
        IgnoreMaskChannels "ignore_mask_channels" "drops extra channels of a TIFF";
        ImmutableCache "immutable_cache" "immutable in the cache header";
        KeepAttribution "keep_attribution" "keeps the copyright fields";
        KeepDar "keep_dar" "keeps the display aspect ratio of a video";
        KeepIptc "keep_iptc" "keeps all metadata";
        LayerApply "layer_apply" "closes a layer and places it";
        Lossy "lossy" "smaller GIF or PNG with loss";
        Mono "mono" "one sound channel";
        NoOverflow "no_overflow" "a layer does not enlarge the canvas";
        NoStream "no_stream" "waits for the whole video";
        Original "original" "the stored bytes";
        Png8 "png8" "PNG with a palette";
        Png24 "png24" "PNG without transparency";
        Png32 "png32" "PNG with transparency";
        PreserveTransparency "preserve_transparency" "never a format without transparency";
        Progressive "progressive" "interlaced";
        Rasterize "rasterize" "vectors become one layer of pixels";
        RegionRelative "region_relative" "a layer's shares are of the detected region";
        Relative "relative" "a layer's shares are of the base picture";
        ReplaceImage "replace_image" "replaces a picture inside a document";
        Sanitize "sanitize" "cleans scripts from SVG";
        Splice "splice" "joins a layer before or after a video";
        StreamingAttachment "streaming_attachment" "download of a video as it is made";
        StripProfile "strip_profile" "sRGB without a colour profile";
        TextDisallowOverflow "text_disallow_overflow" "a text too large is an error";
        TextNoTrim "text_no_trim" "a text keeps its font's spacing";
        Tiff8Lzw "tiff8_lzw" "TIFF with 8 bits and LZW";
        Tiled "tiled" "repeats a layer over the picture";
        TruncateTs "truncate_ts" "honours the edit list of a video";
        Waveform "waveform" "a picture of the sound";
    }
}

/// Names that end an ID as its extension and follow `f_`, in lower case.
pub const FORMATS: &[&str] = &[
    "ai", "arw", "avif", "bmp", "bpg", "bw", "cr2", "cr3", "css", "djvu", "dng", "eps", "eps3",
    "ept", "fbx", "fbxz", "flif", "gif", "glb", "gltf", "gltz", "hdp", "heic", "heif", "hpx",
    "ico", "idml", "indd", "j2k", "jp2", "jpc", "jpe", "jpeg", "jpg", "json", "jxl", "jxr", "miff",
    "obj", "objz", "pdf", "ply", "png", "ps", "psd", "svg", "tga", "tif", "tiff", "u3ma", "usdz",
    "wdp", "webp", "zip", "3g2", "3gp", "asf", "avi", "flv", "h264", "m2t", "m2ts", "m2v", "m3u8",
    "mka", "mkv", "mov", "mp4", "mp4da", "mp4dv", "mpd", "mpeg", "mts", "mxf", "ogv", "ts", "webm",
    "wmv", "aac", "aif", "aifc", "aiff", "amr", "flac", "m4a", "mid", "midi", "mp3", "ogg", "opus",
    "wav",
];

/// Whether a word is a format name, in any case. `css` and `json` are documents of sprites and lists only.
#[must_use]
pub fn is_format(word: &str) -> bool {
    let mut lower = [0u8; 5];
    let Some(room) = lower.get_mut(..word.len()) else {
        return false;
    };
    room.copy_from_slice(word.as_bytes());
    room.make_ascii_lowercase();
    matches!(
        &*room,
        b"jpg" | b"png" | b"jpeg" | b"webp" | b"gif" | b"avif" | b"svg" | b"mp4" | b"pdf" | b"webm"
    ) || FORMATS.iter().any(|name| name.as_bytes() == room)
}

/// The looks that `e_art` knows.
pub const ART_FILTERS: &[&str] = &[
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
