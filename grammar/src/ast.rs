//! The tree of a delivery URL. Every text in it is borrowed from the once-decoded path of a [`UrlText`](crate::UrlText).

use std::borrow::Cow;

use smallvec::SmallVec;

use crate::params::{KeySet, ParamKey};
use crate::value::Value;

/// A stretch of the decoded path, in bytes. [`UrlText::raw_span`](crate::UrlText::raw_span) says where it lies in the URL
/// as given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

/// A whole delivery URL: who is asked, what shall be done, to what.
#[derive(Debug, Clone, PartialEq)]
pub struct DeliveryUrl<'a> {
    /// Everything before the transformation, and the version and SEO suffix.
    pub head: Head<'a>,
    /// The transformation components in the order written. Flat: a component that opens a layer or a condition
    /// knows the index of the one that closes it ([`Component::layer`], [`Component::branch`]).
    pub chain: Vec<Component<'a>>,
    /// The asset asked for.
    pub asset: RawPath<'a>,
}

/// What surrounds the transformation and the public ID.
#[derive(Debug, Clone, PartialEq)]
pub struct Head<'a> {
    /// `https` or `http`, as written; `None` for a path or a `//host/…` URL.
    pub scheme: Option<&'a str>,
    /// Host as written, with port; `None` for a path.
    pub host: Option<&'a str>,
    /// From the path, from the host, or from the rule given.
    pub cloud_name: Option<&'a str>,
    /// Whether the cloud name stands in the path.
    pub cloud_in_path: bool,
    /// `image`, `video` or `raw`.
    pub asset_type: AssetType,
    /// Where the bytes come from: `upload`, `fetch` and others.
    pub delivery_type: DeliveryType,
    /// Which of the accepted spellings the types had.
    pub form: Form,
    /// The `s--…--` segment.
    pub signature: Option<Signature<'a>>,
    /// The `v123` segment.
    pub version: Option<Version<'a>>,
    /// The last segment of an SEO form, without its extension: a caption for people, not part of the ID.
    pub seo_suffix: Option<&'a str>,
    /// What follows the first `?`, undecoded; for `fetch` it is read as part of the remote too.
    pub query: Option<&'a str>,
    /// The value of the query parameter `__cld_token__`, undecoded.
    pub token: Option<&'a str>,
}

/// The kinds of asset that a URL names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // the words of the URL
pub enum AssetType {
    Image,
    Video,
    Raw,
}

impl AssetType {
    /// The word in the URL.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Video => "video",
            Self::Raw => "raw",
        }
    }

    /// The type a word names.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Some(match word {
            "image" => Self::Image,
            "video" => Self::Video,
            "raw" => Self::Raw,
            _ => return None,
        })
    }
}

macro_rules! delivery_types {
    ($($variant:ident $word:literal;)*) => {
        /// Where the bytes of an asset come from. `Public`, `Asset` and `Key` are spellings that SDKs know.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[allow(missing_docs)] // the words of the URL
        pub enum DeliveryType { $($variant,)* }

        impl DeliveryType {
            /// Every type, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The word in the URL.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// The type a word names.
            #[must_use]
            pub fn from_word(word: &str) -> Option<Self> {
                Some(match word { $($word => Self::$variant,)* _ => return None })
            }
        }
    };
}

delivery_types! {
    Upload "upload";
    Private "private";
    Authenticated "authenticated";
    Fetch "fetch";
    Facebook "facebook";
    Twitter "twitter";
    TwitterName "twitter_name";
    Instagram "instagram";
    InstagramName "instagram_name";
    Gravatar "gravatar";
    GooglePlus "gplus";
    Youtube "youtube";
    Vimeo "vimeo";
    Hulu "hulu";
    Animoto "animoto";
    Dailymotion "dailymotion";
    WorldstarHiphop "worldstarhiphop";
    Sprite "sprite";
    Multi "multi";
    Text "text";
    List "list";
    Url2png "url2png";
    Asset "asset";
    Key "key";
    Public "public";
}

impl DeliveryType {
    /// Whether the ID may be a whole URL of another site, whose doubled slash is kept.
    #[must_use]
    pub fn takes_url(self) -> bool {
        !matches!(
            self,
            Self::Upload
                | Self::Private
                | Self::Authenticated
                | Self::Public
                | Self::Asset
                | Self::Key
                | Self::Text
        )
    }
}

/// How asset and delivery type were spelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form {
    /// `/image/upload/…`
    Typed,
    /// `/images/…/suffix.jpg` and its likes.
    Seo,
    /// `/iu/…`
    Short,
    /// Neither type is written: image and upload are meant.
    Root,
    /// The types were given by the caller, not by the path.
    Given,
}

/// The text between `s--` and `--`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signature<'a> {
    /// The characters between, hyphens at either end included.
    pub text: &'a str,
    /// Its place in the decoded path, with `s--` and `--`.
    pub span: Span,
}

impl Signature<'_> {
    /// Whether it has one of the two lengths that signatures have: 8 or 32.
    #[must_use]
    pub fn is_well_formed(&self) -> bool {
        matches!(self.text.len(), 8 | 32)
    }
}

/// The segment `v` and digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version<'a> {
    /// The number; one too great for 64 bits is the greatest.
    pub number: u64,
    /// As written, with the `v`.
    pub text: &'a str,
    /// Its place in the decoded path.
    pub span: Span,
}

/// The asset part of the path.
#[derive(Debug, Clone, PartialEq)]
pub struct RawPath<'a> {
    /// Decoded, without the extension for image and video, with it for raw; empty for `fetch`.
    /// Doubled slashes are dropped, so that it is owned where there were some.
    pub public_id: Cow<'a, str>,
    /// The text after the last dot where it is a known format name, as written; `None` for raw and `fetch`.
    /// Whether an ID without a known extension has a dot in it is for the look-up to try.
    pub extension: Option<&'a str>,
    /// The remote URL of `fetch`, percent-decoded once, with an unescaped query that followed it.
    pub remote: Option<Cow<'a, str>>,
    /// ID and extension (or the remote) as they stand in the decoded path, without an SEO suffix and its extension.
    pub text: &'a str,
    /// The place of `text` in the decoded path.
    pub span: Span,
}

impl RawPath<'_> {
    /// The ID as it would be with its extension: `folder/photo.jpg`.
    #[must_use]
    pub fn with_extension(&self) -> Cow<'_, str> {
        match self.extension {
            Some(extension) => Cow::Owned(format!("{}.{extension}", self.public_id)),
            None => Cow::Borrowed(&self.public_id),
        }
    }
}

/// One component: the parameters between two slashes. Their order has no meaning; of a repeated key the last counts.
#[derive(Debug, Clone, PartialEq)]
pub struct Component<'a> {
    /// As written, decoded once.
    pub text: &'a str,
    /// Its place in the decoded path.
    pub span: Span,
    /// In the order written, repeated keys included.
    pub params: SmallVec<[Param<'a>; 4]>,
    /// The keys among them: most questions about a component are about keys that it has not.
    pub keys: KeySet,
    /// What the component has to do with layers.
    pub layer: LayerScope,
    /// What it has to do with conditions.
    pub branch: BranchScope,
}

impl<'a> Component<'a> {
    /// The parameter that counts for a key: its last occurrence.
    #[must_use]
    pub fn last(&self, key: ParamKey) -> Option<&Param<'a>> {
        if !self.keys.has(key) {
            return None;
        }
        self.params.iter().rev().find(|param| param.key == key)
    }

    /// All occurrences of a key, in the order written (flags and variables add up).
    pub fn all(&self, key: ParamKey) -> impl Iterator<Item = &Param<'a>> {
        let params: &[Param<'a>] = if self.keys.has(key) {
            &self.params
        } else {
            &[]
        };
        params.iter().filter(move |param| param.key == key)
    }
}

/// A component's part in layers (`l_`, `u_`, `fl_layer_apply`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LayerScope {
    /// None.
    #[default]
    None,
    /// It names a layer. `close` is the component with its `fl_layer_apply`; its own index when it stands alone.
    Opens {
        /// Index into the chain, not less than its own.
        close: u32,
    },
    /// It holds the `fl_layer_apply` of the layer at `open`.
    Closes {
        /// Index into the chain, less than its own.
        open: u32,
    },
}

/// A component's part in conditions (`if_`, `if_else`, `if_end`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BranchScope {
    /// None.
    #[default]
    None,
    /// `if_<condition>`. When `inline` the branch is the rest of this component; otherwise it is the components up to
    /// `otherwise`, or up to `end` where there is no `if_else`.
    If {
        /// The branch is the rest of this component.
        inline: bool,
        /// The component with `if_else`.
        otherwise: Option<u32>,
        /// The first component that is no part of the condition's branches: the one with `if_end`, the one after an
        /// inline condition, or the length of the chain where `if_end` was left out.
        end: u32,
    },
    /// `if_else`. When `inline` the alternative is the rest of this component and ends with it.
    Else {
        /// The alternative is the rest of this component.
        inline: bool,
        /// The component with the condition.
        open: u32,
        /// As for `If`.
        end: u32,
    },
    /// `if_end` of an open condition; one that ends nothing has no scope.
    End {
        /// The component with the condition.
        open: u32,
    },
}

/// One parameter: key, underscore, value.
#[derive(Debug, Clone, PartialEq)]
pub struct Param<'a> {
    /// Which one.
    pub key: ParamKey,
    /// What it says, by the shape that its key has in the table.
    pub value: Value<'a>,
    /// As written, decoded once, with the key.
    pub text: &'a str,
    /// Its place in the decoded path.
    pub span: Span,
}

impl<'a> Param<'a> {
    /// The text after the key and its underscore; after the `$` for a variable.
    #[must_use]
    pub fn value_text(&self) -> &'a str {
        let skip = self.key.spelling().len() + usize::from(self.key != ParamKey::Variable);
        self.text.get(skip..).unwrap_or("")
    }
}
