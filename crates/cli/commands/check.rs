use std::path::Path;

use clap::Args;
use netsynth_files::in_a_line;
use netsynth_graph::ops::Conv;
use netsynth_graph::{
    Activation, ArchitectureId, ArchitectureSpec, Cost, Expectation, Graph, INPUT, Node, Norm, Op, schema,
};
use netsynth_report::{Cell, Column, Table};
use netsynth_search::Indicator;
use netsynth_space::{Decision, Domain, Kind, SearchSpace, Survey, survey};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::json;

use crate::Ending;
use crate::output::print::{Format, count, kibibytes, millions, print, print_json, print_table};
use netsynth_run::RunError;
use netsynth_run::networks::{Source, architecture, read, space, space_specs};

/// How many networks of a space are drawn for its medians.
const N_DRAWS: usize = 1000;

/// Show what an architecture or a search space means, before any training.
///
/// Example: netsynth check prototypes/nano-b.ron
#[derive(Args)]
pub(crate) struct Arguments {
    /// A file with an architecture or a search space, or a built-in name: emotionnet, micro, micro-separable, resnet20, nano-b, nano-a-class, resnet8, ds-cnn,
    /// resnet50, mobilenet-v1, efficientnet-b0, micro-exp-net
    file: String,
    #[command(flatten)]
    format: Format,
}

/// What tells the kinds of document apart.
#[derive(Deserialize)]
struct Fields {
    nodes: Option<IgnoredAny>,
    prototype: Option<IgnoredAny>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Ending, RunError> {
    let source = read(&arguments.file)?;
    let fields: Fields = schema::from_ron(&source.text)
        .map_err(RunError::about_document(Path::new(&source.name), "architecture"))?;
    match fields {
        Fields { nodes: Some(_), .. } => check_architecture(&source, arguments.format),
        Fields { prototype: Some(_), .. } => check_space(&source, arguments.format),
        Fields { nodes: None, prototype: None } => Err(RunError::new(
            "it is neither an architecture (field `nodes`) nor a search space (field `prototype`)",
            "compare with prototypes/nano-b.ron or search-spaces/emotionnet.ron",
        )
        .at(&source.name)),
    }
}

fn check_architecture(source: &Source, format: Format) -> Result<Ending, RunError> {
    let (spec, graph) = architecture(source)?;
    let cost = graph.cost();
    if format.json {
        print_json(&json!({
            "name": spec.name,
            "id": ArchitectureId::of(&graph),
            "cost": cost,
            "trainable_parameters": graph.trainable_parameters(),
            "expect": spec.expect,
        }))?;
        return Ok(Ending::Done);
    }
    type Alive<'a> = (&'a Node, u64);
    let columns = [
        Column::left("node", |(node, _): &Alive<'_>| Cell::text(&node.name)),
        Column::left("operator", |(node, _): &Alive<'_>| Cell::text(described(&node.op))),
        Column::left("reads", |(node, _): &Alive<'_>| Cell::text(reads(&graph, &node.inputs))),
        Column::left("output", |(node, _): &Alive<'_>| Cell::text(node.shape.to_string())),
        Column::parameters(|(node, _): &Alive<'_>| node.cost.parameters),
        Column::macs(|(node, _): &Alive<'_>| node.cost.macs),
        Column::right("alive", |(_, alive): &Alive<'_>| Cell::kibibytes(*alive)),
    ];
    let nodes: Vec<Alive<'_>> = graph.nodes().zip(graph.activations()).collect();
    let table = Table::new(&columns, &nodes);
    if format.csv {
        print(table.csv())?;
        return Ok(Ending::Done);
    }
    print(format!("{} ({}), input {}", in_a_line(&spec.name), ArchitectureId::of(&graph), graph.input()))?;
    if !spec.about.is_empty() {
        print(&spec.about)?;
    }
    print_table(&table)?;
    print(format!(
        "parameters {} (batch norm folded; {} while training), MACs {}, peak activations {}",
        count(cost.parameters),
        count(graph.trainable_parameters()),
        millions(cost.macs),
        kibibytes(4 * cost.peak_activations)
    ))?;
    compare(&spec, &graph)?;
    Ok(Ending::Done)
}

/// An operator in a word and what differs from plain.
fn described(op: &Op) -> String {
    let activation = |activation: Activation| match activation {
        Activation::Linear => String::new(),
        Activation::Relu | Activation::Relu6 | Activation::Swish => {
            format!(", {}", format!("{activation:?}").to_lowercase())
        }
    };
    let norm = |norm: Norm| match norm {
        Norm::None => "",
        Norm::Batch => ", batch norm",
    };
    match op {
        Op::Conv(Conv { kernel, stride, groups, norm: normed, activation: kind, .. }) => {
            let stride = if *stride > 1 { format!(" / {stride}") } else { String::new() };
            let groups = if *groups > 1 { format!(", {groups} groups") } else { String::new() };
            format!("Conv {kernel}x{kernel}{stride}{groups}{}{}", norm(*normed), activation(*kind))
        }
        Op::Add(add) => format!("Add{}{}", norm(add.norm), activation(add.activation)),
        Op::MaxPool(pool) | Op::AvgPool(pool) => {
            format!("{} {}x{} / {}", op.name(), pool.kernel, pool.kernel, pool.stride)
        }
        Op::SqueezeExcite(attention) => format!("SqueezeExcite {}", attention.reduced),
        Op::Dropout(dropout) => format!("Dropout {}", dropout.rate),
        Op::Dense(dense) => format!("Dense{}", activation(dense.activation)),
        Op::Concat(_) | Op::GlobalAvgPool(_) => op.name().to_owned(),
    }
}

fn reads(graph: &Graph, inputs: &[Option<usize>]) -> String {
    let names = inputs.iter().map(|input| input.map_or(INPUT, |source| graph.node(source).name.as_str()));
    names.collect::<Vec<_>>().join(" + ")
}

/// Prints what was published beside what was counted.
fn compare(spec: &ArchitectureSpec, graph: &Graph) -> Result<(), RunError> {
    if spec.expect.is_empty() {
        return Ok(());
    }
    let cost = graph.cost();
    let mut rows: Vec<[Cell; 5]> = Vec::new();
    for Expectation { source, parameters, macs, accuracy } in &spec.expect {
        let counts = [("parameters", parameters, cost.parameters), ("MACs", macs, cost.macs)];
        for (what, expected, counted) in counts {
            if let Some(expected) = expected {
                let difference = counted as i64 - *expected as i64;
                let share = 100.0 * difference as f64 / *expected as f64;
                let sign = if difference < 0 { "-" } else { "+" };
                let text = format!("{sign}{} ({share:+.2} %)", count(difference.unsigned_abs()));
                rows.push([
                    Cell::text(source),
                    Cell::text(what),
                    Cell::count(*expected),
                    Cell::count(counted),
                    Cell::new(difference, text),
                ]);
            }
        }
        if let Some(accuracy) = accuracy {
            rows.push([
                Cell::text(source),
                Cell::text("accuracy"),
                Cell::share(*accuracy),
                Cell::missing("by training"),
                Cell::missing(""),
            ]);
        }
    }
    let columns = [
        Column::left("expected by", |row: &[Cell; 5]| row[0].clone()),
        Column::left("what", |row: &[Cell; 5]| row[1].clone()),
        Column::right("expected", |row: &[Cell; 5]| row[2].clone()),
        Column::right("counted", |row: &[Cell; 5]| row[3].clone()),
        Column::right("difference", |row: &[Cell; 5]| row[4].clone()),
    ];
    print_table(&Table::new(&columns, &rows))
}

fn check_space(source: &Source, format: Format) -> Result<Ending, RunError> {
    let (spec, prototype) = space_specs(source)?;
    let space = space(&source.name, &spec, &prototype)?;
    let survey = survey(&space, N_DRAWS, 0)?;
    if format.json {
        let decisions: Vec<_> = space
            .decisions()
            .iter()
            .map(|decision| {
                json!({ "name": decision.name, "kind": decision.kind, "values": values(&decision.domain),
                        "prototype": decision.domain.value(decision.prototype) })
            })
            .collect();
        let spread =
            |of: netsynth_space::Spread| json!({ "least": of.least, "median": of.median, "most": of.most });
        print_json(&json!({
            "name": spec.name, "prototype": prototype.name, "log10_size": space.decisions().log10_size(),
            "decisions": decisions, "parameters": spread(survey.parameters), "macs": spread(survey.macs),
            "peak_activations": spread(survey.peak_activations),
        }))?;
        return Ok(Ending::Done);
    }
    let columns = [
        Column::left("decision", |decision: &Decision| Cell::text(&decision.name)),
        Column::left("kind", |decision: &Decision| Cell::text(decision.kind.to_string())),
        Column::left("choices", |decision: &Decision| Cell::text(values(&decision.domain))),
        Column::right("prototype", |decision: &Decision| match decision.domain {
            Domain::Ordinal(_) | Domain::Alternatives(_) => {
                Cell::whole(decision.domain.value(decision.prototype))
            }
            Domain::Switch => Cell::text(if decision.prototype == 1 { "yes" } else { "no" }),
        }),
    ];
    let table = Table::new(&columns, space.decisions().iter());
    if format.csv {
        print(table.csv())?;
        return Ok(Ending::Done);
    }
    let (name, around) = (in_a_line(&spec.name), in_a_line(&prototype.name));
    print(format!("{name}: {} decisions around {around}", space.decisions().len()))?;
    print_table(&table)?;
    print(summary(&space, &survey))?;
    within_reach(&survey)
}

fn values(domain: &Domain) -> String {
    match domain {
        Domain::Switch => "no, yes".to_owned(),
        Domain::Alternatives(count) => format!("{count} alternatives"),
        Domain::Ordinal(values) => match values.as_slice() {
            [first, second, .., last]
                if values.len() > 4 && values.windows(2).all(|w| w[1] - w[0] == second - first) =>
            {
                let step = if second - first > 1 { format!(" by {}", second - first) } else { String::new() };
                format!("{first} to {last}{step}")
            }
            several => several.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        },
    }
}

fn summary(space: &SearchSpace, survey: &Survey) -> String {
    let n_of = |kind: Kind| space.decisions().iter().filter(|decision| decision.kind == kind).count();
    let line = |what: &str, of: netsynth_space::Spread, write: &dyn Fn(u64) -> String| {
        format!("{what}: min {}, median {}, max {}", write(of.least), write(of.median), write(of.most))
    };
    [
        format!(
            "{} widths, {} kernels, {} depths, {} links, {} projections: 10^{:.1} genomes",
            n_of(Kind::Channels),
            n_of(Kind::Kernel),
            n_of(Kind::Depth),
            n_of(Kind::Link),
            n_of(Kind::Projection),
            space.decisions().log10_size()
        ),
        line("parameters", survey.parameters, &count),
        line("MACs", survey.macs, &millions),
        line("peak activations", survey.peak_activations, &|elements| kibibytes(4 * elements)),
    ]
    .join("\n")
}

/// Says whether the counted half of the paper's indicator can be met in the space.
fn within_reach(survey: &Survey) -> Result<Ending, RunError> {
    let cost = |of: &dyn Fn(netsynth_space::Spread) -> u64| Cost {
        parameters: of(survey.parameters),
        macs: of(survey.macs),
        peak_activations: of(survey.peak_activations),
        ..Cost::default()
    };
    let (least, most) = (cost(&|spread| spread.least), cost(&|spread| spread.most));
    for constraint in Indicator::paper().constraints {
        let metric = constraint.metric();
        let (Some(least), Some(most)) = (metric.counted(&least), metric.counted(&most)) else { continue };
        if constraint.violation(least) > 0.0 {
            print(format!("the indicator {constraint} cannot be met: no network is that small"))?;
            return Ok(Ending::Missed);
        }
        let all = constraint.violation(most) == 0.0;
        print(format!(
            "the indicator {constraint} can be met by counts{}",
            if all {
                ": every network meets it"
            } else {
                "; networks beyond it are repaired before training"
            }
        ))?;
    }
    Ok(Ending::Done)
}
