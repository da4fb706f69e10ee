//! Boxes: what `c_ w_ h_ ar_ g_ x_ y_ z_ dpr_` together ask for.

use super::component::{Reader, decimal};
use super::effect::{takes_offset, takes_region};
use super::expression::{amount, boxed, length};
use super::variables::with_param;
use crate::dialect::{Error, NoteLevel};
use crate::grammar::params::{CropMode, FlagName, Place};
use crate::grammar::value::{
    AngleStep, AngleWord, Expr, Gravity as WrittenGravity, Operand, Words,
};
use crate::grammar::{Component, KeySet, Number, ParamKey, Value};
use crate::spec::{
    Amount, Area, Compass, Crop, Decimal, Direction, Dpr, Fact, Fill, Frame, Gravity, Length,
    Offset, Op, Otherwise, Ratio, Resize, ResizeBy, Subject, TurnToShape,
};

/// Granularity of `w_auto` where the URL names none, in pixels.
const AUTO_STEP: u32 = 100;

/// A component with none of these has no box.
pub(super) const KEYS: KeySet = KeySet::of(&[
    ParamKey::Crop,
    ParamKey::Width,
    ParamKey::Height,
    ParamKey::AspectRatio,
    ParamKey::Dpr,
    ParamKey::Angle,
]);

/// Reads the component's crop or resize, if it has one; says whether it had.
pub(super) fn read(reader: &mut Reader<'_, '_>, fill: Option<Fill>) -> Result<bool, Error> {
    let crop = reader.param(ParamKey::Crop);
    if crop.is_none() && takes_region(reader.component) {
        return Ok(false);
    }
    let area = area(reader)?;
    let mode = match crop.map(|param| (&param.value, param.text)) {
        Some((Value::Crop(mode), _)) => Some(*mode),
        Some((Value::Expr(Expr::Operand(Operand::Variable(name))), text)) => {
            if let Some(mode) = reader.texts.get(name).and_then(CropMode::from_word) {
                Some(mode)
            } else {
                let mode = (*name).into();
                reader.push(Op::ResizeBy(Box::new(ResizeBy { mode, area })), text);
                return Ok(false);
            }
        }
        _ => None,
    };
    if let Some((clockwise, text)) = turns_to_shape(reader) {
        let area = area.clone();
        reader.push(
            Op::TurnToShape(Box::new(TurnToShape { clockwise, area })),
            text,
        );
    }
    let area = if starts_inside(reader, mode, &area) {
        let whole = Some(Length::Share(Decimal::ONE));
        Area {
            width: whole.clone(),
            height: whole,
            ..area
        }
    } else {
        area
    };
    if area.is_empty() {
        // Without a size only what is found in the picture has a box.
        let detects = matches!(mode, Some(CropMode::Crop | CropMode::Thumb));
        if let (true, Some(mode), Some(gravity)) = (detects, mode, reader.param(ParamKey::Gravity))
            && finds(&gravity.value)
        {
            let zoom = zoom(reader);
            let op = match op(reader, mode, area, None)? {
                Op::Crop(crop) => Op::Crop(Crop { zoom, ..crop }),
                op => op,
            };
            reader.push(op, gravity.text);
        } else {
            dpr_of_the_chain(reader, &area.dpr);
            let message = "without a size a crop mode does nothing";
            reader.note_key(ParamKey::Crop, NoteLevel::Ignored, message);
        }
        return Ok(false);
    }
    let op = op(reader, mode.unwrap_or(CropMode::Scale), area, fill)?;
    reader.spec.ops.push(op);
    Ok(true)
}

/// `c_crop,x_10,y_20` without a size: what lies to the right and below is kept. Assumed.
fn starts_inside(reader: &Reader<'_, '_>, mode: Option<CropMode>, area: &Area) -> bool {
    let has = |key| reader.param(key).is_some();
    area.is_empty()
        && mode == Some(CropMode::Crop)
        && !has(ParamKey::Gravity)
        && (has(ParamKey::X) || has(ParamKey::Y))
}

/// `a_auto_left` and its likes decide before the box is computed. `a_auto` alone is read as
/// `a_auto_right` (assumed).
fn turns_to_shape<'u>(reader: &Reader<'_, 'u>) -> Option<(bool, &'u str)> {
    let param = reader.param(ParamKey::Angle)?;
    let Value::Angle(angle) = &param.value else {
        return None;
    };
    angle.steps().find_map(|step| match step {
        AngleStep::Word(AngleWord::AutoLeft) => Some((false, param.text)),
        AngleStep::Word(AngleWord::Auto | AngleWord::AutoRight) => Some((true, param.text)),
        _ => None,
    })
}

fn op(
    reader: &mut Reader<'_, '_>,
    mode: CropMode,
    area: Area,
    fill: Option<Fill>,
) -> Result<Op, Error> {
    let (frame, direction) = match mode {
        CropMode::Crop => {
            let (gravity, offset) = match named_area(reader) {
                Some(offset) => (Gravity::Point, offset),
                None => {
                    let offset = offset(reader);
                    let unplaced = if offset.is_empty() {
                        Gravity::Compass(Compass::Center)
                    } else {
                        Gravity::Corner
                    };
                    (gravity(reader, mode)?.unwrap_or(unplaced), offset)
                }
            };
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
            let message = "cuts at most a third of the picture, and pads the rest";
            reader.note_key(ParamKey::Crop, NoteLevel::Approximated, message);
            (Frame::CoverPad, Direction::Any)
        }
    };
    let padded = matches!(frame, Frame::Pad | Frame::CoverPad);
    let placed = padded || frame == Frame::Cover;
    let detects = matches!(mode, CropMode::Thumb | CropMode::Auto);
    if placed
        && !padded
        && let Some(offset) = named_area(reader)
    {
        return Ok(Op::Resize(Resize {
            frame,
            direction,
            area,
            gravity: Gravity::Point,
            offset,
            zoom: None,
            background: None,
        }));
    }
    Ok(Op::Resize(Resize {
        frame,
        direction,
        area,
        gravity: gravity(reader, mode)?
            .filter(|_| placed)
            .unwrap_or(Gravity::Compass(Compass::Center)),
        offset: if placed && !(padded && takes_offset(reader.component)) {
            offset(reader)
        } else {
            Offset::default()
        },
        zoom: if detects { zoom(reader) } else { None },
        background: if padded { fill } else { None },
    }))
}

/// The box that `w_ h_ ar_ dpr_` ask for.
pub(super) fn area(reader: &mut Reader<'_, '_>) -> Result<Area, Error> {
    let (ratio, ratio_by) = ratio(reader)?;
    let dpr = dpr(reader);
    if let Some(param) = reader.param(ParamKey::Dpr) {
        reader.judge(dpr.support(), param.text);
        if matches!(&param.value, Value::Auto(words) if !words.first().is_empty()) {
            let message = "an option is not known: left out";
            reader.note(NoteLevel::Ignored, param.text, message);
        }
    }
    Ok(Area {
        width: side(reader, ParamKey::Width, Fact::Width),
        height: side(reader, ParamKey::Height, Fact::Height),
        ratio,
        ratio_by,
        ignore_aspect: has_flag(reader.component, FlagName::IgnoreAspectRatio),
        dpr,
    })
}

pub(super) fn has_flag(component: &Component<'_>, wanted: FlagName) -> bool {
    component
        .all(ParamKey::Flags)
        .any(|param| match &param.value {
            Value::Flags(flags) => flags.iter().any(|flag| flag.name == Some(wanted)),
            _ => false,
        })
}

fn side(reader: &mut Reader<'_, '_>, key: ParamKey, current: Fact) -> Option<Length> {
    let param = reader.param(key)?;
    let side = match &param.value {
        Value::Auto(words) => {
            shown_apart(reader, *words, param.text);
            shown(*words)
        }
        value => length(value, current)?,
    };
    reader.judge(side.support(), param.text);
    Some(side)
}

/// Notes what [`shown`] leaves out.
fn shown_apart(reader: &mut Reader<'_, '_>, words: Words<'_>, parameter: &str) {
    for word in words.iter() {
        let (level, message) = match word {
            "json" => (NoteLevel::Unsupported, "no list of breakpoints is made"),
            _ if word.parse::<u32>().is_ok() => continue,
            _ if word.split('_').next() == Some("breakpoints") => (
                NoteLevel::Approximated,
                "breakpoints are not computed: steps of the same width are used",
            ),
            _ => (NoteLevel::Ignored, "an option is not known: left out"),
        };
        reader.note(level, parameter, message);
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

fn ratio(
    reader: &mut Reader<'_, '_>,
) -> Result<(Option<Ratio>, Option<Box<crate::spec::Expr>>), Error> {
    let Some(param) = reader.param(ParamKey::AspectRatio) else {
        return Ok((None, None));
    };
    let ratio = match &param.value {
        Value::Ratio(ratio) => fraction(ratio.width, ratio.height),
        Value::Number(number) => fraction(*number, Number::integer(1)),
        Value::Expr(expr) => {
            let by = boxed(expr, Some(Fact::Ratio));
            reader.judge(Length::Expr(by.clone()).support(), param.text);
            return Ok((None, Some(by)));
        }
        _ => return Ok((None, None)),
    };
    match ratio {
        Some(ratio) => Ok((Some(ratio), None)),
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

/// The component's pixel ratio; that of the chain's beginning, or one, where it names none.
pub(super) fn dpr(reader: &Reader<'_, '_>) -> Dpr {
    match reader.param(ParamKey::Dpr) {
        Some(param) => dpr_of(&param.value),
        None => reader.leading.cloned().unwrap_or_default(),
    }
}

pub(super) fn dpr_of(value: &Value<'_>) -> Dpr {
    match value {
        Value::Auto(_) => Dpr::Shown,
        Value::Number(number) => decimal(*number).map_or_else(Dpr::default, Dpr::Fixed),
        Value::Expr(expr) => Dpr::Expr(boxed(expr, None)),
        _ => Dpr::default(),
    }
}

/// The pixel ratio for what is measured in pixels beside or behind a resize: without a size anywhere
/// it does nothing.
pub(super) fn dpr_behind_a_size(reader: &Reader<'_, '_>) -> Dpr {
    let sized = |op: &Op| matches!(op, Op::Resize(_) | Op::Crop(_));
    if reader.spec.ops.iter().any(sized) {
        dpr(reader)
    } else {
        Dpr::default()
    }
}

/// A pixel ratio in a component without a size belongs to every resize before it, and to what is
/// measured in pixels after a resize.
fn dpr_of_the_chain(reader: &mut Reader<'_, '_>, dpr: &Dpr) {
    if *dpr == Dpr::default() || reader.param(ParamKey::Dpr).is_none() {
        return;
    }
    let mut applied = reader.leading == Some(dpr);
    for op in &mut reader.spec.ops {
        match op {
            Op::Resize(resize) => {
                resize.area.dpr = dpr.clone();
                applied = true;
            }
            Op::Round(radii) if applied => radii.dpr = dpr.clone(),
            Op::Border(border) if applied => {
                border.dpr = dpr.clone();
                if let Some(radii) = &mut border.radii {
                    radii.dpr = dpr.clone();
                }
            }
            _ => {}
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

/// `x_` and `y_`.
pub(super) fn offset(reader: &mut Reader<'_, '_>) -> Offset {
    let mut along = |key, current| {
        let param = reader.param(key)?;
        let length = length(&param.value, current)?;
        reader.judge(length.support(), param.text);
        Some(length)
    };
    Offset {
        x: along(ParamKey::X, Fact::X),
        y: along(ParamKey::Y, Fact::Y),
    }
}

fn zoom(reader: &Reader<'_, '_>) -> Option<Amount> {
    let written = reader.param(ParamKey::Zoom);
    written
        .and_then(|param| amount(&param.value))
        .or(Some(Amount::Fixed(Decimal::ONE)))
}

/// The gravity as written, whatever it is used for; what cannot be found is noted.
pub(super) fn gravity_of(reader: &mut Reader<'_, '_>) -> Option<Gravity> {
    let param = reader.param(ParamKey::Gravity)?;
    let gravity = match &param.value {
        Value::Gravity(written) => place(written),
        Value::Expr(Expr::Operand(Operand::Variable(name))) => reader
            .texts
            .get(name)
            .and_then(|text| {
                with_param("g", text, |param| match &param.value {
                    Value::Gravity(written) => Some(place(written)),
                    _ => None,
                })
            })
            .flatten()
            .unwrap_or_else(|| Gravity::Variable((*name).into())),
        _ => return None,
    };
    reader.judge(gravity.support(), param.text);
    Some(gravity)
}

fn gravity(reader: &mut Reader<'_, '_>, mode: CropMode) -> Result<Option<Gravity>, Error> {
    let Some(param) = reader.param(ParamKey::Gravity) else {
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
    let auto = matches!(&param.value, Value::Gravity(written) if written.place == Place::Auto);
    if auto && keeps_all {
        return Err(Error::AutoGravity {
            parameter: param.text.into(),
        });
    }
    Ok(gravity_of(reader))
}

/// The middle of the area that `g_auto:aoi_<x>_<y>_<width>_<height>` names, as the point to centre on.
/// That the service centres on it is assumed.
fn named_area(reader: &mut Reader<'_, '_>) -> Option<Offset> {
    let param = reader.param(ParamKey::Gravity)?;
    let Value::Gravity(written) = &param.value else {
        return None;
    };
    let sides = written
        .args
        .iter()
        .find_map(|arg| arg.strip_prefix("aoi_"))?;
    let mut sides = sides.splitn(4, '_').map(str::parse::<i32>);
    let mut side = || sides.next().and_then(Result::ok).filter(|side| *side >= 0);
    let (x, y, width, height) = (side()?, side()?, side()?, side()?);
    let message = "the box is centred on the area that is named";
    reader.note(NoteLevel::Approximated, param.text, message);
    Some(Offset {
        x: Some(Length::Px(x.saturating_add(width / 2))),
        y: Some(Length::Px(y.saturating_add(height / 2))),
    })
}

/// Whether a gravity names something that is looked for in the picture, or may do so.
fn finds(value: &Value<'_>) -> bool {
    match value {
        Value::Gravity(written) => matches!(place(written), Gravity::Subject { .. }),
        _ => true,
    }
}

/// A written gravity with the documented fallback of what is detected.
pub(super) fn place(written: &WrittenGravity<'_>) -> Gravity {
    let compass = Gravity::Compass;
    let subject = |subject, fallback| Gravity::Subject { subject, fallback };
    let center = Otherwise::Compass(Compass::Center);
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
        Place::XyCenter => Gravity::Point,
        Place::Auto | Place::AutoContentAware => subject(Subject::Salient, center),
        Place::Face | Place::AdvFace | Place::AdvEyes => {
            subject(Subject::Face, face_fallback(written.args))
        }
        Place::FaceCenter => subject(Subject::Face, center),
        Place::Faces | Place::AdvFaces | Place::MultiFace => {
            subject(Subject::Faces, face_fallback(written.args))
        }
        // Stored coordinates are not known here, nor are bodies: what is looked for in their place is.
        Place::Custom | Place::Body if matches!(written.args.first(), "face" | "adv_face") => {
            subject(Subject::Face, Otherwise::Compass(Compass::North))
        }
        Place::Custom if matches!(written.args.first(), "faces" | "adv_faces") => {
            subject(Subject::Faces, Otherwise::Compass(Compass::North))
        }
        Place::Body
        | Place::Custom
        | Place::OcrText
        | Place::Liquid
        | Place::DecomposeTile
        | Place::Region
        | Place::ClippingPath
        | Place::TrackPerson
        | Place::Object => subject(Subject::Named(written.word.into()), center),
    }
}

/// Where a face gravity goes without a face: up, unless it says otherwise.
fn face_fallback(args: Words<'_>) -> Otherwise {
    match args.first() {
        "auto" => Otherwise::Salient,
        "center" => Otherwise::Compass(Compass::Center),
        _ => Otherwise::Compass(Compass::North),
    }
}
