use std::path::{Path, PathBuf};

use super::Layout;
use super::folder::relative;
use crate::dataset::Usage;
use crate::image::Image;
use crate::{SkipReason, Skipped};

/// What a layout finds at a path, before any image is decoded.
pub(crate) struct Listing {
    pub(crate) layout: Layout,
    pub(crate) classes: Vec<String>,
    pub(crate) images: Vec<Listed>,
    pub(crate) skipped: Vec<Skipped>,
}

/// An image and its label.
pub(crate) struct Listed {
    pub(crate) picture: Picture,
    pub(crate) class: usize,
    pub(crate) subject: Option<String>,
    pub(crate) usage: Option<Usage>,
}

/// An image in a file or in memory.
pub(crate) enum Picture {
    /// In a file that is read when it is decoded.
    File(PathBuf),
    /// Here, from a line or an entry of this name.
    Decoded { name: String, image: Image },
}

impl Listing {
    /// Nothing found yet.
    pub(crate) fn new(layout: Layout, classes: Vec<String>) -> Listing {
        Listing { layout, classes, images: Vec::new(), skipped: Vec::new() }
    }

    /// Leaves out what is at `path` in the data folder `dir`.
    pub(crate) fn skip(&mut self, path: &Path, dir: &Path, reason: SkipReason) {
        self.skipped.push(Skipped { path: relative(path, dir), reason });
    }
}
