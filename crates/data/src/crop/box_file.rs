//! Boxes from a file: `path,x,y,width,height`.

use std::collections::BTreeMap;
use std::path::Path;

use crate::DataError;
use crate::cells::{Separator, whole_number};
use crate::crop::Faces;
use crate::lines::for_each_line;
use crate::names::{composed, text};
use crate::rectangle::Rectangle;

pub(crate) const REMEDY: &str = "a box file has the columns path (as `netsynth data show --json` names the images), x, y, \
     width and height in whole pixels, and a row for each image";

/// The boxes of each image.
pub(crate) struct BoxFile {
    boxes: BTreeMap<String, Vec<Rectangle>>,
    /// The data folder as it was given and from the root, in front of which a path may have been listed.
    roots: [String; 2],
}

impl BoxFile {
    /// Reads the boxes of images in the data folder `dir`.
    pub(crate) fn read(path: &Path, dir: &Path) -> Result<BoxFile, DataError> {
        let mut boxes: BTreeMap<String, Vec<Rectangle>> = BTreeMap::new();
        let mut columns: Option<(Separator, [usize; 5])> = None;
        let roots = [dir.to_owned(), dir.canonicalize().unwrap_or_else(|_| dir.to_owned())];
        let roots = roots.map(|root| plain(&text(root.as_os_str())));
        for_each_line(path, REMEDY, |number, line| {
            let wrong =
                |reason| DataError::Table { path: path.to_owned(), line: number, reason, remedy: REMEDY };
            let Some((separator, [image, x, y, width, height])) = columns else {
                columns = Separator::of_header(line, ["path", "x", "y", "width", "height"]);
                return match columns {
                    Some(_) => Ok(()),
                    None => Err(wrong("the first line does not name path,x,y,width,height".to_owned())),
                };
            };
            let cells = separator.cells(line);
            let cell = |column: usize| cells.get(column).map_or("", |cell| cell.as_ref());
            let number = |column: usize| -> Result<i64, DataError> {
                let cell = cell(column);
                whole_number(cell).ok_or_else(|| wrong(format!("{cell:?} is not a whole number")))
            };
            let part = Rectangle {
                left: number(x)?,
                top: number(y)?,
                width: number(width)?,
                height: number(height)?,
            };
            if part.width < 1 || part.height < 1 {
                return Err(wrong(format!("a box of {}x{} pixels", part.width, part.height)));
            }
            boxes.entry(plain(cell(image))).or_default().push(part);
            Ok(())
        })?;
        Ok(BoxFile { boxes, roots })
    }

    /// The boxes of the image that has this name in the data folder, however far out it was listed from.
    pub(crate) fn faces(&self, name: &str) -> Faces {
        let listed = |root: &String| self.boxes.get(&format!("{root}/{name}"));
        let boxes = self.boxes.get(name).or_else(|| self.roots.iter().find_map(listed));
        Faces::of(boxes.map(Vec::as_slice).unwrap_or_default())
    }

    /// The name of an image in it.
    pub(crate) fn example(&self) -> Option<&String> {
        self.boxes.keys().next()
    }
}

/// A path with forward slashes, and without steps that go nowhere: `./a//b.png` is `a/b.png`.
fn plain(path: &str) -> String {
    let path = composed(&path.replace('\\', "/"));
    let root = if path.starts_with('/') { "/" } else { "" };
    let steps = path.split('/').filter(|step| !matches!(*step, "" | "."));
    root.to_owned() + &steps.collect::<Vec<_>>().join("/")
}
