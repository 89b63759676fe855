use std::path::{Path, PathBuf};

use super::Layout;
use super::folder::{File, Kind};
use crate::dataset::Usage;
use crate::image::Image;
use crate::names::relative;
use crate::{SkipReason, Skipped};

/// What a layout finds at a path, before any image is decoded.
pub(crate) struct Listing {
    /// The data folder, or the table.
    root: PathBuf,
    pub(crate) layout: Layout,
    pub(crate) classes: Vec<String>,
    pub(crate) images: Vec<Listed>,
    pub(crate) skipped: Vec<Skipped>,
    /// What a person should know of how the data was understood.
    pub(crate) notes: Vec<String>,
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
    /// Nothing found yet at `root`, the path of the data.
    pub(super) fn new(root: &Path, layout: Layout, classes: Vec<String>) -> Listing {
        let (images, skipped, notes) = (Vec::new(), Vec::new(), Vec::new());
        Listing { root: root.to_owned(), layout, classes, images, skipped, notes }
    }

    /// Takes a picture, or leaves it out where its kind is not read.
    pub(super) fn add(&mut self, file: &File, class: usize, subject: Option<String>) {
        match &file.kind {
            Kind::Picture => {
                let picture = Picture::File(file.path.clone());
                self.images.push(Listed { picture, class, subject, usage: None });
            }
            Kind::Unread(ending) => self.skip(&file.path, SkipReason::UnreadKind(ending.clone())),
            Kind::NoFile => self.skip(&file.path, SkipReason::BadImage("is not a file".to_owned())),
            Kind::Other => {}
        }
    }

    /// Leaves out what is at `path`.
    pub(super) fn skip(&mut self, path: &Path, reason: SkipReason) {
        self.skipped.push(Skipped { path: relative(path, &self.root), reason });
    }
}
