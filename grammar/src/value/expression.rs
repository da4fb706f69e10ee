//! Expressions: numbers, predefined values and variables, joined by word operators.
//!
//! `pow` binds tightest, then `mul` `div` `mod`, `add` `sub`, the comparisons, `and`, `or`; all from the left.
//!
//! Sources of SDKs write `width * 2` for `w_mul_2`, and some SDKs send it so: long names, and signs between spaces, are
//! read too.

use std::fmt;

use nom::branch::alt;
use nom::bytes::complete::{tag, take_till, take_while, take_while1};
use nom::character::complete::char;
use nom::combinator::{map_opt, opt, recognize, value as yields};
use nom::sequence::{delimited, preceded};
use nom::{IResult, Parser};

use super::{Number, Ratio, Read, Wrong, number};
use crate::error::ErrorKind;
use crate::params::nearest;

/// An expression. Boxed only where there is an operator.
#[derive(Debug, Clone, PartialEq)]
pub enum Expr<'a> {
    /// A single operand.
    Operand(Operand<'a>),
    /// Two sides and an operator.
    Binary(Box<Binary<'a>>),
    /// `…_to_i`: a text read as an integer.
    ToInteger(Box<Expr<'a>>),
    /// `…_to_f`: a text read as a number.
    ToNumber(Box<Expr<'a>>),
    /// `isdef_$name`
    IsDefined(&'a str),
    /// `isndef_$name`
    IsUndefined(&'a str),
}

/// Two sides and an operator.
#[derive(Debug, Clone, PartialEq)]
pub struct Binary<'a> {
    /// Left of the operator.
    pub left: Expr<'a>,
    /// The operator.
    pub operator: Operator,
    /// Right of it.
    pub right: Expr<'a>,
}

/// What stands between operators.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Operand<'a> {
    /// A number.
    Number(Number),
    /// `3:4`
    Ratio(Ratio),
    /// `!a!`, or a list of texts `!a:b!`: what stands between the marks.
    Text(&'a str),
    /// A predefined value.
    Name(Name),
    /// `$name`, without the `$`.
    Variable(&'a str),
    /// `ctx:!key!`
    Context(&'a str),
    /// `md:!key!`
    Metadata(&'a str),
    /// `ref:!id!`
    Reference(&'a str),
    /// The value that the key itself has now, where an expression begins with an operator: `w_div_2`.
    Own,
    /// In an assignment only: a value that is no expression, as written.
    Word(&'a str),
}

macro_rules! spelled {
    ($(#[$doc:meta])* $name:ident { $($variant:ident $spelling:literal;)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[allow(missing_docs)] // the words of the URL
        pub enum $name { $($variant,)* }

        impl $name {
            /// Every variant.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// As written in the URL.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $spelling,)* }
            }

            fn from_word(word: &str) -> Option<Self> {
                Some(match word { $($spelling => Self::$variant,)* _ => return None })
            }
        }
    };
}

/// Signs for operators, as SDKs take them.
const SIGNS: &[(&str, Operator)] = &[
    ("*", Operator::Mul),
    ("/", Operator::Div),
    ("%", Operator::Mod),
    ("+", Operator::Add),
    ("-", Operator::Sub),
    ("^", Operator::Pow),
    ("=", Operator::Eq),
    ("!=", Operator::Ne),
    ("<", Operator::Lt),
    (">", Operator::Gt),
    ("<=", Operator::Lte),
    (">=", Operator::Gte),
    ("&&", Operator::And),
    ("||", Operator::Or),
];

/// Long names of predefined values, as SDKs take them.
const LONG_NAMES: &[(&str, Name)] = &[
    ("width", Name::Width),
    ("height", Name::Height),
    ("aspect_ratio", Name::AspectRatio),
    ("initial_width", Name::InitialWidth),
    ("initial_height", Name::InitialHeight),
    ("initial_aspect_ratio", Name::InitialAspectRatio),
    ("trimmed_aspect_ratio", Name::TrimmedAspectRatio),
    ("current_page", Name::CurrentPage),
    ("page_count", Name::PageCount),
    ("page_x", Name::PageX),
    ("page_y", Name::PageY),
    ("face_count", Name::FaceCount),
    ("illustration_score", Name::IllustrationScore),
    ("duration", Name::Duration),
    ("initial_duration", Name::InitialDuration),
];

spelled! {
    /// A value that the picture or its record has. `Original…` are spellings of `Initial…` that SDKs emit.
    Name {
        Width "w";
        Height "h";
        AspectRatio "ar";
        InitialWidth "iw";
        InitialHeight "ih";
        InitialAspectRatio "iar";
        OriginalWidth "ow";
        OriginalHeight "oh";
        TrimmedAspectRatio "tar";
        CurrentPage "cp";
        PageCount "pc";
        PageX "px";
        PageY "py";
        FaceCount "fc";
        CustomCount "ccc";
        RegionCount "rc";
        RegionNames "rn";
        PageNames "pgnames";
        InitialDensity "idn";
        IllustrationScore "ils";
        Tags "tags";
        ContextKeys "ctx";
        MetadataIds "md";
        Duration "du";
        InitialDuration "idu";
        PreviewDuration "preview:duration";
        AudioFrequency "iaf";
        FrameRate "fps";
        InitialFrameRate "ifps";
        X "x";
        Y "y";
    }
}

spelled! {
    /// A word between two operands.
    Operator {
        Add "add";
        Sub "sub";
        Mul "mul";
        Div "div";
        Mod "mod";
        Pow "pow";
        Eq "eq";
        Ne "ne";
        Lt "lt";
        Gt "gt";
        Lte "lte";
        Gte "gte";
        In "in";
        Nin "nin";
        And "and";
        Or "or";
    }
}

impl Operator {
    /// How tightly it binds: 6 (`pow`) to 1 (`or`).
    #[must_use]
    pub const fn precedence(self) -> u8 {
        match self {
            Self::Pow => 6,
            Self::Mul | Self::Div | Self::Mod => 5,
            Self::Add | Self::Sub => 4,
            Self::Eq
            | Self::Ne
            | Self::Lt
            | Self::Gt
            | Self::Lte
            | Self::Gte
            | Self::In
            | Self::Nin => 3,
            Self::And => 2,
            Self::Or => 1,
        }
    }
}

impl fmt::Display for Expr<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Operand(operand) => operand.fmt(f),
            Self::Binary(binary) => {
                if binary.left != Self::Operand(Operand::Own) {
                    write!(f, "{}_", binary.left)?;
                }
                write!(f, "{}_{}", binary.operator.as_str(), binary.right)
            }
            Self::ToInteger(inner) => write!(f, "{inner}_to_i"),
            Self::ToNumber(inner) => write!(f, "{inner}_to_f"),
            Self::IsDefined(name) => write!(f, "isdef_${name}"),
            Self::IsUndefined(name) => write!(f, "isndef_${name}"),
        }
    }
}

impl fmt::Display for Operand<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Ratio(ratio) => ratio.fmt(f),
            Self::Text(text) => write!(f, "!{text}!"),
            Self::Name(name) => f.write_str(name.as_str()),
            Self::Variable(name) => write!(f, "${name}"),
            Self::Context(key) => write!(f, "ctx:!{key}!"),
            Self::Metadata(key) => write!(f, "md:!{key}!"),
            Self::Reference(id) => write!(f, "ref:!{id}!"),
            Self::Own => Ok(()),
            Self::Word(word) => f.write_str(word),
        }
    }
}

/// Letters and digits after a letter.
pub(crate) fn is_variable_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// An expression of numbers: the value of a side, an offset, a level.
pub(crate) fn value<'a>(text: &'a str, limit: usize, expected: &'static str) -> Read<'a, Expr<'a>> {
    match whole(text, limit, 4) {
        Ok(expr) => Ok(expr),
        // Only a text that begins as an expression is told where it goes wrong inside.
        Err(Stop { at, too_long: false })
            if at.len() == text.len() || (!at.is_empty() && at.trim().is_empty()) =>
        {
            super::wrong(text, expected)
        }
        Err(stop) => Err(stop.explain("a number, `$name` or a predefined value such as `iw`, joined by `_add_`, `_mul_` and the like")),
    }
}

/// The condition of `if_`.
pub(crate) fn condition(text: &str, limit: usize) -> Read<'_, Expr<'_>> {
    whole(text, limit, 1).map_err(|stop| {
        stop.explain("a condition such as `w_gt_100_and_ar_lt_3:4`, or `else` or `end`")
    })
}

/// The value of a variable: an expression, or else the text as it stands.
///
/// SDKs write the cast of a whole expression behind its last operand: `$a_iw_div_3_to_i`.
pub(crate) fn assigned(text: &str, limit: usize) -> Read<'_, Expr<'_>> {
    for (suffix, integer) in [("_to_i", true), ("_to_f", false)] {
        if let Some(inner) = text.strip_suffix(suffix)
            && let Ok(expr @ Expr::Binary(_)) = whole(inner, limit, 1)
        {
            let inner = Box::new(expr);
            return Ok(if integer {
                Expr::ToInteger(inner)
            } else {
                Expr::ToNumber(inner)
            });
        }
    }
    match whole(text, limit, 1) {
        // A long name by itself is as likely a word.
        Ok(Expr::Operand(Operand::Name(name))) if name.as_str() != text => {
            Ok(Expr::Operand(Operand::Word(text)))
        }
        Ok(expr) => Ok(expr),
        Err(stop) if stop.too_long => Err(stop.explain("")),
        Err(_) => Ok(Expr::Operand(Operand::Word(text))),
    }
}

/// Where reading stopped, and whether because there was too much of it.
struct Stop<'a> {
    at: &'a str,
    too_long: bool,
}

impl<'a> Stop<'a> {
    fn explain(self, expected: &'static str) -> Box<Wrong<'a>> {
        let Self { at, too_long } = self;
        let (kind, expected) = match too_long {
            true => (
                ErrorKind::ExpressionTooLong,
                "the expression has more operators than allowed",
            ),
            false => (ErrorKind::InvalidExpression, expected),
        };
        Box::new(Wrong {
            kind,
            at,
            expected,
            hint: meant(at).map(|word| format!("did you mean `{word}`?")),
        })
    }
}

/// The operator or predefined value that was probably meant where reading stopped.
fn meant(at: &str) -> Option<&'static str> {
    let behind_operand = at.starts_with(is_separator);
    let at = at.trim_start_matches(is_separator);
    let word = at.split(is_separator).next().unwrap_or(at);
    let names = || Name::ALL.iter().map(|known| known.as_str());
    let near = if behind_operand && word.len() < 3 {
        None
    } else if behind_operand {
        nearest(word, Operator::ALL.iter().map(|known| known.as_str()))
    } else {
        // Nearly every mistake of two letters is near a name of one.
        nearest(word, names().filter(|known| known.len() > 1))
    };
    near.filter(|near| *near != word)
}

/// `expression = [operator "_"] operand *("_" operator "_" operand)`, all of the text.
///
/// `loosest` is the least precedence allowed: 4 for arithmetic, 1 for conditions too.
fn whole(text: &str, limit: usize, loosest: u8) -> Result<Expr<'_>, Stop<'_>> {
    let mut left = limit;
    let begun = match opt(operator(loosest)).parse(text) {
        Ok((rest, Some(first))) => {
            climb(rest, first.precedence() + 1, &mut left).and_then(|(rest, right)| {
                let own = Expr::Operand(Operand::Own);
                let start = Expr::Binary(Box::new(Binary {
                    left: own,
                    operator: first,
                    right,
                }));
                go_on(rest, start, loosest, &mut left)
            })
        }
        _ => climb(text, loosest, &mut left),
    };
    match begun {
        Ok(("", expr)) => Ok(expr),
        Ok((at, _)) => Err(Stop {
            at,
            too_long: false,
        }),
        Err(stop) => Err(stop),
    }
}

/// An operand and all operators after it that bind at least as tightly as `least`. Recursion is as deep as there are
/// precedences.
fn climb<'a>(input: &'a str, least: u8, left: &mut usize) -> Result<(&'a str, Expr<'a>), Stop<'a>> {
    let (rest, first) = operand(input).map_err(|_| Stop {
        at: input,
        too_long: false,
    })?;
    go_on(rest, first, least, left)
}

fn go_on<'a>(
    mut rest: &'a str,
    mut expr: Expr<'a>,
    least: u8,
    left: &mut usize,
) -> Result<(&'a str, Expr<'a>), Stop<'a>> {
    while let Ok((after, found)) = preceded(separator, operator(least)).parse(rest) {
        *left = left.checked_sub(1).ok_or(Stop {
            at: rest,
            too_long: true,
        })?;
        let (next, right) = climb(after, found.precedence() + 1, left)?;
        expr = Expr::Binary(Box::new(Binary {
            left: expr,
            operator: found,
            right,
        }));
        rest = next;
    }
    Ok((rest, expr))
}

/// What stands between operands and operators: one underscore, or spaces in the notation of SDK sources.
const fn is_separator(c: char) -> bool {
    matches!(c, '_' | ' ')
}

fn separator(input: &str) -> IResult<&str, &str> {
    take_while1(is_separator).parse(input)
}

/// An operator, and the separator after it.
fn operator<'a>(
    least: u8,
) -> impl Parser<&'a str, Output = Operator, Error = nom::error::Error<&'a str>> {
    move |input: &'a str| {
        let (rest, word) = take_till(is_separator).parse(input)?;
        let (rest, _) = separator(rest)?;
        let sign = || SIGNS.iter().find(|(sign, _)| *sign == word);
        match Operator::from_word(word).or_else(|| sign().map(|&(_, operator)| operator)) {
            Some(operator) if operator.precedence() >= least => Ok((rest, operator)),
            _ => Err(nom::Err::Error(nom::error::Error::new(
                input,
                nom::error::ErrorKind::OneOf,
            ))),
        }
    }
}

/// `operand = number / ratio / text / variable / record / name`, each with an optional cast.
fn operand(input: &str) -> IResult<&str, Expr<'_>> {
    let (rest, expr) = match input.as_bytes().first() {
        Some(b'0'..=b'9' | b'-' | b'.') => alt((
            number::ratio.map(Operand::Ratio),
            number::number.map(Operand::Number),
        ))
        .map(Expr::Operand)
        .parse(input),
        Some(b'!') => quoted.map(Operand::Text).map(Expr::Operand).parse(input),
        Some(b'$') => preceded(char('$'), variable)
            .map(Operand::Variable)
            .map(Expr::Operand)
            .parse(input),
        _ => alt((
            preceded(tag("ctx:"), quoted)
                .map(Operand::Context)
                .map(Expr::Operand),
            preceded(tag("md:"), quoted)
                .map(Operand::Metadata)
                .map(Expr::Operand),
            preceded(tag("ref:"), quoted)
                .map(Operand::Reference)
                .map(Expr::Operand),
            preceded(tag("isdef_$"), variable).map(Expr::IsDefined),
            preceded(tag("isndef_$"), variable).map(Expr::IsUndefined),
            name.map(Operand::Name).map(Expr::Operand),
            long_name.map(Operand::Name).map(Expr::Operand),
        ))
        .parse(input),
    }?;
    let boundary = |rest: &str| rest.is_empty() || rest.starts_with(is_separator);
    if let Ok((after, whole)) = alt((yields(true, tag("_to_i")), yields(false, tag("_to_f"))))
        .parse(rest)
        .map_err(|_: nom::Err<nom::error::Error<&str>>| ())
        && boundary(after)
    {
        let inner = Box::new(expr);
        return Ok((
            after,
            if whole {
                Expr::ToInteger(inner)
            } else {
                Expr::ToNumber(inner)
            },
        ));
    }
    if boundary(rest) {
        Ok((rest, expr))
    } else {
        Err(nom::Err::Error(nom::error::Error::new(
            input,
            nom::error::ErrorKind::Eof,
        )))
    }
}

/// `text = "!" *any "!"`
fn quoted(input: &str) -> IResult<&str, &str> {
    delimited(char('!'), take_till(|c| c == '!'), char('!')).parse(input)
}

/// `variable = ALPHA *(ALPHA / DIGIT)`
fn variable(input: &str) -> IResult<&str, &str> {
    recognize((
        take_while1(|c: char| c.is_ascii_alphabetic()),
        take_while(|c: char| c.is_ascii_alphanumeric()),
    ))
    .parse(input)
}

/// One of the predefined values.
fn name(input: &str) -> IResult<&str, Name> {
    map_opt(
        take_while1(|c: char| c.is_ascii_lowercase() || c == ':'),
        Name::from_word,
    )
    .parse(input)
}

/// One of them by its long name.
fn long_name(input: &str) -> IResult<&str, Name> {
    LONG_NAMES
        .iter()
        .find_map(|&(long, name)| {
            let rest = input.strip_prefix(long)?;
            (rest.is_empty() || rest.starts_with(is_separator)).then_some((rest, name))
        })
        .ok_or_else(|| nom::Err::Error(nom::error::Error::new(input, nom::error::ErrorKind::Tag)))
}
