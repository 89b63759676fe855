//! Architectures and search spaces by file or built-in name.

use std::path::Path;

use netsynth_data::Dataset;
use netsynth_files::Shown;
use netsynth_graph::ops::Dense;
use netsynth_graph::program::DeviceModel;
use netsynth_graph::prototypes::Prototype;
use netsynth_graph::schema::SchemaError;
use netsynth_graph::{ArchitectureSpec, Graph, Op, Shape, schema};
use netsynth_space::{SearchSpace, SearchSpaceSpec};
use netsynth_store::read_text;

use crate::RunError;

/// The input and the classes of a built-in architecture unless others are asked for: those of the paper.
const FACES: (Shape, usize) = (Shape { channels: 1, height: 48, width: 48 }, 7);

/// The architectures that the program carries with it as files.
const ARCHITECTURES: [(&str, &str); 5] = [
    ("resnet20", include_str!("../../../prototypes/resnet20.ron")),
    ("nano-b", include_str!("../../../prototypes/nano-b.ron")),
    ("nano-a-class", include_str!("../../../prototypes/nano-a-class.ron")),
    ("resnet8", include_str!("../../../prototypes/resnet8.ron")),
    ("ds-cnn", include_str!("../../../prototypes/ds-cnn.ron")),
];

/// The search spaces that the program carries with it.
const SPACES: [(&str, &str); 3] = [
    ("emotionnet", include_str!("../../../search-spaces/emotionnet.ron")),
    ("micro", include_str!("../../../search-spaces/micro.ron")),
    ("micro-separable", include_str!("../../../search-spaces/micro-separable.ron")),
];

/// A document's text and what to call it.
pub struct Source {
    /// Its file, or the name of a built-in document.
    pub name: String,
    /// The document.
    pub text: String,
    /// Whether the program carries it: then it may be fitted to the data.
    pub is_built_in: bool,
}

/// The names of the architectures that the program knows: files it carries, and networks it generates.
pub fn architecture_names() -> Vec<&'static str> {
    let files = ARCHITECTURES.iter().map(|(name, _)| *name);
    files.chain(Prototype::ALL.map(Prototype::name)).collect()
}

fn built_in(name: &str) -> Option<String> {
    let (input, n_classes) = FACES;
    let generated = Prototype::ALL.into_iter().find(|known| known.name() == name);
    let file = ARCHITECTURES.iter().chain(&SPACES).find(|(known, _)| *known == name);
    let file = file.map(|(_, text)| (*text).to_owned());
    file.or_else(|| generated.map(|network| network.spec(input, n_classes).to_ron()))
}

/// The text of a file, or of a built-in document of that name.
pub fn read(name: &str) -> Result<Source, RunError> {
    if let (Some(text), false) = (built_in(name), Path::new(name).exists()) {
        return Ok(Source { name: name.to_owned(), text, is_built_in: true });
    }
    let text = read_text(Path::new(name)).map_err(|error| {
        let known: Vec<&str> =
            architecture_names().into_iter().chain(SPACES.map(|(known, _)| known)).collect();
        RunError::new(error.reason, format!("give a file, or one of the built-in {}", known.join(", ")))
            .at(name)
    })?;
    Ok(Source { name: name.to_owned(), text, is_built_in: false })
}

/// A built-in architecture for images of this shape and so many classes: its text, and its graph.
pub fn fitted(name: &str, input: Shape, n_classes: usize) -> Result<(String, Graph), RunError> {
    let source = read(name)?;
    if (input, n_classes) == FACES {
        let (_, graph) = architecture(&source)?;
        return Ok((source.text, graph));
    }
    let spec = match Prototype::ALL.into_iter().find(|known| known.name() == name) {
        Some(generated) => generated.spec(input, n_classes),
        None => {
            let (spec, _) = architecture(&source)?;
            let mut spec = adapted(spec, input, n_classes);
            // What is published of it is of the paper's faces.
            spec.expect.clear();
            spec
        }
    };
    let graph = Graph::new(&spec).map_err(|error| RunError::from(error).at(name))?;
    Ok((spec.to_ron(), graph))
}

/// The architecture in a source, and its graph.
pub fn architecture(source: &Source) -> Result<(ArchitectureSpec, Graph), RunError> {
    let path = Path::new(&source.name);
    let spec =
        ArchitectureSpec::from_ron(&source.text).map_err(RunError::about_document(path, "architecture"))?;
    let graph = Graph::new(&spec).map_err(|error| {
        let line = error.node().and_then(|node| line_of(&source.text, node));
        let place = line.map_or(source.name.clone(), |line| format!("{}:{line}", source.name));
        RunError::from(error).at(place)
    })?;
    Ok((spec, graph))
}

/// The line where a node is named, from 1.
fn line_of(text: &str, node: &str) -> Option<usize> {
    let name = format!("name: \"{node}\"");
    text.lines().position(|line| line.contains(&name)).map(|line| line + 1)
}

/// The search space in a source and the prototype it varies, as files have it.
pub fn space_specs(source: &Source) -> Result<(SearchSpaceSpec, ArchitectureSpec), RunError> {
    let path = Path::new(&source.name);
    let spec = SearchSpaceSpec::from_ron(&source.text).map_err(RunError::about_document(path, "space"))?;
    let is_file = spec.prototype.ends_with(".ron");
    let prototype = if is_file {
        let beside = path.parent().unwrap_or(Path::new("")).join(&spec.prototype);
        read(&beside.display().to_string())
    } else {
        read(&spec.prototype)
    };
    let prototype = prototype.and_then(|prototype| architecture(&prototype));
    let (prototype, _) = prototype.map_err(|error| error.within(&source.name))?;
    Ok((spec, prototype))
}

/// The space around a prototype.
pub fn space(
    name: &str,
    spec: &SearchSpaceSpec,
    prototype: &ArchitectureSpec,
) -> Result<SearchSpace, RunError> {
    let graph = Graph::new(prototype).map_err(|error| RunError::from(error).at(&prototype.name))?;
    SearchSpace::new(spec, &graph).map_err(|error| RunError::from(error).at(name))
}

/// A device's model in a file.
pub fn device_model(path: &str) -> Result<DeviceModel, RunError> {
    let place = Path::new(path);
    let remedy = "give a file that `netsynth bench device --out FILE` wrote";
    let text = read_text(place).map_err(|error| RunError::new(error.reason, remedy).at(path))?;
    let other = |error: SchemaError| RunError::from(error).with_remedy(remedy).at(path);
    checked(schema::from_ron(&text).map_err(other)?, place)
}

/// A device's model that can predict.
pub(crate) fn checked(model: DeviceModel, place: &Path) -> Result<DeviceModel, RunError> {
    match model.problem() {
        None => Ok(model),
        Some(reason) => {
            let remedy = "make it anew with `netsynth bench device --out FILE`";
            Err(RunError::new(format!("it is no model of a device: {reason}"), remedy).at(place.shown()))
        }
    }
}

/// What a network for these faces reads.
pub fn input_of(dataset: &Dataset) -> Shape {
    Shape { channels: dataset.colour.channels(), height: dataset.height, width: dataset.width }
}

/// The prototype for images of this shape and this many classes.
pub fn adapted(mut prototype: ArchitectureSpec, input: Shape, n_classes: usize) -> ArchitectureSpec {
    prototype.input = input;
    let is_read = |name: &str| prototype.nodes.iter().any(|node| node.from.iter().any(|input| input == name));
    let end = prototype.nodes.iter().position(|node| !is_read(&node.name));
    if let Some(end) = end
        && let Op::Dense(Dense { units, .. }) = &mut prototype.nodes[end].op
    {
        *units = n_classes;
    }
    prototype
}
