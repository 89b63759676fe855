//! Architectures and search spaces by file or built-in name.

use std::path::Path;

use netsynth_graph::ops::Dense;
use netsynth_graph::{ArchitectureSpec, Graph, Op};
use netsynth_space::{SearchSpace, SearchSpaceSpec};
use netsynth_store::read_text;

use crate::complaint::Complaint;

/// The architectures that the program carries with it.
const ARCHITECTURES: [(&str, &str); 3] = [
    ("resnet20", include_str!("../../prototypes/resnet20.ron")),
    ("nano-b", include_str!("../../prototypes/nano-b.ron")),
    ("nano-a-class", include_str!("../../prototypes/nano-a-class.ron")),
];

/// The search spaces that the program carries with it.
const SPACES: [(&str, &str); 1] = [("emotionnet", include_str!("../../search-spaces/emotionnet.ron"))];

/// A document's text and what to call it.
pub(crate) struct Source {
    pub(crate) name: String,
    pub(crate) text: String,
}

/// The text of a file, or of a built-in document of that name.
pub(crate) fn read(name: &str) -> Result<Source, Complaint> {
    let built_in = ARCHITECTURES.iter().chain(&SPACES).find(|(known, _)| *known == name);
    if let (Some((_, text)), false) = (built_in, Path::new(name).exists()) {
        return Ok(Source { name: name.to_owned(), text: (*text).to_owned() });
    }
    let text = read_text(Path::new(name)).map_err(|error| {
        let known: Vec<&str> = ARCHITECTURES.iter().chain(&SPACES).map(|(known, _)| *known).collect();
        Complaint::new(error.reason, format!("give a file, or one of the built-in {}", known.join(", ")))
            .at(name)
    })?;
    Ok(Source { name: name.to_owned(), text })
}

/// The architecture in a source, and its graph.
pub(crate) fn architecture(source: &Source) -> Result<(ArchitectureSpec, Graph), Complaint> {
    let path = Path::new(&source.name);
    let spec = ArchitectureSpec::from_ron(&source.text).map_err(Complaint::about(path))?;
    let graph = Graph::new(&spec).map_err(|error| {
        let line = error.node().and_then(|node| line_of(&source.text, node));
        let place = line.map_or(source.name.clone(), |line| format!("{}:{line}", source.name));
        Complaint::from(error).at(place)
    })?;
    Ok((spec, graph))
}

/// The line where a node is named, from 1.
fn line_of(text: &str, node: &str) -> Option<usize> {
    let name = format!("name: \"{node}\"");
    text.lines().position(|line| line.contains(&name)).map(|line| line + 1)
}

/// The search space in a source and the prototype it varies, as files have it.
pub(crate) fn space_specs(source: &Source) -> Result<(SearchSpaceSpec, ArchitectureSpec), Complaint> {
    let path = Path::new(&source.name);
    let spec = SearchSpaceSpec::from_ron(&source.text).map_err(Complaint::about(path))?;
    let is_file = spec.prototype.ends_with(".ron");
    let prototype = if is_file {
        let beside = path.parent().unwrap_or(Path::new("")).join(&spec.prototype);
        read(&beside.display().to_string())?
    } else {
        read(&spec.prototype)?
    };
    let (prototype, _) = architecture(&prototype)?;
    Ok((spec, prototype))
}

/// The space around a prototype.
pub(crate) fn space(
    name: &str,
    spec: &SearchSpaceSpec,
    prototype: &ArchitectureSpec,
) -> Result<SearchSpace, Complaint> {
    let graph = Graph::new(prototype).map_err(|error| Complaint::from(error).at(&prototype.name))?;
    SearchSpace::new(spec, &graph).map_err(|error| Complaint::from(error).at(name))
}

/// The prototype for images of this size and this many classes.
pub(crate) fn adapted(
    mut prototype: ArchitectureSpec,
    height: usize,
    width: usize,
    n_classes: usize,
) -> ArchitectureSpec {
    prototype.input = netsynth_graph::Shape { channels: 1, height, width };
    let is_read = |name: &str| prototype.nodes.iter().any(|node| node.from.iter().any(|input| input == name));
    let end = prototype.nodes.iter().position(|node| !is_read(&node.name));
    if let Some(end) = end
        && let Op::Dense(Dense { units, .. }) = &mut prototype.nodes[end].op
    {
        *units = n_classes;
    }
    prototype
}
