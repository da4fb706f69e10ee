//! `cldgate media`: the media library, a place for new pictures of one's own.

use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};

use super::{Error, FAILED, WRONG, runtime};
use crate::config::{self, Config};
use crate::grammar::params::is_format;
use crate::origin::{Begin, Library};
use crate::spec::{AssetRef, AssetType, DeliveryType, OneLine};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  cldgate media put photo.jpg folder/photo --config cldgate.toml
  cldgate media put terms.pdf legal/terms.pdf --type raw --config cldgate.toml
  cldgate media list image/upload/folder/ --config cldgate.toml
  cldgate media rm folder/photo --config cldgate.toml

A running gateway looks again when its memory of the asset is old: after found_for or missing_for.")]
pub(super) struct Arguments {
    #[command(subcommand)]
    action: Action,
    /// Configuration, TOML, with a media_library among its origins
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    /// The library's name, where the configuration has several
    #[arg(long, value_name = "NAME", global = true)]
    library: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Store a file, in the place of what the ID meant before
    Put {
        /// The file
        file: PathBuf,
        /// Its public ID: with the extension for raw files, without for others
        public_id: String,
        #[command(flatten)]
        kind: Kind,
    },
    /// Tell what is stored: key, bytes
    List {
        /// The beginning of the keys, such as image/upload/folder/
        #[arg(default_value = "")]
        prefix: String,
    },
    /// Remove an asset in every format
    Rm {
        /// Its public ID
        public_id: String,
        #[command(flatten)]
        kind: Kind,
    },
}

#[derive(Debug, Args)]
struct Kind {
    /// Asset type; absent: by the extension, else image
    #[arg(long = "type", value_name = "TYPE")]
    asset_type: Option<TypeWord>,
    /// Who may see it
    #[arg(long, value_name = "TYPE", default_value = "upload")]
    delivery_type: DeliveryWord,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum TypeWord {
    Image,
    Video,
    Raw,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum DeliveryWord {
    Upload,
    Private,
    Authenticated,
}

impl Kind {
    /// The asset, with an extension that the file has and the ID may repeat.
    fn asset(&self, id: &str, file: Option<&Path>) -> AssetRef {
        let of_file = file
            .and_then(|file| file.extension()?.to_str())
            .map(str::to_ascii_lowercase);
        let asset_type = match self.asset_type {
            Some(TypeWord::Image) => AssetType::Image,
            Some(TypeWord::Video) => AssetType::Video,
            Some(TypeWord::Raw) => AssetType::Raw,
            None => of_file
                .as_deref()
                .or_else(|| Some(id.rsplit_once('.')?.1))
                .map_or(AssetType::Image, AssetType::of_extension),
        };
        let id = id.trim_matches('/');
        let (id, extension) = match (asset_type, id.rsplit_once('.')) {
            (AssetType::Raw, _) => (id, None),
            (_, Some((name, written))) if is_format(written) => {
                (name, of_file.or_else(|| Some(written.to_owned())))
            }
            _ => (id, of_file),
        };
        AssetRef {
            asset_type,
            delivery_type: match self.delivery_type {
                DeliveryWord::Upload => DeliveryType::Upload,
                DeliveryWord::Private => DeliveryType::Private,
                DeliveryWord::Authenticated => DeliveryType::Authenticated,
            },
            public_id: id.into(),
            extension: extension.map(Into::into),
            version: None,
        }
    }
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Error> {
    let Some(file) = &arguments.config else {
        eprintln!("--config names the configuration with the media library");
        return Ok(ExitCode::from(WRONG));
    };
    let config = Config::load(file)?;
    let library = match open(&config, arguments.library.as_deref())? {
        Ok(library) => library,
        Err(problem) => {
            eprintln!("{problem}");
            return Ok(ExitCode::from(WRONG));
        }
    };
    runtime::start()?.block_on(act(&library, &arguments.action))
}

/// The library that is meant; the inner error is wrong use.
fn open(config: &Config, name: Option<&str>) -> Result<Result<Library, String>, config::Error> {
    let names = config.libraries();
    let chosen = match (name, names.as_slice()) {
        (Some(name), _) => names.iter().find(|known| **known == name),
        (None, [one]) => Some(one),
        (None, _) => None,
    };
    match chosen {
        Some(name) => config::library(config, name)
            .map(|library| library.ok_or_else(|| format!("`{name}` is no media library"))),
        None if names.is_empty() => Ok(Err(
            "the configuration has no origin of kind \"media_library\"".to_owned(),
        )),
        None => Ok(Err(format!(
            "--library must be one of: {}",
            names.join(", ")
        ))),
    }
}

async fn act(library: &Library, action: &Action) -> Result<ExitCode, Error> {
    match action {
        Action::Put {
            file,
            public_id,
            kind,
        } => {
            let input = |reason| Error::Input {
                path: file.clone(),
                reason,
            };
            if !std::fs::metadata(file).map_err(input)?.is_file() {
                return Err(input(std::io::ErrorKind::IsADirectory.into()));
            }
            let asset = kind.asset(public_id, Some(file));
            if asset.asset_type != AssetType::Raw && asset.extension.is_none() {
                eprintln!(
                    "{}: no extension tells its format; --type raw stores it as it is",
                    file.display()
                );
                return Ok(ExitCode::from(WRONG));
            }
            report(library.put(&asset, file).await.map(|key| vec![key]))
        }
        Action::List { prefix } => list(library, prefix).await,
        Action::Rm { public_id, kind } => {
            report(library.remove(&kind.asset(public_id, None)).await)
        }
    }
}

/// A line for each key, or the reason why there is none.
fn report(result: Result<Vec<String>, crate::origin::Error>) -> Result<ExitCode, Error> {
    match result {
        Ok(keys) => {
            let lines = keys.iter().map(|key| format!("{}\n", OneLine(key)));
            let text: String = lines.collect();
            std::io::stdout()
                .write_all(text.as_bytes())
                .map_err(Error::io("standard output"))?;
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            eprintln!("{error}");
            Ok(ExitCode::from(FAILED))
        }
    }
}

async fn list(library: &Library, prefix: &str) -> Result<ExitCode, Error> {
    let mut out = std::io::stdout().lock();
    let mut begin = Some(Begin::First);
    let (mut count, mut bytes) = (0_u64, 0_u64);
    while let Some(from) = begin {
        let (objects, next) = match library.page(prefix, from).await {
            Ok(page) => page,
            Err(error) => {
                eprintln!("{error}");
                return Ok(ExitCode::from(FAILED));
            }
        };
        for object in objects {
            count += 1;
            bytes += object.bytes;
            writeln!(out, "{}\t{}", OneLine(&object.key), object.bytes)
                .map_err(Error::io("standard output"))?;
        }
        begin = next;
    }
    if out.is_terminal() {
        eprintln!("{count} files, {bytes} bytes in {}", library.name());
    }
    Ok(ExitCode::SUCCESS)
}
