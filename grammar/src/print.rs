//! Tree to text: the URL as written, the URL in canonical form, and a short description of the tree for snapshots.

use std::fmt::{self, Display, Write};

use crate::ast::{
    AssetType, BranchScope, Component, DeliveryType, DeliveryUrl, Form, LayerScope, Param,
};
use crate::params::ParamKey;
use crate::value::{
    AngleStep, BitRate, Corner, EffectHead, Expr, Fill, Operand, QualityBase, Value,
};

impl DeliveryUrl<'_> {
    /// The URL as it was written, percent-encoded anew: reading it again gives the same tree.
    ///
    /// What is not in the tree is not printed: doubled slashes, fragments, and a prefix that the options told to skip.
    #[must_use]
    pub fn to_written(&self) -> String {
        self.print(&|component, out| encode(component.text, out))
    }

    /// The URL in canonical form: in every component the parameters sorted by key, of a repeated key only the last
    /// (flags, variables and conditions add up, and keep their order), numbers, expressions and colours normalised.
    ///
    /// Two URLs that differ only in such ways print the same, and mean the same.
    #[must_use]
    pub fn to_canonical(&self) -> String {
        self.print(&|component, out| encode(&component.to_canonical(), out))
    }

    fn print(&self, component: &dyn Fn(&Component<'_>, &mut String)) -> String {
        let head = &self.head;
        let mut out = String::with_capacity(128);
        if let Some(host) = head.host {
            let (scheme, colon) = head.scheme.map_or(("", ""), |scheme| (scheme, ":"));
            out.extend([scheme, colon, "//", host]);
        }
        let mut segment = |text: &str| {
            out.push('/');
            encode(text, &mut out);
        };
        if let Some(cloud) = head.cloud_name.filter(|_| head.cloud_in_path) {
            segment(cloud);
        }
        match head.form {
            Form::Typed => {
                segment(head.asset_type.as_str());
                segment(head.delivery_type.as_str());
            }
            Form::Seo => {
                segment(seo_word(head.asset_type, head.delivery_type));
                // One `upload` after the word is read as a delivery type: an ID that begins so needs it twice.
                let next_is_id =
                    head.signature.is_none() && self.chain.is_empty() && head.version.is_none();
                if next_is_id && self.asset.public_id.starts_with("upload/") {
                    segment("upload");
                }
            }
            Form::Short => segment("iu"),
            Form::Root | Form::Given => {}
        }
        if let Some(signature) = &head.signature {
            segment(&format!("s--{}--", signature.text));
        }
        for each in &self.chain {
            out.push('/');
            component(each, &mut out);
        }
        if let Some(version) = &head.version {
            out.extend(["/", version.text]);
        }
        out.push('/');
        let asset = &self.asset;
        if asset.remote.is_some() || (asset.extension.is_none() && asset.public_id.contains("//")) {
            encode(asset.text, &mut out);
        } else {
            encode(&asset.public_id, &mut out);
            if let Some(suffix) = head.seo_suffix {
                out.push('/');
                encode(suffix, &mut out);
            }
            if let Some(extension) = asset.extension {
                out.push('.');
                encode(extension, &mut out);
            }
        }
        if let Some(query) = head.query {
            out.extend(["?", query]);
        }
        out
    }

    /// The tree in a few lines for people: what snapshots show. Two trees that print the same are the same, spans and
    /// the exact letters of normalised values aside.
    #[must_use]
    pub fn tree(&self) -> String {
        let mut out = String::new();
        // Writing to a string cannot fail.
        let _ = self.write_tree(&mut out);
        out
    }

    fn write_tree(&self, out: &mut String) -> fmt::Result {
        let head = &self.head;
        let form = match head.form {
            Form::Typed => "",
            Form::Seo => " (seo)",
            Form::Short => " (iu)",
            Form::Root => " (root)",
            Form::Given => " (given)",
        };
        write!(
            out,
            "{}/{}{form}",
            head.asset_type.as_str(),
            head.delivery_type.as_str()
        )?;
        if let Some(cloud) = head.cloud_name {
            write!(out, " of {cloud}")?;
        }
        if let Some(signature) = &head.signature {
            write!(
                out,
                " signed {}{}",
                signature.text,
                if signature.is_well_formed() {
                    ""
                } else {
                    " (malformed)"
                }
            )?;
        }
        if let Some(version) = &head.version {
            write!(out, " version {}", version.number)?;
        }
        match &self.asset.remote {
            Some(remote) => write!(out, " remote {remote:?}")?,
            None => write!(out, " id {:?}", self.asset.public_id)?,
        }
        if let Some(extension) = self.asset.extension {
            write!(out, " as {extension}")?;
        }
        if let Some(suffix) = head.seo_suffix {
            write!(out, " suffix {suffix:?}")?;
        }
        if let Some(token) = head.token {
            write!(out, " token {token}")?;
        }
        for (index, component) in self.chain.iter().enumerate() {
            write!(out, "\n  {index}:")?;
            for param in &component.params {
                write!(out, " {}={}", param.key.long_name(), Shown(&param.value))?;
            }
            match component.layer {
                LayerScope::None => {}
                LayerScope::Opens { close } if close as usize == index => {
                    write!(out, " [layer alone]")?
                }
                LayerScope::Opens { close } => write!(out, " [layer to {close}]")?,
                LayerScope::Closes { open } => write!(out, " [applies {open}]")?,
            }
            match component.branch {
                BranchScope::None => {}
                BranchScope::If {
                    inline,
                    otherwise,
                    end,
                } => {
                    let kind = if inline { "this" } else { "block" };
                    let otherwise = otherwise
                        .map(|at| format!(" else {at}"))
                        .unwrap_or_default();
                    write!(out, " [if {kind}{otherwise} end {end}]")?;
                }
                BranchScope::Else { inline, open, end } => {
                    write!(
                        out,
                        " [else {} of {open} end {end}]",
                        if inline { "this" } else { "block" }
                    )?;
                }
                BranchScope::End { open } => write!(out, " [ends {open}]")?,
            }
        }
        Ok(())
    }
}

impl Component<'_> {
    /// The component in canonical form, not percent-encoded. See [`DeliveryUrl::to_canonical`].
    #[must_use]
    pub fn to_canonical(&self) -> String {
        // Conditions and assignments come first, in the order written: each may need the one before it.
        let rank = |key: ParamKey| match key {
            ParamKey::If | ParamKey::Variable => "",
            key => key.spelling(),
        };
        let adds_up = |key| matches!(key, ParamKey::If | ParamKey::Variable | ParamKey::Flags);
        let counts = |&(at, param): &(usize, &Param<'_>)| {
            adds_up(param.key)
                || !self
                    .params
                    .iter()
                    .skip(at + 1)
                    .any(|later| later.key == param.key)
        };
        let mut params: Vec<_> = self
            .params
            .iter()
            .enumerate()
            .filter(counts)
            .map(|(_, param)| param)
            .collect();
        params.sort_by_key(|param| rank(param.key));
        let mut out = String::with_capacity(self.text.len());
        for (at, param) in params.iter().enumerate() {
            if at > 0 {
                out.push(',');
            }
            // Writing to a string cannot fail.
            let _ = param.write_canonical(&mut out);
        }
        out
    }
}

impl Param<'_> {
    fn write_canonical(&self, out: &mut String) -> fmt::Result {
        let key = self.key.spelling();
        match &self.value {
            Value::Number(number) => write!(out, "{key}_{number}"),
            Value::Percent(number) => write!(out, "{key}_{number}p"),
            Value::Seconds(number) => write!(out, "{key}_{number}s"),
            Value::Ratio(ratio) => write!(out, "{key}_{ratio}"),
            Value::Expr(expr) | Value::Condition(expr) => write!(out, "{key}_{expr}"),
            Value::Colour(colour) => write!(out, "{key}_{colour}"),
            Value::Border(border) => {
                let unit = if matches!(border.width, Expr::Operand(Operand::Number(_))) {
                    "px"
                } else {
                    ""
                };
                write!(out, "{key}_{}{unit}_solid_{}", border.width, border.colour)
            }
            Value::Assignment(assignment) => {
                write!(out, "${}_{}", assignment.name, assignment.value)
            }
            Value::Auto(_)
            | Value::Words(_)
            | Value::Crop(_)
            | Value::Gravity(_)
            | Value::Angle(_)
            | Value::Radius(_)
            | Value::Fill(_)
            | Value::Quality(_)
            | Value::Format(_)
            | Value::Flags(_)
            | Value::Effect(_)
            | Value::Layer(_)
            | Value::BitRate(_)
            | Value::BitRates(_)
            | Value::Range(_)
            | Value::Pages(_)
            | Value::AssetId(_)
            | Value::Names(_)
            | Value::Else
            | Value::End => out.write_str(self.text),
        }
    }
}

fn seo_word(asset: AssetType, delivery: DeliveryType) -> &'static str {
    match (asset, delivery) {
        (AssetType::Image, DeliveryType::Private) => "private_images",
        (AssetType::Image, DeliveryType::Authenticated) => "authenticated_images",
        (AssetType::Video, _) => "videos",
        (AssetType::Raw, _) => "files",
        (AssetType::Image, _) => "images",
    }
}

/// Percent-encodes what a path cannot hold, so that decoding once gives the text back.
fn encode(text: &str, out: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let digit = |nibble: u8| {
        HEX.get(usize::from(nibble & 15))
            .map_or('0', |&digit| char::from(digit))
    };
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.extend(['%', digit(byte >> 4), digit(byte)]);
        }
    }
}

/// A value as snapshots show it: with its type where that is not plain, and parentheses that show precedence.
struct Shown<'v>(&'v Value<'v>);

/// An expression with its parentheses.
struct Nested<'v>(&'v Expr<'v>);

impl Display for BitRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let constant = if self.constant { " constant" } else { "" };
        write!(f, "{}x{}{constant}", self.number, self.unit)
    }
}

impl Display for Nested<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Expr::Operand(Operand::Own) => f.write_str("own"),
            Expr::Operand(Operand::Word(word)) => write!(f, "{word:?}"),
            Expr::Operand(operand) => operand.fmt(f),
            Expr::Binary(binary) => {
                write!(
                    f,
                    "({} {} {})",
                    Nested(&binary.left),
                    binary.operator.as_str(),
                    Nested(&binary.right)
                )
            }
            Expr::ToInteger(inner) => write!(f, "integer({})", Nested(inner)),
            Expr::ToNumber(inner) => write!(f, "number({})", Nested(inner)),
            Expr::IsDefined(name) => write!(f, "defined({name})"),
            Expr::IsUndefined(name) => write!(f, "undefined({name})"),
        }
    }
}

impl Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::Number(number) => number.fmt(f),
            Value::Percent(number) => write!(f, "{number}%"),
            Value::Seconds(number) => write!(f, "{number}s"),
            Value::Ratio(ratio) => ratio.fmt(f),
            Value::Expr(expr) | Value::Condition(expr) => Nested(expr).fmt(f),
            Value::Auto(words) => write!(f, "auto{:?}", words.iter().collect::<Vec<_>>()),
            Value::Words(words) => write!(f, "{:?}", words.iter().collect::<Vec<_>>()),
            Value::Crop(mode) => f.write_str(mode.as_str()),
            Value::Gravity(gravity) => {
                write!(f, "{:?}({})", gravity.place, gravity.word)?;
                if gravity.args.is_empty() {
                    Ok(())
                } else {
                    write!(f, "{:?}", gravity.args.iter().collect::<Vec<_>>())
                }
            }
            Value::Angle(angle) => {
                for (at, step) in angle.steps().enumerate() {
                    f.write_str(if at > 0 { "," } else { "" })?;
                    match step {
                        AngleStep::Degrees(number) => number.fmt(f)?,
                        AngleStep::Word(word) => write!(f, "{word:?}")?,
                        AngleStep::Expr(expr) => Nested(&expr).fmt(f)?,
                    }
                }
                Ok(())
            }
            Value::Radius(radius) => {
                for (at, corner) in radius.corners().enumerate() {
                    f.write_str(if at > 0 { "," } else { "" })?;
                    match corner {
                        Corner::Max => f.write_str("max")?,
                        Corner::Pixels(number) => number.fmt(f)?,
                        Corner::Expr(expr) => Nested(&expr).fmt(f)?,
                    }
                }
                Ok(())
            }
            Value::Colour(colour) => colour.fmt(f),
            Value::Fill(fill) => {
                let (word, words) = match fill {
                    Fill::Auto(words) => ("auto", words),
                    Fill::Blurred(words) => ("blurred", words),
                    Fill::GenFill(words) => ("gen_fill", words),
                };
                write!(f, "{word}{:?}", words.iter().collect::<Vec<_>>())
            }
            Value::Border(border) => write!(f, "{} {}", Nested(&border.width), border.colour),
            Value::Quality(quality) => {
                match &quality.base {
                    QualityBase::Level(number) => number.fmt(f)?,
                    QualityBase::Auto => f.write_str("auto")?,
                    QualityBase::JpegMini => f.write_str("jpegmini")?,
                    QualityBase::Expr(expr) => Nested(expr).fmt(f)?,
                }
                let options: Vec<_> = quality.options.iter().collect();
                if options.is_empty() {
                    Ok(())
                } else {
                    write!(f, "{options:?}")
                }
            }
            Value::Format(name) => f.write_str(name),
            Value::Flags(flags) => {
                for (at, flag) in flags.iter().enumerate() {
                    let known = if flag.name.is_none() { "?" } else { "" };
                    write!(f, "{}{}{known}", if at > 0 { "+" } else { "" }, flag.word)?;
                    if let Some(argument) = flag.argument {
                        write!(f, "({argument})")?;
                    }
                }
                Ok(())
            }
            Value::Effect(effect) => {
                match effect.head {
                    EffectHead::Known(name) => f.write_str(name.as_str())?,
                    EffectHead::Variable(name) => write!(f, "${name}")?,
                    EffectHead::Computed(text) => write!(f, "({text})")?,
                }
                for arg in effect.args() {
                    match arg.name {
                        Some(name) => write!(f, " {name}:{:?}", arg.value)?,
                        None => write!(f, " {:?}", arg.value)?,
                    }
                }
                Ok(())
            }
            Value::Layer(layer) => {
                f.write_str(layer.kind.as_str())?;
                if let Some(delivery) = layer.delivery {
                    write!(f, "/{}", delivery.as_str())?;
                }
                if let Some(style) = layer.style {
                    write!(f, " style {style:?}")?;
                }
                if let Some(text) = layer.decoded_text() {
                    write!(f, " text {text:?}")?;
                }
                match layer.remote() {
                    Some(remote) => write!(f, " {remote:?}"),
                    None if layer.source.is_empty() => Ok(()),
                    None => write!(f, " {:?}", layer.public_id()),
                }
            }
            Value::BitRate(rate) => rate.fmt(f),
            Value::BitRates(rates) => {
                let parts = [("video", rates.video), ("audio", rates.audio)];
                let mut between = "";
                for (part, rate) in parts {
                    if let Some(rate) = rate {
                        write!(f, "{between}{part} {rate}")?;
                        between = ", ";
                    }
                }
                Ok(())
            }
            Value::Range(range) => {
                let end = |end: &Option<Expr<'_>>| {
                    end.as_ref()
                        .map(|end| Nested(end).to_string())
                        .unwrap_or_default()
                };
                write!(f, "{}..{}", end(&range.low), end(&range.high))
            }
            Value::Pages(pages) => {
                write!(
                    f,
                    "{}{:?}",
                    pages.kind().unwrap_or(""),
                    pages.iter().collect::<Vec<_>>()
                )
            }
            Value::AssetId(id) => write!(f, "{id:?}"),
            Value::Names(names) => write!(f, "{:?}", names.iter().collect::<Vec<_>>()),
            Value::Else => f.write_str("else"),
            Value::End => f.write_str("end"),
            Value::Assignment(assignment) => {
                write!(f, "{}:={}", assignment.name, Nested(&assignment.value))
            }
        }
    }
}
