//! Boxes: what `c_ w_ h_ ar_ g_ x_ y_ z_ dpr_` together ask for.

use super::component::{Reader, decimal, nearest};
use crate::dialect::{Error, NoteLevel};
use crate::grammar::params::{CropMode, FlagName, Place};
use crate::grammar::value::{Expr, Gravity as WrittenGravity, Name, Operand, Words};
use crate::grammar::{Number, ParamKey, Value};
use crate::spec::{
    Area, Compass, Crop, Decimal, Direction, Dpr, Fill, Frame, Gravity, Length, Offset, Op, Ratio,
    Resize, Side, Subject,
};

/// Granularity of `w_auto` where the URL names none, in pixels.
const AUTO_STEP: u32 = 100;

/// Reads the component's crop or resize, if it has one; says whether it had.
pub(super) fn read(reader: &mut Reader<'_, '_>, fill: Option<Fill>) -> Result<bool, Error> {
    let area = area(reader)?;
    let mode = match reader
        .param(ParamKey::Crop)
        .map(|param| (&param.value, param.text))
    {
        Some((Value::Crop(mode), _)) => Some(*mode),
        Some((_, text)) => {
            reader.note(NoteLevel::Unsupported, text, "variables are not evaluated");
            return Ok(false);
        }
        None => None,
    };
    if area.is_empty() {
        dpr_of_the_chain(reader, area.dpr);
        let tight = mode == Some(CropMode::Crop) && reader.param(ParamKey::Gravity).is_some();
        if tight {
            reader.note_key(
                ParamKey::Gravity,
                NoteLevel::Unsupported,
                "cropping to a detected region is not rendered: left out",
            );
        }
        return Ok(false);
    }
    let op = op(reader, mode.unwrap_or(CropMode::Scale), area, fill)?;
    reader.spec.ops.push(op);
    Ok(true)
}

fn op(
    reader: &mut Reader<'_, '_>,
    mode: CropMode,
    area: Area,
    fill: Option<Fill>,
) -> Result<Op, Error> {
    let (frame, direction) = match mode {
        CropMode::Crop => {
            let offset = offset(reader);
            let unplaced = if offset.is_empty() {
                Gravity::Compass(Compass::Center)
            } else {
                Gravity::Corner
            };
            let gravity = gravity(reader, mode)?.unwrap_or(unplaced);
            return Ok(Op::Crop(Crop {
                area,
                gravity,
                offset,
                zoom: None,
            }));
        }
        CropMode::Scale => (Frame::Stretch, Direction::Any),
        CropMode::Fit => (Frame::Inside, Direction::Any),
        CropMode::Limit => (Frame::Inside, Direction::Down),
        CropMode::Mfit => (Frame::Inside, Direction::Up),
        CropMode::Fill | CropMode::Thumb => (Frame::Cover, Direction::Any),
        CropMode::Lfill => (Frame::Cover, Direction::Down),
        CropMode::Pad => (Frame::Pad, Direction::Any),
        CropMode::Lpad => (Frame::Pad, Direction::Down),
        CropMode::Mpad => (Frame::Pad, Direction::Up),
        CropMode::Auto | CropMode::ImaggaCrop | CropMode::ImaggaScale => {
            reader.note_key(ParamKey::Crop, NoteLevel::Approximated, "rendered as fill");
            (Frame::Cover, Direction::Any)
        }
        CropMode::FillPad | CropMode::AutoPad => {
            reader.note_key(ParamKey::Crop, NoteLevel::Approximated, "rendered as pad");
            (Frame::Pad, Direction::Any)
        }
    };
    let placed = matches!(frame, Frame::Cover | Frame::Pad);
    let detects = matches!(mode, CropMode::Thumb | CropMode::Auto);
    Ok(Op::Resize(Resize {
        frame,
        direction,
        area,
        gravity: gravity(reader, mode)?
            .filter(|_| placed)
            .unwrap_or(Gravity::Compass(Compass::Center)),
        offset: if placed {
            offset(reader)
        } else {
            Offset::default()
        },
        zoom: if detects { zoom(reader) } else { None },
        background: if frame == Frame::Pad { fill } else { None },
    }))
}

fn area(reader: &mut Reader<'_, '_>) -> Result<Area, Error> {
    Ok(Area {
        width: side(reader, ParamKey::Width),
        height: side(reader, ParamKey::Height),
        ratio: ratio(reader)?,
        ignore_aspect: output_flag(reader, FlagName::IgnoreAspectRatio),
        dpr: dpr(reader),
    })
}

fn output_flag(reader: &Reader<'_, '_>, wanted: FlagName) -> bool {
    reader
        .component
        .all(ParamKey::Flags)
        .any(|param| match &param.value {
            Value::Flags(flags) => flags.iter().any(|flag| flag.name == Some(wanted)),
            _ => false,
        })
}

fn side(reader: &mut Reader<'_, '_>, key: ParamKey) -> Option<Length> {
    let param = reader.param(key)?;
    match &param.value {
        Value::Number(number) => length(*number),
        Value::Auto(words) => Some(shown(*words)),
        Value::Expr(Expr::Operand(Operand::Name(name))) => source_side(*name),
        _ => None,
    }
    .or_else(|| {
        reader.note_key(
            key,
            NoteLevel::Unsupported,
            "expressions are not evaluated: left out",
        );
        None
    })
}

/// A number without a dot is pixels, with one a share.
fn length(number: Number) -> Option<Length> {
    if number.dotted {
        decimal(number).map(Length::Share)
    } else {
        Some(Length::Px(
            i32::try_from(nearest(number)).unwrap_or(i32::MAX),
        ))
    }
}

const fn source_side(name: Name) -> Option<Length> {
    match name {
        Name::InitialWidth | Name::OriginalWidth => Some(Length::Source(Side::Width)),
        Name::InitialHeight | Name::OriginalHeight => Some(Length::Source(Side::Height)),
        _ => None,
    }
}

/// `auto`, `auto:50`, `auto:50:500`. Breakpoints that are computed elsewhere are read as plain `auto`.
fn shown(words: Words<'_>) -> Length {
    let mut numbers = words.iter().map(str::parse::<u32>);
    let step = numbers.next().and_then(Result::ok).filter(|step| *step > 0);
    let fallback = numbers
        .next()
        .and_then(Result::ok)
        .filter(|fallback| *fallback > 0);
    Length::Shown {
        step: step.unwrap_or(AUTO_STEP),
        fallback,
    }
}

fn ratio(reader: &mut Reader<'_, '_>) -> Result<Option<Ratio>, Error> {
    let Some(param) = reader.param(ParamKey::AspectRatio) else {
        return Ok(None);
    };
    let ratio = match &param.value {
        Value::Ratio(ratio) => fraction(ratio.width, ratio.height),
        Value::Number(number) => fraction(*number, Number::integer(1)),
        _ => {
            reader.note_key(
                ParamKey::AspectRatio,
                NoteLevel::Unsupported,
                "expressions are not evaluated",
            );
            return Ok(None);
        }
    };
    match ratio {
        Some(ratio) => Ok(Some(ratio)),
        None => Err(Error::Conflict {
            parameter: param.text.into(),
            reason: "the ratio is too large or too small".into(),
        }),
    }
}

/// Most by which one side may exceed the other.
const MAX_RATIO: u64 = 65_535;

fn fraction(width: Number, height: Number) -> Option<Ratio> {
    let over = |number: Number, other: Number| -> Option<u64> {
        let mantissa = u64::try_from(number.mantissa).ok()?;
        let zeros = u32::from(other.decimals.saturating_sub(number.decimals));
        mantissa.checked_mul(10_u64.checked_pow(zeros)?)
    };
    let ratio = Ratio::new(over(width, height)?, over(height, width)?)?;
    let (w, h) = (ratio.width(), ratio.height());
    (w / h <= MAX_RATIO && h / w <= MAX_RATIO).then_some(ratio)
}

fn dpr(reader: &mut Reader<'_, '_>) -> Dpr {
    match reader.param(ParamKey::Dpr).map(|param| &param.value) {
        None => Dpr::default(),
        Some(Value::Auto(_)) => Dpr::Shown,
        Some(Value::Number(number)) => decimal(*number).map_or_else(Dpr::default, Dpr::Fixed),
        Some(_) => {
            reader.note_key(
                ParamKey::Dpr,
                NoteLevel::Unsupported,
                "expressions are not evaluated",
            );
            Dpr::default()
        }
    }
}

/// A pixel ratio in a component without a size belongs to every resize before it.
fn dpr_of_the_chain(reader: &mut Reader<'_, '_>, dpr: Dpr) {
    if dpr == Dpr::default() {
        return;
    }
    let mut applied = false;
    for op in &mut reader.spec.ops {
        if let Op::Resize(resize) = op {
            resize.area.dpr = dpr;
            applied = true;
        }
    }
    if !applied {
        reader.note_key(
            ParamKey::Dpr,
            NoteLevel::Ignored,
            "without a size a pixel ratio does nothing",
        );
    }
}

fn offset(reader: &mut Reader<'_, '_>) -> Offset {
    let mut along = |key| {
        let param = reader.param(key)?;
        match &param.value {
            Value::Number(number) => length(*number),
            _ => {
                reader.note_key(
                    key,
                    NoteLevel::Unsupported,
                    "expressions are not evaluated: left out",
                );
                None
            }
        }
    };
    Offset {
        x: along(ParamKey::X),
        y: along(ParamKey::Y),
    }
}

fn zoom(reader: &mut Reader<'_, '_>) -> Option<Decimal> {
    match reader.param(ParamKey::Zoom).map(|param| &param.value) {
        None => Some(Decimal::ONE),
        Some(Value::Number(number)) => decimal(*number).or(Some(Decimal::ONE)),
        Some(_) => {
            reader.note_key(
                ParamKey::Zoom,
                NoteLevel::Unsupported,
                "expressions are not evaluated",
            );
            Some(Decimal::ONE)
        }
    }
}

fn gravity(reader: &mut Reader<'_, '_>, mode: CropMode) -> Result<Option<Gravity>, Error> {
    let Some(param) = reader.param(ParamKey::Gravity) else {
        return Ok(None);
    };
    let text = param.text;
    let Value::Gravity(written) = param.value else {
        reader.note(NoteLevel::Unsupported, text, "variables are not evaluated");
        return Ok(None);
    };
    let keeps_all = matches!(
        mode,
        CropMode::Scale
            | CropMode::Fit
            | CropMode::Limit
            | CropMode::Mfit
            | CropMode::Pad
            | CropMode::Lpad
            | CropMode::Mpad
    );
    if written.place == Place::Auto && keeps_all {
        return Err(Error::AutoGravity {
            parameter: text.into(),
        });
    }
    let (gravity, message) = place(&written);
    if let Some(message) = message {
        reader.note(NoteLevel::Approximated, text, message);
    }
    Ok(Some(gravity))
}

/// A written gravity, and where it does not do all that it says, why.
fn place(written: &WrittenGravity<'_>) -> (Gravity, Option<&'static str>) {
    const FACES: &str = "faces are not detected yet: the documented fallback is used";
    const AUTO: &str = "regions of interest are not detected yet: the centre is used";
    const OTHER: &str = "this region is not known here: the centre is used";
    let compass = |compass| (Gravity::Compass(compass), None);
    let subject =
        |subject, fallback, message| (Gravity::Subject { subject, fallback }, Some(message));
    match written.place {
        Place::North => compass(Compass::North),
        Place::NorthEast => compass(Compass::NorthEast),
        Place::East => compass(Compass::East),
        Place::SouthEast => compass(Compass::SouthEast),
        Place::South => compass(Compass::South),
        Place::SouthWest => compass(Compass::SouthWest),
        Place::West => compass(Compass::West),
        Place::NorthWest => compass(Compass::NorthWest),
        Place::Center => compass(Compass::Center),
        Place::XyCenter => (Gravity::Point, None),
        Place::Auto | Place::AutoContentAware => subject(Subject::Salient, Compass::Center, AUTO),
        Place::Face | Place::AdvFace | Place::AdvEyes => {
            subject(Subject::Face, face_fallback(written.args), FACES)
        }
        Place::FaceCenter => subject(Subject::Face, Compass::Center, FACES),
        Place::Faces | Place::AdvFaces | Place::MultiFace => {
            subject(Subject::Faces, face_fallback(written.args), FACES)
        }
        Place::Body
        | Place::Custom
        | Place::OcrText
        | Place::Liquid
        | Place::DecomposeTile
        | Place::Region
        | Place::ClippingPath
        | Place::TrackPerson
        | Place::Object => subject(Subject::Named(written.word.into()), Compass::Center, OTHER),
    }
}

/// Where a face gravity goes without a face: up, unless it says otherwise.
fn face_fallback(args: Words<'_>) -> Compass {
    match args.first() {
        "center" | "auto" => Compass::Center,
        _ => Compass::North,
    }
}
