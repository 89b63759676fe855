//! Boxes from a file: `path,x,y,width,height`.

use std::collections::BTreeMap;
use std::path::Path;

use crate::DataError;
use crate::crop::Faces;
use crate::lines::{cells, for_each_line};
use crate::rectangle::Rectangle;

pub(crate) const REMEDY: &str = "a box file has the columns path (as `netsynth data show --json` names the images), x, y, \
     width and height in whole pixels, and a row for each image";

/// The boxes of each image.
pub(crate) struct BoxFile(BTreeMap<String, Vec<Rectangle>>);

impl BoxFile {
    pub(crate) fn read(path: &Path) -> Result<BoxFile, DataError> {
        let mut boxes: BTreeMap<String, Vec<Rectangle>> = BTreeMap::new();
        let mut columns: Option<[usize; 5]> = None;
        for_each_line(path, REMEDY, |number, line| {
            let wrong =
                |reason| DataError::Table { path: path.to_owned(), line: number, reason, remedy: REMEDY };
            let cells = cells(line);
            let Some(columns) = columns else {
                let at = |name: &str| cells.iter().position(|cell| cell.eq_ignore_ascii_case(name));
                let found = [at("path"), at("x"), at("y"), at("width"), at("height")];
                let [Some(image), Some(x), Some(y), Some(width), Some(height)] = found else {
                    return Err(wrong("the first line does not name path,x,y,width,height".to_owned()));
                };
                columns = Some([image, x, y, width, height]);
                return Ok(());
            };
            let number = |column: usize| -> Result<i64, DataError> {
                let cell = cells.get(column).copied().unwrap_or_default();
                let number: Option<i32> = cell.parse().ok();
                number.map(i64::from).ok_or_else(|| wrong(format!("{cell:?} is not a whole number")))
            };
            let [image, x, y, width, height] = columns;
            let part = Rectangle {
                left: number(x)?,
                top: number(y)?,
                width: number(width)?,
                height: number(height)?,
            };
            if part.width < 1 || part.height < 1 {
                return Err(wrong(format!("a box of {}x{} pixels", part.width, part.height)));
            }
            let image = cells.get(image).copied().unwrap_or_default();
            boxes.entry(image.replace('\\', "/")).or_default().push(part);
            Ok(())
        })?;
        Ok(BoxFile(boxes))
    }

    pub(crate) fn faces(&self, name: &str) -> Faces {
        Faces::of(self.0.get(name).map(Vec::as_slice).unwrap_or_default())
    }
}
