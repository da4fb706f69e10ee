//! The demo: pictures in the binary, written to a folder of their own and served from there as
//! everyone's are.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use include_dir::{Dir, include_dir};

use super::Error;
use crate::config::{self, Config};

static PHOTOS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/examples/photos");

/// Tries to find a name for the folder that nobody has.
const TRIES: u32 = 100;

/// Targets worth pasting, and what each shows.
pub(super) const URLS: [(&str, &str); 5] = [
    ("/demo/image/upload/sample.jpg", "the original"),
    (
        "/demo/image/upload/c_fill,w_300,h_300/folder/photo.jpg",
        "12 megapixels cut to a square of 300 pixels",
    ),
    (
        "/demo/image/upload/c_limit,w_800/f_auto/q_auto/sample.jpg",
        "800 pixels wide, in the best format your browser shows",
    ),
    (
        "/demo/image/upload/c_thumb,g_north,w_200,h_200,r_max/people/portrait.png",
        "a round portrait, transparent outside the circle",
    ),
    (
        "/demo/image/upload/v1300000000/sample.jpg",
        "an old version number: shows the newest version",
    ),
];

/// The demo's configuration, its backup bucket in `photos`.
pub(super) fn config(photos: &Path) -> Result<Config, config::Error> {
    let path = toml::Value::String(photos.display().to_string());
    let text = format!(
        "[[origin]]\n\
         name = \"photos\"\n\
         kind = \"cloudinary_backup\"\n\
         path = {path}\n\
         folder = \"res/demo\"\n\
         [[endpoint]]\n\
         name = \"demo\"\n\
         prefix = \"/demo\"\n\
         origins = [\"photos\"]\n"
    );
    Ok(config::read("demo", &text, Path::new(".")).result?)
}

/// The demo's pictures in a folder, until this is dropped.
#[derive(Debug)]
pub(super) struct Photos {
    path: PathBuf,
}

impl Photos {
    /// Writes the pictures.
    pub(super) fn unpack() -> Result<Self, Error> {
        let photos = Self {
            path: new_folder()?,
        };
        match PHOTOS.extract(&photos.path) {
            Ok(()) => Ok(photos),
            Err(reason) => Err(Error::Demo {
                path: photos.path.clone(),
                reason,
            }),
        }
    }

    /// The folder that stands for the bucket.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Photos {
    fn drop(&mut self) {
        // What cannot be removed is the system's to clean up: it is in its folder for such things.
        let _removed = std::fs::remove_dir_all(&self.path);
    }
}

/// A folder that did not exist before, so that nobody else has put anything into it.
fn new_folder() -> Result<PathBuf, Error> {
    let parent = std::env::temp_dir();
    let mut n = 0;
    loop {
        let path = parent.join(format!("cldgate-demo-{}-{n}", std::process::id()));
        let mut builder = std::fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        match builder.create(&path) {
            Ok(()) => return Ok(path),
            Err(error) if error.kind() == ErrorKind::AlreadyExists && n < TRIES => n += 1,
            Err(reason) => return Err(Error::Demo { path, reason }),
        }
    }
}
